"""Answers to the exercise of lesson 13: right ones in several styles, wrong ones with the reason that must be found."""
