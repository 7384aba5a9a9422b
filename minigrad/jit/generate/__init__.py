"""Graphs as straight lines of NumPy, with memory laid out beforehand."""

from . import better, classes, images, joined, recurrent  # noqa: F401  they enter their ways
