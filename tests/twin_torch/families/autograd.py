"""Programs about the graph: accumulation, freeing, a second backward, nodes."""

from ..cases import family, programs


@family
def backward_programs():
    for program in programs("""
        y = (a * a + a).sum()
        y.backward()
        a.grad

        for _ in range(3):
            (a * b).sum().backward()
        a.grad, b.grad

        y = (a * a).sum()
        y.backward()
        y.backward()

        y = (a * a).sum()
        y.backward(retain_graph=True)
        y.backward()
        a.grad

        y = (a + 1).sum()
        y.backward()
        y.backward()
        a.grad

        y = a * a
        y.backward()

        y = a * a
        y.backward(m.ones(2, 3))
        a.grad

        y = a * a
        y.backward(gradient=m.ones(3))

        y = a * a
        y.backward(m.ones(2, 3, dtype=m.float64))
        a.grad

        y = a * a
        y.backward(2)

        y = a.sum()
        y.backward(m.tensor(3.0))
        a.grad

        a.detach().sum().backward()

        a.sum().backward(inputs=[a])
        a.grad

        (a * b).sum().backward(inputs=[a])
        a.grad, b.grad

        y = a * 2
        (y * b).sum().backward(inputs=[y])
        y.grad, a.grad

        (a * b).sum().backward(inputs=[])

        y = a * 2
        y.retain_grad()
        (y * y).sum().backward()
        y.grad, a.grad, y.retains_grad

        y = a * 2
        (y * y).sum().backward()
        y.grad

        a.detach().retain_grad()

        y = a * 2
        z = y.detach() * b
        z.sum().backward()
        a.grad, b.grad

        m.autograd.backward([(a * 2).sum(), (a * b).sum()])
        a.grad, b.grad

        m.autograd.backward([a * 2, b * 3], [m.ones(2, 3), m.ones(2, 3)])
        a.grad, b.grad

        m.autograd.backward((a * 2,), (m.ones(2, 3), m.ones(2, 3)))

        m.autograd.grad((a * b).sum(), [a, b])

        m.autograd.grad((a * b).sum(), a)

        m.autograd.grad(a * b, a)

        m.autograd.grad(a * b, a, grad_outputs=m.ones(2, 3))

        m.autograd.grad(a * b, a, m.ones(2, 3))

        m.autograd.grad(a.sum(), [a, b])

        m.autograd.grad(a.sum(), [a, b], allow_unused=True)

        m.autograd.grad(a.sum(), [a, b], materialize_grads=True)

        y = (a * b).sum()
        m.autograd.grad(y, a), m.autograd.grad(y, b)

        y = (a * b).sum()
        m.autograd.grad(y, a, retain_graph=True), m.autograd.grad(y, b)

        g = m.autograd.grad((a ** 3).sum(), a, create_graph=True)[0]
        g2 = m.autograd.grad(g.sum(), a, create_graph=True)[0]
        g3 = m.autograd.grad(g2.sum(), a)[0]
        g.detach(), g2.detach(), g3

        g = m.autograd.grad((a ** 3).sum(), a)[0]
        g.requires_grad

        g, = m.autograd.grad((a * a * b).sum(), a, create_graph=True)
        (g * g).sum().backward()
        a.grad, b.grad

        (a ** 3).sum().backward(create_graph=True)
        g = a.grad
        a.grad = None
        g.sum().backward()
        a.grad

        y = (a * b).sum()
        m.autograd.grad(y, y)

        y = a * 2
        z = (y * b).sum()
        m.autograd.grad(z, [y, a])

        m.autograd.grad(a.detach().sum(), a)

        m.autograd.grad((a * 2).sum(), a.detach())

        m.autograd.grad([], a)

        m.autograd.grad((a * 2).sum(), [])

        a.grad = m.ones(2, 3)
        (a * 2).sum().backward()
        a.grad

        a.grad = m.ones(3)

        a.grad = m.ones(2, 3, dtype=m.float64)

        a.grad = 3

        a.grad = None
        a.grad

        del a.grad
        a.grad

        y = a * 2
        y.requires_grad = False

        y = a * 2
        y.requires_grad = True
        y.is_leaf

        x = m.tensor([1, 2])
        x.requires_grad_()

        x = m.ones(2)
        x.requires_grad = True
        x.is_leaf, x.grad_fn

        (a.long() * 2).requires_grad

        (a > 0).requires_grad, a.argmax().requires_grad, a.detach().requires_grad, a.round().requires_grad

        y = a.sum() * 2
        y.grad_fn.name(), y.grad_fn.next_functions[0][0].name(), y.grad_fn.next_functions[1]

        y = a * b
        [f[0].name() for f in y.grad_fn.next_functions], [f[0].variable is a for f in y.grad_fn.next_functions]

        y = (a * b).exp()
        type(y.grad_fn).__name__, y.grad_fn.next_functions[0][0].name(), y.grad_fn.next_functions[0][1]

        y = a.exp()
        y.grad_fn._saved_result.shape

        y = a * b
        y.grad_fn._saved_self.shape, y.grad_fn._saved_other is b

        y = a * b
        y.sum().backward()
        y.grad_fn._saved_self

        x = a.double()
        (x * x).sum().backward()
        a.grad.dtype

        x = m.ones(2, 1, requires_grad=True)
        (x * m.ones(1, 3)).sum().backward()
        x.grad

        x = m.tensor(2.0, requires_grad=True)
        (x * a).sum().backward()
        x.grad

        w = m.ones(3, requires_grad=True)
        (a + w).prod().backward()
        w.grad.shape

        y = a
        for _ in range(50):
            y = y * 0.9 + 0.1
        y.sum().backward()
        a.grad

        y = a * 1
        z = y + y * y
        w = z * y + z
        w.sum().backward()
        a.grad

        y = a.sum().item() * b
        y.sum().backward()
        a.grad, b.grad

        y = a if a.sum() > 0 else -a
        y.sum().backward()
        a.grad

        y = m.tensor(a.tolist()) * b
        y.sum().backward()
        a.grad, b.grad

        y = m.tensor([a.sum(), b.sum()])
        y.requires_grad

        y = m.stack([a.sum(), b.sum()])
        y.sum().backward()
        a.grad

        3 .backward()

        a.backward()

        m.ones(1, requires_grad=True).backward()

        x = m.ones(1, requires_grad=True)
        x.backward()
        x.grad

        x = m.ones(3, requires_grad=True)
        (x[0] * x[1]).backward()
        x.grad

        u, v = a.unbind()
        (u * v).sum().backward()
        a.grad

        x = m.zeros(3, requires_grad=True)
        m.where(x > 0, x.log(), x).sum().backward()
        x.grad

        x = m.zeros(2, requires_grad=True)
        x.norm().backward()
        x.grad

        x = m.zeros(2, requires_grad=True)
        x.sqrt().sum().backward()
        x.grad

        x = m.tensor([1.0, 1.0], requires_grad=True)
        x.max().backward()
        x.grad

        x = m.tensor([0.0], requires_grad=True)
        (x.abs() + x.relu() + x.clamp(min=0) + x.sign()).sum().backward()
        x.grad
    """):
        yield program, "f4(2,3)", "f4(2,3)"
        yield program, "f4(2,3)", "f4(2,3) const"
        yield program, "f4(2,3) const", "f4(2,3)"
