"""The families of cases, one topic a file. Importing this enters them all."""

from . import (  # noqa: F401
    activations,
    autograd,
    creation,
    elementwise,
    functional,
    functions,
    indexing,
    inplace,
    linalg,
    losses,
    modes,
    module_tools,
    modules,
    optimisers,
    printing,
    promotion,
    recurrent,
    reductions,
    shapes,
    sorting,
)
