"""Behaviour told as stories: each file here is a small program in PyTorch's words, run in an interpreter of its own.

What PyTorch 2.13 prints for them stands in `answers.txt`. `python -m tests.scenarios` compares.
"""
