"""Do the tests notice? One small mistake at a time is put into minigrad on import: `python -m tests.mutants`.

A mutant is one such change. It is killed when some test fails, or never ends; one that survives shows what no test
looks at. Nothing on disk is changed.
"""
