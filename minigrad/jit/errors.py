"""What goes wrong when code is put down as a graph."""


class CaptureError(RuntimeError):
    """This run cannot be put down as a graph that would do the same again; the message says why."""


class TracerWarning(UserWarning):
    """Something that the recorded graph will not do again; the message names the line."""


class TracingCheckError(RuntimeError):
    """A trace does not do what the function does."""
