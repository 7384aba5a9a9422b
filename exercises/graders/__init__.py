"""What grades an exercise: the answer is watched while it runs, and the report says what its graph should have been.

grader.py    what `check` and `grade` do with an answer and the cases of an exercise
witness.py   runs the learner's function and keeps what happened: the recorded graph, clears, steps, live graphs
plain.py     what it gave, as plain numbers and words
traced.py    traces without their warnings, and what comes of running them
elsewhere.py a process in which minigrad cannot be imported
report.py    expected properties (V values, G gradients, S structure), one finding, three hints, the marked drawing
beliefs.py   the misconceptions by their codes
drawing.py   the recorded graph with the offending nodes marked

Each exercise is a package beside these: cases (visible ones, and hidden ones drawn from a seed), diagnosis, words.
It offers `check(function)` for the learner's notebook and `grade(function, "V" | "G" | "S", seeds)` for nbgrader.
`accumulation` is the exercise of lesson 08, `tracer` and `counterexamples` are that of 13, `shipping` is that of 14.
"""
