"""Random tensors, from a generator that a seed starts.

The numbers are NumPy's (PCG64), the same for a seed on every platform and device; they are not PyTorch's numbers.
"""

from __future__ import annotations

import json
import operator

import numpy as np

from . import dtype as dtypes
from . import modes, ops
from .creation import as_size, float_dtype, placed
from .device import Device
from .errors import DtypeError, ShapeError
from .explain import tensors_only
from .inplace import change
from .tensor import Tensor

__all__ = [
    "Generator", "bernoulli", "get_rng_state", "initial_seed", "manual_seed", "multinomial", "normal", "rand",
    "rand_like", "randint", "randint_like", "randn", "randn_like", "randperm", "seed", "set_rng_state",
]  # fmt: skip


class Generator:
    """A source of random numbers of its own: `Generator().manual_seed(0)`.

    It draws in main memory, whatever its device, and tensors are moved then; so a seed gives the same on every device.
    """

    def __init__(self, device="cpu"):
        self.device = Device(device)
        self.seed()

    def manual_seed(self, seed):
        """Start again from `seed`, a whole number of 64 bits; returns the generator itself."""
        seed = int(seed)
        if not -(2**63) <= seed < 2**64:
            raise ValueError(f"a seed must be a whole number of 64 bits, not {seed}")
        self._seed = seed % 2**64
        self.numpy = np.random.Generator(np.random.PCG64(self._seed))
        return self

    def seed(self):
        """Start again from a seed that nobody knows beforehand; returns it."""
        self.manual_seed(int(np.random.SeedSequence().entropy % 2**63))
        return self._seed

    def initial_seed(self):
        """The seed that the numbers started from."""
        return self._seed

    def get_state(self):
        """Where the generator is, as a tensor of bytes."""
        state = json.dumps([self._seed, self.numpy.bit_generator.state]).encode()
        return Tensor(np.frombuffer(state, np.uint8).copy())

    def set_state(self, state):
        """Go on from where `get_state()` was called; returns the generator itself."""
        try:
            seed, state = json.loads(bytes(state.cpu().array))
        except (ValueError, TypeError):
            raise DtypeError("set_state(): this is not what get_state() of a minigrad Generator gave") from None
        self.manual_seed(seed)
        self.numpy.bit_generator.state = state
        return self


default_generator = Generator()


def manual_seed(seed):
    """Seed the generator that all random functions use unless given another.

    >>> manual_seed(0).initial_seed()
    0
    """
    return default_generator.manual_seed(seed)


def seed():
    """Seed the default generator with a number that nobody knows beforehand; returns it."""
    return default_generator.seed()


def initial_seed():
    """The seed that the default generator started from."""
    return default_generator.initial_seed()


def get_rng_state():
    """Where the default generator is, as a tensor of bytes."""
    return default_generator.get_state()


def set_rng_state(new_state):
    """Let the default generator go on from where `get_rng_state()` was called."""
    default_generator.set_state(new_state)


# What can be drawn: (NumPy's generator, shape, dtype, options) to an array


def _numbers(generator):
    if generator is not None and not hasattr(generator, "numpy"):
        raise TypeError(f"argument 'generator' must be Generator, not {type(generator).__name__}")
    return (default_generator if generator is None else generator).numpy


def _uniform(numbers, shape, dtype, a=0.0, b=1.0):
    """On [a, b): a number so near to 1 that the dtype rounds it up becomes the largest one below 1."""
    _only_floats("rand", dtype)
    drawn = np.asarray(numbers.random(shape)).astype(dtype)
    drawn = np.minimum(drawn, np.nextafter(dtype.type(1), 0), out=drawn)  # with out: an array for shape (), too
    return drawn if (a, b) == (0.0, 1.0) else drawn * (b - a) + a


def _normal(numbers, shape, dtype, mean=0.0, std=1.0):
    _only_floats("randn", dtype)
    drawn = np.asarray(numbers.standard_normal(shape)).astype(dtype)
    return drawn if (mean, std) == (0.0, 1.0) else drawn * std + mean


def _integers(numbers, shape, dtype, low, high):
    if low >= high:
        raise ShapeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    return numbers.integers(low, high, shape)


def _exponential(numbers, shape, dtype, lambd):
    _only_floats("exponential_", dtype)
    return numbers.standard_exponential(shape) / lambd


DRAWS = {
    "uniform": _uniform,
    "normal": _normal,
    "integers": _integers,
    "permutation": lambda numbers, shape, dtype: numbers.permutation(*shape),
    "exponential": _exponential,
    "chances": lambda numbers, shape, dtype, p: numbers.random(shape) < p,
    "kept": lambda numbers, shape, dtype, p, scale: (numbers.random(shape) >= p) * scale,
}


