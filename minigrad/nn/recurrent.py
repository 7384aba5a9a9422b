"""Recurrent layers. The loop over steps is in the ops `rnn`, `gru` and `lstm`; here are layers, directions, shapes.

A layer is one node of the graph for all its steps, as with cuDNN. To see each step, write the loop with a cell.
"""

from __future__ import annotations

import warnings

import numpy as np

from .. import ops
from ..creation import zeros
from ..device import move
from ..errors import ShapeError
from ..tensor import Tensor
from . import functional as F
from . import init
from .linear import uniform
from .module import Module
from .utils.rnn import PackedSequence


def _rnn(gi, state, weight, bias, sizes, relu):
    return (ops.rnn(gi, state[0], weight, bias, sizes=sizes, relu=relu),)


def _gru(gi, state, weight, bias, sizes, relu):
    return (ops.gru(gi, state[0], weight, bias, sizes=sizes),)


def _lstm(gi, state, weight, bias, sizes, relu):
    both = ops.lstm(gi, state[0], state[1], weight, bias, sizes=sizes)
    return both[0], both[1]


KINDS = {"RNN": (_rnn, 1, 1), "GRU": (_gru, 3, 1), "LSTM": (_lstm, 4, 2)}  # function, gates, tensors of state


def _check_nonlinearity(nonlinearity):
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
    return nonlinearity


def _bias_or_zeros(bias, weight):
    return zeros(weight.size(0), dtype=weight.dtype, device=weight.device) if bias is None else bias


# Cells: one step


class _Cell(Module):
    kind = None

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        gates, bound = KINDS[self.kind][1], hidden_size**-0.5 if hidden_size else 0.0
        shapes = {"weight_ih": (input_size,), "weight_hh": (hidden_size,), "bias_ih": (), "bias_hh": ()}
        for name, rest in shapes.items():
            wanted = bias or name.startswith("weight")
            shape, kind = (gates * hidden_size, *rest), {"device": device, "dtype": dtype}
            self.register_parameter(name, uniform(bound, *shape, **kind) if wanted else None)

    def _step(self, input, state, relu=False):
        """One step from `state`, a tuple of tensors or None."""
        name, (run, _, tensors) = type(self).__name__, KINDS[self.kind]
        if input.dim() not in (1, 2):
            raise ShapeError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        if input.size(-1) != self.input_size:
            raise ShapeError(f"{name}: input has {input.size(-1)} features, but input_size is {self.input_size}")
        has_batch = input.dim() == 2
        if not has_batch:
            input, state = input.unsqueeze(0), state and tuple(s.unsqueeze(0) for s in state)
        wanted = (input.size(0), self.hidden_size)
        if state is None:
            state = (zeros(*wanted, dtype=input.dtype, device=input.device),) * tensors
        if any(tuple(s.shape) != wanted for s in state):
            raise ShapeError(f"{name}: expected hidden of shape {wanted}, got {[tuple(s.shape) for s in state]}")
        gi = F.linear(input, self.weight_ih, self.bias_ih)
        bias = _bias_or_zeros(self.bias_hh, self.weight_hh)
        new = run(gi, state, self.weight_hh, bias, wanted[:1], relu)
        return new if has_batch else tuple(s.squeeze(0) for s in new)

    def extra_repr(self):
        words = f"{self.input_size}, {self.hidden_size}"
        return words if self.bias else words + f", bias={self.bias}"


class RNNCell(_Cell):
    """One recurrent step, h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu in place of tanh.

    Shapes: input (N, input_size), hx (N, hidden_size) or None for zeros -> (N, hidden_size); all of it also without N
    Names and initial range follow torch.nn.RNNCell, so state dicts are interchangeable.
    """

    kind = "RNN"

    def __init__(self, input_size, hidden_size, bias=True, nonlinearity="tanh", device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input, hx=None):
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}. Select from 'tanh' or 'relu'.")
        return self._step(input, None if hx is None else (hx,), self.nonlinearity == "relu")[0]

    def extra_repr(self):
        words = super().extra_repr()
        return words if self.nonlinearity == "tanh" else words + f", nonlinearity={self.nonlinearity}"


class GRUCell(_Cell):
    """One step of a GRU; see the op `gru` for the formula.

    Shapes: input (N, input_size), hx (N, hidden_size) or None for zeros -> (N, hidden_size); all of it also without N

    >>> import minigrad as mg
    >>> GRUCell(3, 4)(mg.ones(2, 3)).shape
    Size([2, 4])
    """

    kind = "GRU"

    def forward(self, input, hx=None):
        return self._step(input, None if hx is None else (hx,))[0]


class LSTMCell(_Cell):
    """One step of an LSTM; see the op `lstm` for the formula.

    Shapes: input (N, input_size), hx a pair (h, c), each (N, hidden_size), or None for zeros -> (h', c')
    """

    kind = "LSTM"

    def forward(self, input, hx=None):
        return self._step(input, hx)


