"""Graphs as straight lines of NumPy, with memory laid out beforehand."""

from . import better, images  # noqa: F401  they enter their ways