def draw(what, shape, dtype, device=None, generator=None, **options):
    """A new tensor of random numbers: `what` is one of DRAWS, dtype NumPy's. All that is random goes through here."""
    drawn = np.asarray(DRAWS[what](_numbers(generator), shape, dtype, **options)).astype(dtype, copy=False)
    made = Tensor(placed(drawn, device))
    if modes.state.staging is not None:
        modes.state.staging.drew(made, what, tuple(shape), dtype, device, generator, options)
    return made


def _only_floats(name, dtype):
    if dtype.kind != "f":
        raise DtypeError(f"{name}(): not implemented for {dtype}: these are real numbers. Use a floating-point dtype.")


# Tensors of random numbers


def _leaf(made, requires_grad):
    return made.requires_grad_(True) if requires_grad else made


def rand(*given, size=None, generator=None, dtype=None, device=None, requires_grad=False):
    """Uniform on [0, 1): `rand(2, 3)` or `rand((2, 3))`, from `generator`, else as `manual_seed` has set it."""
    made = draw("uniform", as_size(given, size, "rand"), float_dtype(dtype), device, generator)
    return _leaf(made, requires_grad)


def randn(*given, size=None, generator=None, dtype=None, device=None, requires_grad=False):
    """Standard normal: `randn(2, 3)` or `randn((2, 3))`, from `generator`, else as `manual_seed` has set it."""
    made = draw("normal", as_size(given, size, "randn"), float_dtype(dtype), device, generator)
    return _leaf(made, requires_grad)


def randint(low, high=None, size=None, *, generator=None, dtype=None, device=None, requires_grad=False):
    """Whole numbers from low (0 when left out) up to, not including, high: `randint(10, (3,))`."""
    if isinstance(high, (tuple, list)):
        high, size = None, high
    if high is None:
        low, high = 0, low
    if size is None:
        raise TypeError("randint(): give a size, as in randint(10, (3,))")
    limits = {"low": operator.index(low), "high": operator.index(high)}
    wanted = dtypes.as_dtype(dtype or dtypes.int64).numpy
    return _leaf(draw("integers", as_size((size,)), wanted, device, generator, **limits), requires_grad)


def randperm(n, *, generator=None, dtype=None, device=None, requires_grad=False):
    """The numbers 0 to n-1 in random order."""
    if operator.index(n) < 0:
        raise ShapeError(f"randperm(): Trying to create tensor with negative dimension {n}")
    wanted = dtypes.as_dtype(dtype or dtypes.int64).numpy
    return _leaf(draw("permutation", (n,), wanted, device, generator), requires_grad)


def _like(input, options):
    """The options of a _like function: dtype and device of the other tensor unless given."""
    options.pop("memory_format", None)
    return {"dtype": input.dtype, "device": input.device} | {k: v for k, v in options.items() if v is not None}


@tensors_only
def rand_like(input, **options):
    """`rand` with the shape, dtype and device of another tensor."""
    return rand(input.array.shape, **_like(input, options))


@tensors_only
def randn_like(input, **options):
    """`randn` with the shape, dtype and device of another tensor."""
    return randn(input.array.shape, **_like(input, options))


@tensors_only
def randint_like(input, low, high=None, **options):
    """`randint` with the shape, dtype and device of another tensor."""
    low, high = (0, low) if high is None else (low, high)
    if input.array.dtype.kind == "b" and high > 2:
        raise ShapeError(f"randint_like(): 'to' is out of bounds for bool: there is no {high - 1}")
    return randint(low, high, input.array.shape, **_like(input, options))


def normal(mean, std=1.0, size=None, *, generator=None, dtype=None, device=None, requires_grad=False):
    """Normal with this mean and standard deviation: two numbers and a size, or tensors, one number for each element.

    Nothing is recorded: write mean + std * randn_like(mean) for a result that knows its mean.
    """
    given = [x for x in (mean, std) if isinstance(x, Tensor)]
    if size is None and not given:
        raise TypeError("normal(): give a size with two numbers, as in normal(0.0, 1.0, (3,))")
    if not isinstance(std, Tensor) and std < 0:
        raise ShapeError(f"normal expects std >= 0.0, but found std {std}")
    if not given:
        drawn = randn(size, generator=generator, dtype=dtype, device=device)
        return (drawn * std + mean).requires_grad_(requires_grad)
    whole = (given[0].detach() + given[-1].detach()) if len(given) > 1 else given[0].detach()
    mean, std = (x.detach() if isinstance(x, Tensor) else x for x in (mean, std))
    return randn_like(whole, generator=generator) * std + mean


@tensors_only
def bernoulli(input, p=None, *, generator=None):
    """1 with the probability that stands in input (with p for every element), else 0. Nothing is recorded."""
    shape, dtype, device = input.array.shape, input.array.dtype, input.device
    if p is not None:
        _check_probability("bernoulli", p)
        return draw("chances", shape, dtype, device, generator, p=p)
    _only_floats("bernoulli", dtype)
    _check_probability("bernoulli", input.cpu().array)
    drawn = draw("uniform", shape, np.dtype("float64"), device, generator)
    return (drawn < input.detach()).to(input.dtype)


