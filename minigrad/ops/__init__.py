"""All ops. Inside a rule of a higher derivative this package stands in for NumPy, so it has NumPy's names too."""

from ..op import OPS
from .elementwise import *  # noqa: F403
from .index import *  # noqa: F403
from .linalg import *  # noqa: F403
from .reduce import *  # noqa: F403
from .shape import *  # noqa: F403

__all__ = [*OPS, "OPS"]
