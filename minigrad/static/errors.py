"""What goes wrong when a graph is described first and run later."""


class StaticError(RuntimeError):
    """Base of all errors of minigrad.static."""


class NoValueError(StaticError, TypeError):
    """A node was asked for a value while the graph is only being described."""


class GraphError(StaticError, ValueError):
    """A graph cannot be put together like that."""


class FeedError(StaticError, ValueError):
    """A placeholder was not fed, or with something that does not fit it."""


class UninitializedError(StaticError):
    """A Variable has no value in this session yet."""


class RunError(StaticError):
    """A node failed when it ran; the message names it and the line that built it."""
