"""One hook may wait for the gradients of several tensors, or look at the first that comes."""

from tests.scenarios.library import refused, torch

together = torch.autograd.graph.register_multi_grad_hook
a, b, c = (torch.tensor([n, n + 1.0], requires_grad=True) for n in (1, 3, 5))
handle = together((a, b, c), lambda grads: print("leaves:", grads))
(a * b).sum().backward()
(a * b * c).sum().backward()
handle.remove()
(a * b).sum().backward()

x, y = a * 2, b * 3
x.register_hook(lambda g: print("x before:", g) or g * 10)
with together([x, y, x], lambda grads: print("on the way:", grads, "recording:", torch.is_grad_enabled())):
    x.register_hook(lambda g: print("x after:", g))
    loss = (x * x * y).sum()
    loss.backward(retain_graph=True)
    torch.autograd.grad(loss, [x, y], retain_graph=True, create_graph=True)
    loss.backward(retain_graph=True, inputs=[a])
    (x + 1).sum().backward(retain_graph=True)
loss.backward(retain_graph=True)

x, y = a * 2, b * 3
with together([x, y, c.detach()], lambda g: print("the first:", g), mode="any"):
    for _ in range(2):
        (x * y).sum().backward(retain_graph=True)
    y.sum().backward(retain_graph=True)

with together([x, y], lambda grads: [g and g * 0 for g in grads[1:]]):
    a.grad = None
    x.sum().backward(retain_graph=True)
    print("what it returns does not matter:", a.grad)


def fail(g):
    raise ValueError("on the way")


handle, failing = together([x, y], lambda grads: print("all:", grads)), y.register_hook(fail)
with refused("on the way"):
    (x * y).sum().backward(retain_graph=True)
failing.remove()
(x * y).sum().backward(retain_graph=True)
handle.remove()


def inside(grads):
    print("outside:", grads)
    handle.remove()
    with torch.enable_grad(), together([x], lambda grads: print("inside:", grads)):
        (x * x).sum().backward(retain_graph=True)


handle = together([x, y], inside)
(x * y).sum().backward(retain_graph=True)
with refused("Expects mode to be one of ('all', 'any') but got some"):
    together([x], print, mode="some")
