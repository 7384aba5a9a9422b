"""What all optimizers share: parameters in groups, state for each of them, and a step that watchers are told of.

An optimizer holds the leaves it was given and changes their values in place, outside any graph. To write one of your
own, subclass `Optimizer` as in PyTorch and define `step`; or define `_update`, which is told of one parameter and its
gradient, and leave groups, closures, missing gradients and weight decay to the `step` here.
"""

from __future__ import annotations

import copy
import functools
import warnings
import weakref
from collections import defaultdict

import numpy as np

from .. import memory, modes
from ..device import device_of, module_of
from ..dtype import float64, get_default_dtype
from ..errors import GradError
from ..events import Changing, Stepped, Zeroed
from ..tensor import Tensor

KERNELS = {"foreach": None, "fused": None, "capturable": False, "differentiable": False}


def _told(step):
    """`step`, and then word of it."""

    @functools.wraps(step)
    def told(self, *args, **kwargs):
        self._announce()
        result = step(self, *args, **kwargs)
        self._tell()
        return result

    return told


_alive = []  # weak references to all optimizers, in the order they were made


def alive():
    """The optimizers that somebody holds, in the order they were made."""
    return [optimizer for optimizer in [reference() for reference in _alive] if optimizer is not None]


class Optimizer:
    """Holds parameters in groups, clears their gradients, keeps state for each, and steps.

    `params` are leaves, pairs of name and leaf (`model.named_parameters()`), or dicts: one group each, with options of
    its own. Errors: TypeError for what is no Tensor; ValueError for an empty list, a tensor that an op made, and a
    parameter in two groups.
    """

    _opt_called = None  # False: a scheduler waits for the first step
    kernels = ()  # which of KERNELS this optimizer takes in PyTorch

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if "step" in cls.__dict__:
            cls.step = _told(cls.step)

    def __new__(cls, *args, **kwargs):
        self = super().__new__(cls)
        _alive.append(weakref.ref(self, _alive.remove))
        return self

    def __init__(self, params, defaults):
        if isinstance(params, Tensor):
            raise TypeError("params argument given to the optimizer should be an iterable of Tensors or dicts, "
                            "but got one Tensor. Write [tensor].")  # fmt: skip
        self.defaults, self.state, self.param_groups = defaults, defaultdict(dict), []
        self._scratch_of, self._known = {}, {}
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list: does the model register its layers?")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def _kernel_options(self, given):
        """PyTorch's choice among its kernels: accepted and shown, without effect, since the results are the same."""
        unknown = given.keys() - set(self.kernels)
        if unknown:
            raise TypeError(f"{type(self).__name__}.__init__() got an unexpected keyword argument {unknown.pop()!r}")
        if given.get("differentiable"):
            raise NotImplementedError("differentiable=True is not in minigrad: write the update with tensor operations")
        if given.get("fused") and given.get("foreach"):
            raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
        return {name: given.get(name, KERNELS[name]) for name in self.kernels}

    def add_param_group(self, param_group):
        """Train some more parameters, with options of their own: `{"params": layer.parameters(), "lr": 0.01}`."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group).__name__}")
        given = param_group["params"]
        if isinstance(given, set):
            raise TypeError("optimizer parameters need an order, and a set has none that lasts. Give a list instead.")
        entries = [given] if isinstance(given, Tensor) else list(given)
        params = [entry[1] if isinstance(entry, tuple) else entry for entry in entries]
        names = [entry[0] for entry in entries if isinstance(entry, tuple)]
        group = {**self.defaults, **param_group, "params": params}
        if names:
            group["param_names"] = names
        self._check_group(group)
        self.param_groups.append(group)

    def _check_group(self, group):
        params, names = group["params"], group.get("param_names")
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}")
            if not (p.is_leaf or p.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor: an op made it. Give the leaf that it came from.")
        if names is not None and len(names) != len(params):
            raise ValueError("all optimizer params should be with/without names. Some param names are missing")
        if any(("param_names" in other) != (names is not None) for other in self.param_groups):
            raise ValueError("all optimizer param groups should be with/without names")
        if len(set(params)) != len(params):
            warnings.warn("optimizer contains a parameter group with duplicate parameters: each copy is a step of its "
                          "own. Give every parameter once.", stacklevel=4)  # fmt: skip
        if not set(self._all()).isdisjoint(params):
            raise ValueError("some parameters appear in more than one parameter group")

    def _all(self):
        return [p for group in self.param_groups for p in group["params"]]

    def zero_grad(self, set_to_none=True):
        """Clear the gradients: to None, or to zeros where there is one."""
        plainly = set_to_none and not modes.special
        for group in self.param_groups:
            for p in group["params"]:
                if plainly:
                    p._grad = None
                else:
                    clear_grad(p, set_to_none)

    # Stepping

    def step(self, closure=None):
        """Update every parameter that has a gradient; one whose gradient is None is skipped, state and all.

        `closure`, when given, computes the gradients anew and returns the loss; then `step` returns that loss.
        """
        loss = None
        if closure is not None:
            with modes.enable_grad():
                loss = closure()
        self._announce()
        for group in self.param_groups:
            self._update_all(group)
        self._tell()
        return loss

    def _announce(self):
        """Word to the watchers before parameters change."""
        if modes.special and modes.state.watchers:
            modes.notify(Changing(tuple(self._all()), self))

    def _tell(self):
        """Word of a step: to a scheduler that wants to come after it, and to the watchers."""
        if self._opt_called is False:
            self._opt_called = True
        if modes.special and modes.state.watchers:
            modes.notify(Stepped(self, tuple(self._all())))

    def _update_all(self, group):
        for p in group["params"]:
            g = getattr(p, "_grad", None)
            if g is not None:
                self._update(group, p, g.array)
                memory.changed(p.array)

    def _update(self, group, p, g):
        raise NotImplementedError(f"{type(self).__name__} does not say how to step: define step() or _update()")

    def _scratch(self, p, g):
        """Memory to compute in, of the shape of `p`. It is kept: a large temporary for each step would cost more."""
        held, scratch = self._scratch_of.get(id(p), (None, None))
        if held is not p.array:
            held, scratch = p.array, module_of(p.array).empty(p.array.shape, p.array.dtype)
            self._scratch_of[id(p)] = held, scratch
        if g.shape != scratch.shape:
            raise GradError(
                f"the gradient has shape {g.shape}, its parameter {scratch.shape}: clear .grad after changing a shape"
            )
        return scratch

    def _descent(self, group, p, g):
        """The direction to go against: the gradient, turned round to maximize, with the pull of weight decay."""
        if group["maximize"]:
            g = -g
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p.array
        return g

    def _buffers(self, p, *names):
        """The arrays of these names in the state of `p`, zeros at first."""
        state = self.state[p]
        for name in names:
            if name not in state:
                state[name] = Tensor(module_of(p.array).zeros(p.array.shape, p.array.dtype))
        return [state[name].array for name in names]

    def _count(self, p):
        """Which step of `p` this is. The count is a tensor on the CPU, as in PyTorch's state."""
        state = self.state[p]
        if "step" not in state:
            state["step"] = Tensor(np.zeros((), np.float64 if get_default_dtype() is float64 else np.float32))
        count = state["step"].array
        count += 1
        return float(count)

    # Saving

    def state_dict(self):
        """`{"state": {number of the parameter: its state}, "param_groups": [...]}`, in PyTorch's layout.

        The tensors in it live on in the optimizer; `minigrad.save` writes them.
        """
        number, groups = {}, []
        for group in self.param_groups:
            for p in group["params"]:
                number.setdefault(p, len(number))
            groups.append({**group, "params": [number[p] for p in group["params"]]})
        return {"state": {number.get(p, p): state for p, state in self.state.items()}, "param_groups": groups}

    def load_state_dict(self, state_dict):
        """Go on from a saved state: options and state come from it, parameters stay, matched by their order.

        Tensors are copied and take dtype and device of their parameter (PyTorch does not copy: two optimizers that
        load one state go on sharing it). Errors: ValueError when groups or their lengths differ.
        """
        saved = copy.deepcopy(state_dict["param_groups"])
        if len(saved) != len(self.param_groups):
            raise ValueError(f"loaded state dict has a different number of parameter groups: {len(saved)} for "
                             f"{len(self.param_groups)}")  # fmt: skip
        for ours, theirs in zip(self.param_groups, saved, strict=True):
            if len(ours["params"]) != len(theirs["params"]):
                raise ValueError("loaded state dict contains a parameter group that doesn't match the size of "
                                 f"optimizer's group: {len(theirs['params'])} for {len(ours['params'])}")  # fmt: skip
        numbers = [n for group in saved for n in group["params"]]
        owner = dict(zip(numbers, self._all(), strict=True))
        state = defaultdict(dict)
        for n, entry in state_dict["state"].items():
            p = owner.get(n)
            state[n if p is None else p] = copy.deepcopy(entry) if p is None else _fitted(entry, p)
        self.state = state
        for ours, theirs in zip(self.param_groups, saved, strict=True):
            kept = {name: ours[name] for name in ("params", "param_names") if name in ours}
            ours_now = {**self.defaults, **kept, **theirs, "params": ours["params"]}
            ours.clear()
            ours.update(ours_now)

    def __getstate__(self):
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self._scratch_of, self._known = {}, {}

    def __repr__(self):
        text = f"{type(self).__name__} ("
        for i, group in enumerate(self.param_groups):
            text += f"\nParameter Group {i}\n"
            text += "".join(f"    {name}: {group[name]}\n" for name in sorted(group) if name != "params")
        return text + ")"


