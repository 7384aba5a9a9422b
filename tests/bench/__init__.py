"""Speed and memory of minigrad beside hand-written NumPy and the libraries that are installed: `python -m tests.bench`.

Read `workloads.py` (what is measured, on which data, and what we want to reach), `handwritten.py` (the same by hand),
`eager.py` (PyTorch and minigrad, from the same lines), then any of `peers/`, and `measure.py` last.
"""
