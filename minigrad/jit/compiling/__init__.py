"""`jit.compile`: record a call, guard what it relied on, and run lines of NumPy in its place."""
