"""The same models and small programs drawn by viz and by the graph viewers of PyTorch, on one page to judge by.

`python -m tests.side_by_side side.html`: a tool that is not installed is named as missing. See `__main__.py`.
"""
