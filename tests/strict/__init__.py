"""A stand-in for CuPy that needs no GPU: arrays of another kind, which refuse what CuPy refuses.

On a machine without a GPU a NumPy call that leaked into the GPU's path would go unnoticed: NumPy takes NumPy's arrays
anywhere. These arrays hold NumPy's numbers and behave as CuPy 14's: no implicit conversion, no mixing with NumPy's
arrays, no functions or arguments that CuPy lacks, results without axes stay arrays, indices out of bounds wrap around.
`standin` is the module that takes CuPy's place; `interface.json` is what CuPy offers, as `record.py` found it.
"""

from .module import StandIn, standin

__all__ = ["StandIn", "standin"]
