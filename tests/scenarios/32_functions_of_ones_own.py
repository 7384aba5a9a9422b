"""An op of the learner's own, with what it may keep and what it may leave out."""

from tests.scenarios.library import refused, torch


class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale, unused):
        ctx.save_for_backward(x)
        ctx.scale = ctx.saved = ctx.op = scale  # any name will do
        print("wanted:", ctx.needs_input_grad, "recording inside:", torch.is_grad_enabled())
        return scale * x**2

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * ctx.scale * 2 * x * ctx.saved / ctx.op, None, None


class Both(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        return a + b, a - b

    @staticmethod
    def backward(ctx, total, difference):
        print("arrives:", total, difference)
        return total + difference, total - difference


x = torch.tensor(3.0, requires_grad=True)
y = Scaled.apply(x, 5, torch.ones(2))
print(y.requires_grad, y.is_leaf, y.grad_fn.name(), y.grad_fn.scale, y.grad_fn.saved_tensors)
print("edges for what is a tensor:", len(y.grad_fn.next_functions))
y.backward()
print(x.grad)
with refused("backward through the graph a second time"):
    y.backward()

(g,) = torch.autograd.grad(Scaled.apply(x, 1, None), x, create_graph=True)
print("twice:", torch.autograd.grad(g, x))

a, b = torch.tensor(1.0, requires_grad=True), torch.tensor(2.0, requires_grad=True)
total, difference = Both.apply(a, b)
total.backward()
print(a.grad, b.grad)
with torch.no_grad():
    print("not recorded:", Both.apply(a, b)[0].requires_grad)

Scaled.backward = staticmethod(lambda ctx, g: (g, None))
with refused("returned an incorrect number of gradients"):
    Scaled.apply(x, 1, None).backward()
x.grad = None
Scaled.backward = staticmethod(lambda ctx, g: (torch.ones(3), None, None))
Scaled.apply(x, 1, None).backward()
print("a gradient that was broadcast is summed back:", x.grad)
with refused("returned an invalid gradient at index 0"):
    Scaled.apply(torch.ones(2, requires_grad=True), 1, None).sum().backward()
