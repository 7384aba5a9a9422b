"""Between forward and backward, what was saved may be kept in any form."""

from tests.scenarios.library import refused, torch

saved_tensors_hooks = torch.autograd.graph.saved_tensors_hooks
x, c = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([3.0, 4.0])


def pack(t):
    print("pack", t.detach(), "a leaf itself:", t is x, "recording:", torch.is_grad_enabled())
    return t.tolist()


def unpack(kept):
    print("unpack", torch.tensor(kept), "recording:", torch.is_grad_enabled())
    return torch.tensor(kept)


with saved_tensors_hooks(pack, unpack):
    y = (x.exp() * c + 1).sum()
y.backward()
print(x.grad)
with refused("backward through the graph a second time"):
    y.backward()

x.grad = None
with saved_tensors_hooks(lambda t: t.detach() * 10, lambda kept: kept):
    y = (x * x).sum()
(x * x).sum().backward()
print("outside the block:", x.grad)
y.backward()
print("a wrong copy gives a wrong gradient:", x.grad)

with saved_tensors_hooks(lambda t: print("outer"), unpack), saved_tensors_hooks(lambda t: print("inner"), unpack):
    x.exp()


def refuse(t):
    raise ValueError("cannot keep it")


with refused("cannot keep it"), saved_tensors_hooks(refuse, unpack):
    x.exp()
with saved_tensors_hooks(lambda t: t, lambda kept: 5):
    y = x.exp().sum()
with refused("expected to be a Tensor but got result of type"):
    y.backward()
with refused("is modifying its input in place"), saved_tensors_hooks(lambda t: t.add_(1), unpack):
    (x * 1).sin()


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        return 2 * g * ctx.saved_tensors[0]


x.grad = None
with saved_tensors_hooks(lambda t: t.tolist(), torch.tensor):
    Square.apply(x).sum().backward()
print("a function of one's own:", x.grad)

with saved_tensors_hooks(lambda t: t.clone(), lambda kept: kept):
    y = (x * x * x).sum()
(g,) = torch.autograd.grad(y, x, create_graph=True)
print("twice:", torch.autograd.grad(g.sum(), x))

with saved_tensors_hooks(lambda t: t, lambda kept: print("unpack, recording:", torch.is_grad_enabled()) or kept * 1):
    y = x.exp().sum()
y.backward(retain_graph=True)
(g,) = torch.autograd.grad(y, x, create_graph=True)
print("no gradient goes through unpack:", torch.autograd.grad(g.sum(), x))
with saved_tensors_hooks(lambda t: t.detach(), lambda kept: kept):
    y = x.exp()
y.register_hook(lambda g: print("hook of the result:", g.detach()))
(g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
print("through the saved result:", torch.autograd.grad(g.sum(), [y, x]))
with saved_tensors_hooks(lambda t: t, lambda kept: print("asked for, recording:", torch.is_grad_enabled()) or kept):
    y = x * c
print(y.grad_fn._saved_other)
with torch.no_grad():
    print(y.grad_fn._saved_other)

x.grad = None
with torch.autograd.graph.save_on_cpu():
    y = torch.tanh(x) * c
    y.mul_(2)
    y[0] = x[1]
y.sum().backward()
print("kept on the CPU, and changed in place:", [round(g, 4) for g in x.grad.tolist()])
