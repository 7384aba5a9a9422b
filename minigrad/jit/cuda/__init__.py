"""Compiled functions on a GPU: one kernel for each run of elementwise ops, and the whole step as one CUDA Graph."""
