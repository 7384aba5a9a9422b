"""Gradients kept within bounds."""

from __future__ import annotations

import math

import numpy as np

from ... import memory, modes, ops
from ...device import module_of
from ...tensor import Tensor


def _gradients(parameters):
    parameters = [parameters] if isinstance(parameters, Tensor) else parameters
    return [p.grad for p in parameters if p.grad is not None]


def get_total_norm(tensors, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """The norm of all tensors taken together as one vector, as a 0-d tensor outside of any graph."""
    tensors = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    arrays = [t.array for t in tensors]
    if not arrays:
        return Tensor(np.zeros((), "float32"))
    if modes.state.staging is not None:  # as ops, so that they can be seen
        with modes.no_grad():
            norms = [t.norm(float(norm_type)).to(tensors[0].dtype) for t in tensors]
            return _finite(ops.stack(*norms, dim=0).norm(float(norm_type)), norm_type, error_if_nonfinite)
    xp, order = module_of(arrays[0]), float(norm_type)
    norms = xp.stack([xp.linalg.norm(a.reshape(-1), order) if a.size else xp.zeros((), a.dtype) for a in arrays])
    total = xp.asarray(xp.linalg.norm(norms, order)).astype(arrays[0].dtype)
    return _finite(Tensor(total), norm_type, error_if_nonfinite)


def _finite(total, norm_type, error_if_nonfinite):
    """The total norm. Errors: RuntimeError, if asked for, where it is infinite or nan."""
    if error_if_nonfinite and not math.isfinite(float(total)):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be "
            "clipped. To scale the gradients by the non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return total


def clip_grads_with_norm_(parameters, max_norm, total_norm, foreach=None):
    """Scale the gradients so that their norm, which was `total_norm`, is at most max_norm."""
    if modes.state.staging is not None:  # as ops, so that they can be seen
        with modes.no_grad():
            scale = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
            for g in _gradients(parameters):
                g.mul_(scale.to(g.dtype))
        return
    total = total_norm.array
    scale = module_of(total).minimum(float(max_norm) / (total + 1e-6), 1.0)  # nan stays nan
    for g in _gradients(parameters):
        g.array *= scale.astype(g.array.dtype)
        memory.changed(g.array)


def clip_grad_norm_(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """Scale all gradients in place so that their norm, taken together, is at most max_norm; returns the norm before.

    Source: Pascanu, Mikolov & Bengio (2013), "On the difficulty of training recurrent neural networks".

    >>> import minigrad as mg
    >>> w = mg.tensor([3.0, 4.0], requires_grad=True)
    >>> (w * w / 2).sum().backward()
    >>> clip_grad_norm_(w, 1.0), w.grad
    (tensor(5.), tensor([0.6000, 0.8000]))
    """
    parameters = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    total = get_total_norm(_gradients(parameters), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, total)
    return total


def clip_grad_value_(parameters, clip_value, foreach=None):
    """Cut every element of every gradient to +-clip_value, in place."""
    clip_value = float(clip_value)
    for g in _gradients(parameters):
        if modes.state.staging is not None:
            with modes.no_grad():
                g.clamp_(-clip_value, clip_value)
            continue
        g.array.clip(-clip_value, clip_value, out=g.array)
        memory.changed(g.array)
