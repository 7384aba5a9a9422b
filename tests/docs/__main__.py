"""`python -m tests.docs`: what `python course.py docs` does."""

from . import main

main()
