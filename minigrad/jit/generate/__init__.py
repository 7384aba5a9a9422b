"""Graphs as straight lines of NumPy, with memory laid out beforehand."""

from . import better  # noqa: F401  enters its ways
