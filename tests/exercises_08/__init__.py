"""Answers to the exercise of lesson 08: right ones in several styles, wrong ones with the reason that must be found."""
