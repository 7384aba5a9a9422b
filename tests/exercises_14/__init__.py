"""Answers to the exercise of lesson 14: right ones in several styles, wrong ones with the reason that must be found."""
