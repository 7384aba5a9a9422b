"""All ops. Inside a rule of a higher derivative this package stands in for NumPy, so it has NumPy's names too."""

from ..op import OPS
from .activation import *  # noqa: F403
from .compare import *  # noqa: F403
from .conv import *  # noqa: F403
from .copies import *  # noqa: F403
from .elementwise import *  # noqa: F403
from .elementwise import clamp_between as clamp_between
from .functions import *  # noqa: F403
from .index import *  # noqa: F403
from .linalg import *  # noqa: F403
from .loss import *  # noqa: F403
from .norm import *  # noqa: F403
from .pool import *  # noqa: F403
from .recurrent import *  # noqa: F403
from .reduce import *  # noqa: F403
from .rounding import *  # noqa: F403
from .rounding import floor_quotient as floor_quotient
from .rounding import trunc_quotient as trunc_quotient
from .scan import *  # noqa: F403
from .shape import *  # noqa: F403
from .sort import *  # noqa: F403
from .special import *  # noqa: F403
from .views import *  # noqa: F403
from .windows import *  # noqa: F403

__all__ = [*OPS, "OPS"]
