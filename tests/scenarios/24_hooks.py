"""Hooks run in their order, may replace what they see, and leave when they are told to."""

from tests.scenarios.library import refused, torch

x = torch.tensor(2.0, requires_grad=True)
y = x * 3
x.register_hook(lambda g: print("leaf sees", g))
handle = y.register_hook(lambda g: g * 10)
y.register_hook(lambda g: print("then", g, "recording:", torch.is_grad_enabled()))
y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: print("node sends", grad_inputs[0], "for", grad_outputs[0]))
y.grad_fn.register_prehook(lambda grad_outputs: (grad_outputs[0] + 1,))
x.register_post_accumulate_grad_hook(lambda leaf: print("now", leaf.grad))
y.backward(retain_graph=True)

handle.remove()
handle.remove()
y.backward()

print("-- one that removes itself and the next, while backward runs")
x = torch.tensor(2.0, requires_grad=True)
y = x * 3


def once(g):
    print("once")
    first.remove()
    second.remove()


first = y.register_hook(once)
second = y.register_hook(lambda g: print("never, or once?"))
third = y.register_hook(lambda g: print("third"))
y.backward(retain_graph=True)
y.backward(retain_graph=True)

print("-- one that is added while backward runs")
y = x * 3
y.register_hook(lambda g: x.register_hook(lambda g: print("added")) and None)
y.backward()

with refused("that doesn't require gradient"):
    torch.ones(1).register_hook(print)
y = x * 3
y.register_hook(lambda g: torch.ones(2))
with refused("hook"):
    y.backward()
