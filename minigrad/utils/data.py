"""`minigrad.data` under the name that PyTorch has for it."""

from ..data import *  # noqa: F403
from ..data import __all__  # noqa: F401