# Layers: all steps


def _reversal(sizes):
    """Where each packed row goes when every sequence is read from its end; doing it twice undoes it."""
    sizes = np.asarray(sizes)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    lengths = (sizes[:, None] > np.arange(sizes[0])).sum(axis=0)
    return np.concatenate([starts[lengths[:n] - 1 - t] + np.arange(n) for t, n in enumerate(sizes)])


def _last_rows(sizes):
    """The packed row of each sequence's last step."""
    return _reversal(sizes)[: sizes[0]]


class RNNBase(Module):
    """What RNN, GRU and LSTM have in common: layers on top of one another, each in one direction or in both."""

    def __init__(
        self, mode, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0,
        bidirectional=False, proj_size=0, device=None, dtype=None,
    ):  # fmt: skip
        super().__init__()
        if isinstance(dropout, bool) or not 0 <= dropout <= 1:
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
            )
        if dropout and num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
                f"num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}",
                stacklevel=3,
            )
        if hidden_size <= 0 or num_layers <= 0:
            raise ValueError("hidden_size and num_layers must be greater than zero")
        if proj_size:
            raise NotImplementedError("proj_size is not in minigrad: put a Linear behind the layer")
        self.mode, self.input_size, self.hidden_size, self.num_layers = mode, input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout, self.bidirectional = bias, batch_first, float(dropout), bidirectional
        self.proj_size, self.directions = 0, 2 if bidirectional else 1
        rows, bound, kind = KINDS[self._kind][1] * hidden_size, hidden_size**-0.5, {"device": device, "dtype": dtype}
        for suffix, width in self._passes():
            shapes = {"weight_ih": (width,), "weight_hh": (hidden_size,), "bias_ih": (), "bias_hh": ()}
            for name, rest in shapes.items():
                if bias or rest:
                    self.register_parameter(name + suffix, uniform(bound, rows, *rest, **kind))

    @property
    def _kind(self):
        return self.mode.partition("_")[0]

    def _passes(self):
        """Suffix of the parameters' names, and width of the input, of each layer and direction."""
        for layer in range(self.num_layers):
            width = self.hidden_size * self.directions if layer else self.input_size
            for reverse in ("", "_reverse")[: self.directions]:
                yield f"_l{layer}{reverse}", width

    def reset_parameters(self):
        """Draw the initial values anew."""
        for p in self.parameters():
            init.uniform_(p, -(self.hidden_size**-0.5), self.hidden_size**-0.5)

    def flatten_parameters(self):
        """Nothing to do here: it makes cuDNN faster."""

    def forward(self, input, hx=None):
        """Shapes: see the class. Returns all outputs, and the last state of each layer and direction."""
        packed, has_batch, order = isinstance(input, PackedSequence), True, None
        if packed:
            rows, order = input.data, input.sorted_indices
            sizes = tuple(input.batch_sizes.tolist())
        else:
            has_batch = input.dim() == 3
            steps = self._in_time_order(input, has_batch)
            sizes = (steps.size(1),) * steps.size(0)
            if not sizes:
                raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
            rows = steps.reshape(sum(sizes), steps.size(2))
        if rows.size(-1) != self.input_size:
            raise ShapeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {rows.size(-1)}"
            )
        if rows.dtype is not self.weight_hh_l0.dtype:
            raise ValueError(
                f"RNN input dtype ({rows.dtype}) does not match weight dtype ({self.weight_hh_l0.dtype}). Convert one: "
                "input.to(weight.dtype) or model.to(input.dtype)"
            )
        state = self._first_state(hx, sizes[0], rows, has_batch, order)
        rows, last = self._run(rows, sizes, state)
        if order is not None:
            last = [s[:, input.unsorted_indices] for s in last]
        if not has_batch:
            last = [s.squeeze(1) for s in last]
        last = tuple(last) if len(last) > 1 else last[0]
        if packed:
            return PackedSequence(rows, input.batch_sizes, input.sorted_indices, input.unsorted_indices), last
        out = rows.reshape(len(sizes), sizes[0], rows.size(1))
        return (out.squeeze(1) if not has_batch else out.transpose(0, 1) if self.batch_first else out), last

    def _in_time_order(self, input, has_batch):
        """The input as (L, N, features)."""
        if input.dim() not in (2, 3):
            raise ValueError(f"{self.mode}: Expected input to be 2D or 3D, got {input.dim()}D instead")
        if not has_batch:
            return input.unsqueeze(1)
        return input.transpose(0, 1) if self.batch_first else input

    def _first_state(self, hx, n, like, has_batch, order):
        """A tuple of tensors (layers * directions, N, H); when none is given zeros (N, H), for all alike."""
        layers, tensors = self.num_layers * self.directions, KINDS[self._kind][2]
        if hx is None:
            return (zeros(n, self.hidden_size, dtype=like.dtype, device=like.device),) * tensors
        state = (hx,) if isinstance(hx, Tensor) else tuple(hx)
        if len(state) != tensors:
            raise ShapeError(f"{self.mode}: expected a state of {tensors} tensors, got {len(state)}")
        state = state if has_batch else tuple(s.unsqueeze(1) for s in state)
        for s in state:
            if tuple(s.shape) != (layers, n, self.hidden_size):
                raise ShapeError(f"Expected hidden size {(layers, n, self.hidden_size)}, got {list(s.shape)}")
        return state if order is None else tuple(s[:, order] for s in state)

    def _run(self, rows, sizes, state):
        """All layers and directions over packed rows: the last layer's rows, and the stacked last states."""
        run, relu, lasts = KINDS[self._kind][0], self.mode == "RNN_RELU", []
        turned = Tensor(move(_reversal(sizes), rows.device)) if self.bidirectional else None
        for layer in range(self.num_layers):
            outputs = []
            for direction in range(self.directions):
                suffix = f"_l{layer}" + "_reverse" * direction
                weight_ih, weight_hh = getattr(self, "weight_ih" + suffix), getattr(self, "weight_hh" + suffix)
                bias_ih, bias_hh = (getattr(self, b + suffix, None) for b in ("bias_ih", "bias_hh"))
                gi = F.linear(rows[turned] if direction else rows, weight_ih, bias_ih)
                first = tuple(s if s.dim() == 2 else s[layer * self.directions + direction] for s in state)
                y = run(gi, first, weight_hh, _bias_or_zeros(bias_hh, weight_hh), sizes, relu)
                lasts.append([_last(s, sizes) for s in y])
                outputs.append(y[0][turned] if direction else y[0])
            rows = outputs[0] if len(outputs) == 1 else ops.cat(*outputs, dim=1)
            if self.dropout and layer < self.num_layers - 1:
                rows = F.dropout(rows, self.dropout, self.training)
        return rows, [_stacked(parts) for parts in zip(*lasts, strict=True)]

    def extra_repr(self):
        words = f"{self.input_size}, {self.hidden_size}"
        for name, usual in (
            ("num_layers", 1), ("bias", True), ("batch_first", False), ("dropout", 0), ("bidirectional", False)
        ):  # fmt: skip
            value = getattr(self, name)
            words += "" if value == usual else f", {name}={value}"
        return words


