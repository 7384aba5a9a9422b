"""Real data that needs no network: handwritten digits, spoken vowels, a graph of friends.

README.md beside this file says where they come from and under which licence.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..creation import from_numpy, tensor

__all__ = ["digits", "japanese_vowels", "karate_club"]


def digits():
    """1,797 handwritten digits of 8 x 8 pixels: images (1797, 64) float32 from 0 to 16, labels (1797,) int64.

    They are carried by scikit-learn, which is imported for them. Errors: ImportError with the remedy without it.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ImportError("the digits come with scikit-learn, which is missing: pip install scikit-learn") from None
    pixels, labels = load_digits(return_X_y=True)
    return from_numpy(pixels.astype(np.float32)), from_numpy(labels.astype(np.int64))


def japanese_vowels():
    """Nine speakers saying two vowels, /ae/, in 7 to 29 frames: (training set, test set), lists of 270 and 370 pairs.

    A pair is frames (length, 12) float32, 12 LPC cepstrum coefficients of the sound every 6.4 ms, and the speaker, 0
    to 8. A list is a data set; give the loader a `collate_fn` that pads.

    >>> train, test = japanese_vowels()
    >>> frames, speaker = train[0]
    >>> len(train), len(test), frames.shape, speaker
    (270, 370, Size([20, 12]), 0)
    """
    with np.load(Path(__file__).with_name("japanese_vowels.npz"), allow_pickle=False) as stored:
        frames = (stored["millionths"] / 1e6).astype(np.float32)  # six decimals were published
        lengths, speakers = stored["lengths"], stored["speakers"].tolist()
    parts = np.split(frames, np.cumsum(lengths)[:-1])
    pairs = [(from_numpy(part.copy()), speaker) for part, speaker in zip(parts, speakers, strict=True)]
    return pairs[:270], pairs[270:]


# Who met whom outside the club: for each member, those with a higher number. Zachary (1977).
_FRIENDS = {
    0: (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 17, 19, 21, 31),
    1: (2, 3, 7, 13, 17, 19, 21, 30), 2: (3, 7, 8, 9, 13, 27, 28, 32), 3: (7, 12, 13), 4: (6, 10),
    5: (6, 10, 16), 6: (16,), 8: (30, 32, 33), 9: (33,), 13: (33,), 14: (32, 33), 15: (32, 33), 18: (32, 33),
    19: (33,), 20: (32, 33), 22: (32, 33), 23: (25, 27, 29, 32, 33), 24: (25, 27, 31), 25: (31,), 26: (29, 33),
    27: (33,), 28: (31, 33), 29: (32, 33), 30: (32, 33), 31: (32, 33), 32: (33,),
}  # fmt: skip
_WITH_THE_INSTRUCTOR = {0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 16, 17, 19, 21}


def karate_club():
    """The friendships in a karate club that broke in two: edges (78, 2) int64, sides (34,) int64.

    Each of the 34 members is a number from 0; 0 is the instructor, 33 the club's officer. A pair of friends stands
    once, the smaller number first. The side is 0 for those who went with the instructor, 1 for the officer's.

    >>> edges, sides = karate_club()
    >>> edges.shape, sides.tolist().count(0)
    (Size([78, 2]), 17)
    """
    edges = [(a, b) for a, friends in _FRIENDS.items() for b in friends]
    return tensor(edges), tensor([int(member not in _WITH_THE_INSTRUCTOR) for member in range(34)])