def _fitted(value, p, name=None):
    """A copy of saved state with dtype and device of its parameter; step counts keep theirs."""
    if isinstance(value, Tensor):
        if name == "step":
            return Tensor(value.array.copy())
        return Tensor(value.detach().to(device_of(p.array), p.dtype).array.copy())
    if isinstance(value, dict):
        return {key: _fitted(item, p, key) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_fitted(item, p) for item in value)
    return Tensor(np.array(value, np.float32)) if name == "step" else value


def number(value):
    """An option as a Python number: a learning rate may be a tensor of one element."""
    return value.array.item() if isinstance(value, Tensor) else value


def check_options(**options):
    """ValueError for an option that is negative or not a number, in PyTorch's words."""
    for name, value in options.items():
        if isinstance(value, Tensor) and value.array.size != 1:
            raise ValueError(f"Tensor {name} must be 1-element")
        if not number(value) >= 0:
            words = {"lr": "learning rate", "eps": "epsilon value"}.get(name, f"{name} value")
            raise ValueError(f"Invalid {words}: {value}; it must be a number from 0 up")


def check_betas(betas):
    """ValueError for decay rates outside [0, 1)."""
    for i, beta in enumerate(betas):
        if not 0 <= beta < 1:
            raise ValueError(f"Invalid beta parameter at index {i}: {beta}; it must be from 0 up and below 1")


def clear_grad(p, set_to_none=True):
    """Clear one tensor's gradient, and tell the watchers if there was one."""
    old = getattr(p, "_grad", None)
    if modes.state.staging is not None:
        modes.state.staging.cleared(p, set_to_none)
    if old is None:
        return
    if set_to_none:
        p._grad = None
    else:
        if old._edge is not None:
            p._grad = old = Tensor(old.array.copy())
        old.array[...] = 0
        memory.changed(old.array)
    if modes.state.watchers:
        modes.notify(Zeroed(p, set_to_none))