def _check_probability(name, p):
    if not np.all((np.asarray(p) >= 0) & (np.asarray(p) <= 1)):
        raise ShapeError(f"{name} expects p to be in [0, 1], but got p={p}")


@tensors_only
def multinomial(input, num_samples, replacement=False, *, generator=None):
    """Which of n things is drawn, `num_samples` times for each row of weights; the weights need not add up to 1.

    Shapes: input (n,) or (rows, n) -> (num_samples,) or (rows, num_samples), int64
    """
    weights = input.cpu().array
    _only_floats("multinomial", weights.dtype)
    if weights.ndim not in (1, 2) or not weights.size:
        raise ShapeError(f"multinomial(): prob_dist must be 1 or 2 dim, and not empty; its shape is {input.shape}")
    if num_samples <= 0 or (not replacement and num_samples > weights.shape[-1]):
        raise ShapeError(f"multinomial(): cannot sample {num_samples} of {weights.shape[-1]}; {replacement=}")
    if not np.all(np.isfinite(weights) & (weights >= 0)) or not np.all(weights.sum(axis=-1) > 0):
        raise ShapeError("multinomial(): probability tensor contains inf, nan or element < 0, or a row of zeros")
    if modes.state.staging is not None:
        return _recorded_multinomial(input, num_samples, replacement, generator)
    if replacement:
        limits = np.cumsum(weights, axis=-1, dtype="float64")
        drawn = _numbers(generator).random((*weights.shape[:-1], num_samples)) * limits[..., -1:]
        found = (limits[..., None, :] <= drawn[..., :, None]).sum(axis=-1)
    else:  # the least of exponential waiting times wins, each with the chance of its weight; then the next least
        waits = _numbers(generator).standard_exponential(weights.shape) / np.where(weights > 0, weights, 0)
        found = np.argsort(waits, axis=-1, kind="stable")[..., :num_samples]
    return Tensor(placed(found.astype("int64"), input.device))


def _recorded_multinomial(input, num_samples, replacement, generator):
    """The same numbers by ops, so that they can be seen."""
    weights, shape, device = input.detach().double(), input.array.shape, input.device
    if replacement:
        limits = ops.cumsum(weights, dim=-1)
        drawn = draw("uniform", (*shape[:-1], num_samples), np.dtype("float64"), device, generator)
        return (limits.unsqueeze(-2) <= (drawn * limits[..., -1:]).unsqueeze(-1)).sum(dim=-1)
    waits = draw("exponential", shape, np.dtype("float64"), device, generator, lambd=1) / weights
    return waits.argsort(dim=-1, stable=True)[..., :num_samples]


# Tensors filled in place


def _filled(self, name, what, generator, **options):
    """Overwrite self with what is drawn; what it held before gets no gradient."""
    drawn = draw(what, self.array.shape, self.array.dtype, self.device, generator, **options)
    return change(self, name, lambda x: ops.index_put(x, drawn, index=Ellipsis))


def uniform_(self, a=0.0, b=1.0, *, generator=None):
    """Uniform on [a, b), in place."""
    if a > b:
        raise ShapeError(f"uniform_ expects to return a [from, to) range, but found from={a} > to={b}")
    return _filled(self, "uniform_", "uniform", generator, a=a, b=b)


def normal_(self, mean=0.0, std=1.0, *, generator=None):
    """Normal with this mean and standard deviation, in place."""
    if std < 0:
        raise ShapeError(f"normal expects std >= 0.0, but found std {std}")
    return _filled(self, "normal_", "normal", generator, mean=mean, std=std)


def exponential_(self, lambd=1.0, *, generator=None):
    """Exponential with mean 1 / lambd, in place."""
    _only_floats("exponential_", self.array.dtype)
    if lambd <= 0:
        raise ShapeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd}")
    return _filled(self, "exponential_", "exponential", generator, lambd=lambd)


def bernoulli_(self, p=0.5, *, generator=None):
    """1 with probability p, a number or a tensor, else 0; in place."""
    p = p.cpu().array if isinstance(p, Tensor) else p
    _check_probability("bernoulli_", p)
    return _filled(self, "bernoulli_", "chances", generator, p=p)


def random_(self, low=None, high=None, *, generator=None):
    """Whole numbers from low up to, not including, high, in place; `random_(10)` starts at 0.

    Without numbers as far as the dtype counts exactly.
    """
    dtype = self.array.dtype
    low, high = (0, low) if high is None else (low, high)
    if high is None and dtype.kind in "iu":
        high = np.iinfo(dtype).max
    elif high is None:
        high = 2 ** (np.finfo(dtype).nmant + 1) if dtype.kind == "f" else 2
    return _filled(self, "random_", "integers", generator, low=low, high=high)


for _fill in (uniform_, normal_, exponential_, bernoulli_, random_):
    setattr(Tensor, _fill.__name__, _fill)
Tensor.bernoulli, Tensor.multinomial = bernoulli, multinomial
