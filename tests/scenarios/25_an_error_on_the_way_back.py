"""When backward fails before it has reached a leaf, every `.grad` is as it was, and the graph can be tried again."""

from tests.scenarios.library import refused, torch


class Fails(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 1

    @staticmethod
    def backward(ctx, g):
        if broken:
            raise ValueError("the learner's own mistake")
        return g


a = torch.tensor([1.0, 2.0], requires_grad=True)
b = torch.tensor([3.0, 4.0], requires_grad=True)
a.grad = torch.tensor([7.0, 7.0])
loss = Fails.apply(a * b).sum()

broken = True
with refused("the learner's own mistake"):
    loss.backward()
print("untouched:", a.grad, b.grad, torch.is_grad_enabled())

broken = False
loss.backward()
print("a second try:", a.grad, b.grad)


def stop(g):
    raise KeyError("from a hook")


h = a * b
h.register_hook(stop)
with refused("from a hook"):
    (h * 2).sum().backward()
print("untouched:", a.grad, b.grad)

(a * b).sum().backward()
print("and everything works after it:", a.grad, b.grad)
