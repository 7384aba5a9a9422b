"""Ask PyTorch again and write its answers: `python -m tests.twin_optim`, where PyTorch is installed."""

import numpy as np

from . import cases
from .cases import ANSWERS


def record():
    """All cases on PyTorch, into one compressed file."""
    import torch

    torch.set_num_threads(1)
    answers = [cases.run(torch, number) for number in range(cases.COUNT)]
    np.savez_compressed(
        ANSWERS,
        version=np.array(torch.__version__.partition("+")[0]),
        values=np.stack([values for values, _ in answers]),
        rates=np.concatenate([rates for _, rates in answers]),
    )
    print(f"{cases.COUNT} trajectories of PyTorch {torch.__version__}, {ANSWERS.stat().st_size} bytes")


record()
