"""The twin table: thousands of small programs, run on minigrad and compared with what PyTorch answered.

Try: `python -m tests.twin_torch --live` where PyTorch is installed, or `python -m tests.twin_torch` where it is not.
"""
