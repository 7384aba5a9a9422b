"""A graph goes at once with its last tensor, and no further than somebody else holds it."""

import weakref

from tests.scenarios.library import by_reference_counting, torch


class Mark:
    pass


class Named(torch.autograd.Function):
    """Hands on what it gets; `gone` hears of it when its node goes."""

    @staticmethod
    def forward(ctx, x, name):
        ctx.mark = Mark()
        weakref.finalize(ctx.mark, gone.append, name).atexit = False
        return x * 1

    @staticmethod
    def backward(ctx, g):
        return g, None


def chain(x):
    return Named.apply(Named.apply(Named.apply(x, "first"), "second"), "third")


def tell(when):
    print(f"{when}:", sorted(gone))
    gone.clear()


gone = []
with by_reference_counting():
    x = torch.ones(1, requires_grad=True)
    y = chain(x)
    del y
    tell("without backward")
    y = chain(x)
    y.backward()
    tell("backward alone frees no node")
    del y
    tell("its last tensor does")
    middle = Named.apply(x, "below")
    y = Named.apply(middle, "above")
    del y
    tell("as far as nobody holds it")
    del middle
    tell("and the rest")
    node = chain(x).grad_fn
    tell("a node holds all that is below it")
    print("by", node.next_functions[0][0].name())
    del node
    tell("not held any more")
    x.register_hook(lambda g: None)
    y = chain(x)
    leaf = weakref.ref(x)
    del x
    tell("the leaf is not held by anybody")
    y.backward()
    del y
    tell("the graph can still run")
    print("the leaf:", leaf())
