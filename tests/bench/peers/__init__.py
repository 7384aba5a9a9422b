"""One adapter per library: NAME, BUILDERS (workload kind -> a function of the data that returns one step) and read().

A builder returns None for what its library does not do, or would need minutes for.
"""