def _last(rows, sizes):
    """The state after each sequence's last step."""
    n = sizes[0]
    return rows[rows.size(0) - n :] if sizes[-1] == n else rows[Tensor(move(_last_rows(sizes), rows.device))]


def _stacked(parts):
    return parts[0].unsqueeze(0) if len(parts) == 1 else ops.cat(*[p.unsqueeze(0) for p in parts], dim=0)


class RNN(RNNBase):
    """Elman's recurrent layers, h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu in place of tanh.

    Shapes: input (L, N, input_size), or (N, L, input_size) with `batch_first`, or (L, input_size), or a PackedSequence;
    hx (num_layers * directions, N, hidden_size) or None for zeros -> (all outputs, last states)
    Names and initial range follow torch.nn.RNN, so state dicts are interchangeable.
    """

    def __init__(
        self, input_size, hidden_size, num_layers=1, nonlinearity="tanh", bias=True, batch_first=False, dropout=0.0,
        bidirectional=False, device=None, dtype=None,
    ):  # fmt: skip
        self.nonlinearity = _check_nonlinearity(nonlinearity)
        options = {"device": device, "dtype": dtype}
        super().__init__(f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, bias, batch_first, dropout,
                         bidirectional, **options)  # fmt: skip


class GRU(RNNBase):
    """Layers of gated recurrent units. Shapes and names as for RNN; see the op `gru` for the formula.

    >>> import minigrad as mg
    >>> out, last = GRU(3, 4, batch_first=True)(mg.ones(2, 5, 3))
    >>> out.shape, last.shape
    (Size([2, 5, 4]), Size([1, 2, 4]))
    """

    def __init__(
        self, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False,
        device=None, dtype=None,
    ):  # fmt: skip
        options = {"device": device, "dtype": dtype}
        super().__init__("GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional,
                         **options)  # fmt: skip


class LSTM(RNNBase):
    """Layers of long short-term memory. Shapes and names as for RNN, but the state is a pair (h, c).

    `proj_size` is not in minigrad. See the op `lstm` for the formula.

    >>> import minigrad as mg
    >>> output, (h, c) = LSTM(3, 4)(mg.ones(5, 2, 3))
    >>> output.shape, h.shape
    (Size([5, 2, 4]), Size([1, 2, 4]))
    """

    def __init__(
        self, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False,
        proj_size=0, device=None, dtype=None,
    ):  # fmt: skip
        super().__init__("LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional,
                         proj_size, device, dtype)  # fmt: skip
