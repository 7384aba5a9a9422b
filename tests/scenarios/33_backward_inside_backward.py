"""Forward is run a second time on the way back, instead of being kept: checkpointing, by hand."""

from tests.scenarios.library import torch


class Again(torch.autograd.Function):
    @staticmethod
    def forward(ctx, function, x, w):
        ctx.function = function
        ctx.save_for_backward(x, w)
        return function(x, w)

    @staticmethod
    def backward(ctx, g):
        x, w = (t.detach().requires_grad_() for t in ctx.saved_tensors)
        with torch.enable_grad():
            y = ctx.function(x, w)
        y.backward(g)
        return None, x.grad, w.grad


def block(x, w):
    print("forward, recording:", torch.is_grad_enabled())
    return torch.tanh(x * w) * w


def rounded(*leaves):
    return [round(leaf.grad.item(), 4) for leaf in leaves]


x, w = torch.tensor(0.5, requires_grad=True), torch.tensor(2.0, requires_grad=True)
block(block(x, w), w).backward()
print("plain:", rounded(x, w))

x.grad = w.grad = None
Again.apply(block, Again.apply(block, x, w), w).backward()
print("run again:", rounded(x, w))

x.grad = w.grad = None
seen = []
y = x * w


@y.register_hook
def inner(g):
    with torch.enable_grad():
        (x * x).backward()
    seen.append(x.grad.item())


y.backward()
print("a whole backward in a hook:", seen, rounded(x, w))
