"""Optimizers that describe their steps as nodes."""

from __future__ import annotations

from .building import Variable, group, trainable_variables, zeros
from .errors import GraphError
from .gradients import gradients


class Optimizer:
    """Base: `minimize(loss)` describes gradients and the changes of all trainable Variables."""

    def minimize(self, loss, var_list=None):
        """An operation that makes one step. Errors: GraphError where the loss depends on none of the Variables."""
        return self.apply_gradients(self.compute_gradients(loss, var_list))

    def compute_gradients(self, loss, var_list=None):
        """Pairs (gradient, Variable); the gradient is None where the loss does not depend on it."""
        variables = trainable_variables(loss.graph) if var_list is None else list(var_list)
        return list(zip(gradients(loss, variables), variables, strict=True)) if variables else []

    def apply_gradients(self, pairs):
        """An operation that makes one step with these gradients."""
        pairs = [(g, variable) for g, variable in pairs if g is not None]
        if not pairs:
            raise GraphError("minimize(): the loss depends on no trainable Variable")
        return group(*(node for g, variable in pairs for node in self.changes(g, variable)), name="step")

    def changes(self, g, variable):
        """Assignments for one Variable."""
        raise NotImplementedError


class GradientDescentOptimizer(Optimizer):
    """w <- w - learning_rate * gradient.

    >>> from minigrad import static
    >>> with static.Graph().as_default() as graph:
    ...     w = static.Variable(4.0, name="w")
    ...     step = static.train.GradientDescentOptimizer(0.25).minimize(w * w)
    ...     start = static.global_variables_initializer()
    >>> with static.Session(graph=graph) as session:
    ...     session.run(start)
    ...     for _ in range(2):
    ...         session.run(step)
    ...     session.run(w)
    tensor(1.)
    """

    def __init__(self, learning_rate):
        self.learning_rate = learning_rate

    def changes(self, g, variable):
        """One assignment."""
        return [variable.assign_sub(g * self.learning_rate)]


class MomentumOptimizer(Optimizer):
    """v <- momentum * v + gradient; w <- w - learning_rate * v. The v are Variables: initialise after minimize()."""

    def __init__(self, learning_rate, momentum=0.9):
        self.learning_rate, self.momentum = learning_rate, momentum

    def changes(self, g, variable):
        """The velocity, and the Variable."""
        start = zeros(variable.shape, variable.dtype, name=f"{variable.value.name}/zeros")
        velocity = Variable(start, trainable=False, name=f"{variable.value.name}/Momentum")
        moved = velocity.assign(velocity * self.momentum + g)
        return [moved, variable.assign_sub(moved * self.learning_rate)]
