"""Layers and losses, recorded with one batch and run with another: results, gradients and buffers of eager mode."""

import json
import warnings

import pytest

import minigrad as mg
from minigrad import jit, nn
from minigrad.jit.tree import flatten

mg.manual_seed(0)


class SelfAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x)


def reals(*shape):
    return lambda: mg.randn(*shape)


def classes(count, *shape):
    return lambda: mg.randint(count, shape)


def shares(*shape):
    return lambda: mg.randn(*shape).softmax(-1)


TABLE = [
    (nn.Linear(4, 3), reals(5, 4)), (nn.Bilinear(3, 4, 2), reals(5, 3), reals(5, 4)),
    (nn.Embedding(6, 3, padding_idx=0), classes(6, 4)), (nn.Embedding(6, 3, max_norm=0.5), classes(6, 4)),
    (nn.EmbeddingBag(6, 3), classes(6, 4, 2)), (nn.Conv1d(2, 3, 3, padding=1), reals(2, 2, 6)),
    (nn.Conv2d(2, 4, 3, stride=2, groups=2), reals(2, 2, 6, 6)),
    (nn.ConvTranspose2d(2, 3, 2, stride=2), reals(1, 2, 4, 4)), (nn.BatchNorm2d(2), reals(3, 2, 4, 4)),
    (nn.BatchNorm1d(4, momentum=None), reals(3, 4)),
    (nn.InstanceNorm1d(2, track_running_stats=True), reals(3, 2, 4)), (nn.LayerNorm(4), reals(3, 4)),
    (nn.GroupNorm(2, 4), reals(3, 4, 5)), (nn.RMSNorm(4), reals(3, 4)), (nn.Dropout2d(0.5), reals(3, 2, 4, 4)),
    (nn.AlphaDropout(0.3), reals(9, 4)), (nn.MaxPool2d(2), reals(1, 2, 4, 4)), (nn.AvgPool2d(2), reals(1, 2, 4, 4)),
    (nn.AdaptiveAvgPool2d(3), reals(1, 2, 5, 5)), (nn.AdaptiveMaxPool2d(3), reals(1, 2, 5, 5)),
    (SelfAttention(), reals(2, 3, 8)), (nn.LSTM(4, 5, 2, bidirectional=True, dropout=0.3), reals(3, 2, 4)),
    (nn.RNN(4, 5), reals(3, 2, 4)), (nn.GRUCell(3, 4), reals(2, 3), reals(2, 4)), (nn.LSTMCell(3, 4), reals(2, 3)),
    (nn.PReLU(), reals(3, 2)), (nn.GELU(), reals(3)), (nn.Softmax(-1), reals(3, 2)),
    (nn.CrossEntropyLoss(), reals(4, 3), classes(3, 4)),
    (nn.CrossEntropyLoss(ignore_index=1), reals(4, 3), classes(3, 4)),
    (nn.CrossEntropyLoss(mg.tensor([1.0, 2.0, 3.0]), label_smoothing=0.1), reals(4, 3), classes(3, 4)),
    (nn.MSELoss(), reals(4), reals(4)), (nn.KLDivLoss(reduction="batchmean"), reals(4, 3), shares(4, 3)),
    (nn.BCEWithLogitsLoss(pos_weight=mg.tensor(2.0)), reals(4), shares(4)),
    (nn.TripletMarginLoss(swap=True), reals(4, 3), reals(4, 3), reals(4, 3)),
    (nn.MultiMarginLoss(), reals(4, 3), classes(3, 4)), (nn.Upsample(scale_factor=2), reals(1, 2, 3, 3)),
    (nn.Upsample(scale_factor=2, mode="bilinear"), reals(1, 2, 3, 3)), (nn.Fold((4, 4), 2, stride=2), reals(1, 8, 4)),
    (nn.Unfold(2), reals(1, 2, 3, 3)), (nn.CosineSimilarity(), reals(3, 2), reals(3, 2)),
]  # fmt: skip
LENGTHS = "depends on how long|inputs of another length|were looked at here"  # what such layers may be told of


@pytest.mark.parametrize("row", TABLE, ids=lambda row: type(row[0]).__name__)
def test_a_layer_runs_as_in_eager_mode(row):
    module, *draws = row
    mg.manual_seed(1)
    examples, others = ([draw() for draw in draws] for _ in "ab")
    state = {name: held.clone() for name, held in module.state_dict().items()}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", f".*({LENGTHS})", jit.TracerWarning)
        traced = jit.trace(module, tuple(examples))

    def outcome(run):
        module.load_state_dict(state)
        module.zero_grad()
        mg.manual_seed(2)
        inputs = [x.clone().requires_grad_(x.is_floating_point()) for x in others]
        made = flatten(run(*inputs))[0]
        tracked = [y for y in made if y.requires_grad]
        if tracked:
            sum((y * y).sum() for y in tracked).backward()
        gradients = [x.grad for x in (*inputs, *module.parameters())]
        return [*made, *(g for g in gradients if g is not None), *(b.clone() for b in module.buffers())], [
            g is None for g in gradients]  # fmt: skip

    wanted, which = outcome(module)
    got, found = outcome(traced)
    assert which == found and all(mg.allclose(a, b, 1e-5, 1e-6) for a, b in zip(got, wanted, strict=True))
    again = jit.Graph.from_json(json.loads(json.dumps(traced.graph.to_json())))
    assert str(again) == str(traced.graph)
