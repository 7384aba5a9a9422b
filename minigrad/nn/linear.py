"""Linear layers, lookup, and layers that only turn the shape round."""

from __future__ import annotations

from ..creation import zeros
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter


def new(*shape, device=None, dtype=None):
    """A parameter to be filled by `init`."""
    return Parameter(zeros(shape, device=device, dtype=dtype))


def uniform(bound, *shape, device=None, dtype=None):
    """A parameter drawn evenly within +-bound."""
    return init.uniform_(new(*shape, device=device, dtype=dtype), -bound, bound)


class Identity(Module):
    """The input itself, whatever arguments it was made with."""

    def __init__(self, *args, **kwargs):
        super().__init__()

    def forward(self, input):
        return input


class Linear(Module):
    """y = x W^T + b.

    Shapes: x (..., in_features) -> (..., out_features)
    Initial values are uniform on +-1/sqrt(in_features), as torch.nn.Linear's are.

    >>> import minigrad as mg
    >>> Linear(3, 2)(mg.ones(5, 3)).shape
    Size([5, 2])
    """

    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        bound = in_features**-0.5 if in_features else 0.0
        self.weight = uniform(bound, out_features, in_features, device=device, dtype=dtype)
        self.register_parameter("bias", uniform(bound, out_features, device=device, dtype=dtype) if bias else None)

    def forward(self, input):
        own = self._parameters  # an attribute is looked for everywhere else first
        try:
            return F.linear(input, own["weight"], own["bias"])
        except KeyError:  # somebody has put something else in the place of a parameter
            return F.linear(input, self.weight, self.bias)

    def reset_parameters(self):
        """Draw the initial values anew."""
        bound = self.in_features**-0.5 if self.in_features else 0.0
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    def extra_repr(self):
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    """y_k = x1^T W_k x2 + b_k.

    Shapes: x1 (..., in1_features), x2 (..., in2_features) -> (..., out_features)
    """

    def __init__(self, in1_features, in2_features, out_features, bias=True, device=None, dtype=None):
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got {in1_features}")
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        kind, bound = {"device": device, "dtype": dtype}, in1_features**-0.5
        self.weight = uniform(bound, out_features, in1_features, in2_features, **kind)
        self.register_parameter("bias", uniform(bound, out_features, **kind) if bias else None)

    def reset_parameters(self):
        """Draw the initial values anew."""
        for p in self.parameters():
            init.uniform_(p, -(self.in1_features**-0.5), self.in1_features**-0.5)

    def forward(self, input1, input2):
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self):
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class Embedding(Module):
    """One learned row per number. Shapes: input (...) of whole numbers -> (..., embedding_dim)

    The row `padding_idx` starts as zeros and gets no gradient. Initial values are standard normal. `max_norm`
    shortens longer rows when they are looked up; `scale_grad_by_freq` and `sparse` are not in minigrad.
    Errors: IndexError for a number without a row.

    >>> import minigrad as mg
    >>> Embedding(10, 3)(mg.tensor([[1, 2], [4, 5]])).shape
    Size([2, 2, 3])
    """

    def __init__(
        self, num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False,
        sparse=False, _weight=None, _freeze=False, device=None, dtype=None,
    ):  # fmt: skip
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        if scale_grad_by_freq or sparse:
            raise NotImplementedError("Embedding: scale_grad_by_freq and sparse are not in minigrad")
        self.max_norm, self.norm_type = max_norm, norm_type
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise AssertionError("Padding_idx must be within num_embeddings")
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        if _weight is None:
            self.weight = new(num_embeddings, embedding_dim, device=device, dtype=dtype)
            self.reset_parameters()
        else:
            self.weight = Parameter(_weight)
        self.weight.requires_grad_(not _freeze)

    def reset_parameters(self):
        """Draw the initial values anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            init.zeros_(self.weight.detach()[self.padding_idx])

    @classmethod
    def from_pretrained(cls, embeddings, freeze=True, padding_idx=None):
        """A layer on given rows, which are not trained unless `freeze` is False."""
        return cls(*embeddings.shape, padding_idx=padding_idx, _weight=embeddings, _freeze=freeze)

    def forward(self, input):
        return F.embedding(input, self.weight, self.padding_idx, self.max_norm, self.norm_type)

    def extra_repr(self):
        words = f"{self.num_embeddings}, {self.embedding_dim}"
        words += "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return words if self.max_norm is None else f"{words}, max_norm={self.max_norm}"


class EmbeddingBag(Embedding):
    """The mean, sum or max of the learned rows that each bag names; see `functional.embedding_bag`.

    Shapes: input (bags, n) -> (bags, embedding_dim), or (total,) with offsets (bags,)
    """

    def __init__(
        self, num_embeddings, embedding_dim, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, mode="mean",
        sparse=False, _weight=None, include_last_offset=False, padding_idx=None, device=None, dtype=None,
    ):  # fmt: skip
        super().__init__(num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse,
                         _weight, False, device, dtype)  # fmt: skip
        self.mode, self.include_last_offset = mode, include_last_offset

    @classmethod
    def from_pretrained(cls, embeddings, freeze=True, mode="mean", padding_idx=None):
        """A layer on given rows, which are not trained unless `freeze` is False."""
        made = cls(*embeddings.shape, mode=mode, _weight=embeddings, padding_idx=padding_idx)
        made.weight.requires_grad_(not freeze)
        return made

    def forward(self, input, offsets=None, per_sample_weights=None):
        return F.embedding_bag(
            input, self.weight, offsets, self.max_norm, self.norm_type, mode=self.mode, padding_idx=self.padding_idx,
            per_sample_weights=per_sample_weights, include_last_offset=self.include_last_offset,
        )  # fmt: skip

    def extra_repr(self):
        words = f"{self.num_embeddings}, {self.embedding_dim}"
        words += "" if self.max_norm is None else f", max_norm={self.max_norm}"
        words += f", mode={self.mode!r}"
        return words if self.padding_idx is None else f"{words}, padding_idx={self.padding_idx}"


class Flatten(Module):
    """One axis in place of those from start_dim to end_dim; the batch stays.

    >>> import minigrad as mg
    >>> Flatten()(mg.ones(2, 3, 4)).shape
    Size([2, 12])
    """

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input):
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self):
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Several axes in place of one. Shapes: `Unflatten(1, (2, 3))` makes (N, 2, 3) of (N, 6)."""

    def __init__(self, dim, unflattened_size):
        super().__init__()
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, input):
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self):
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
