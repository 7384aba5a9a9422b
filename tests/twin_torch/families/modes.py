"""Modes (no_grad and its relatives) and hooks."""

from ..cases import family, programs


@family
def modes_and_hooks():
    for program in programs("""
        with m.no_grad():
            y = a * 2
        y.requires_grad, y.is_leaf, y.grad_fn

        with m.no_grad():
            with m.enable_grad():
                y = a * 2
        y

        @m.no_grad()
        def f(x):
            return x * 2
        f(a).requires_grad, m.is_grad_enabled()

        @m.no_grad
        def f(x):
            return x * 2
        f(a).requires_grad

        @m.enable_grad()
        def f(x):
            return x * 2
        with m.no_grad():
            y = f(a)
        y.requires_grad

        with m.set_grad_enabled(False):
            y = a * 2
        y.requires_grad, m.is_grad_enabled()

        m.set_grad_enabled(False)
        y = a * 2
        m.set_grad_enabled(True)
        y.requires_grad, (a * 2).requires_grad

        @m.set_grad_enabled(False)
        def f(x):
            return x * 2
        f(a).requires_grad, m.is_grad_enabled()

        try:
            with m.no_grad():
                raise KeyError('x')
        except KeyError:
            pass
        m.is_grad_enabled()

        @m.no_grad()
        def f():
            yield m.is_grad_enabled()
            yield m.is_grad_enabled()
        [(on, m.is_grad_enabled()) for on in f()]

        def f():
            with m.no_grad():
                yield m.is_grad_enabled()
        g = f()
        next(g), m.is_grad_enabled(), list(g), m.is_grad_enabled()

        with m.no_grad():
            x = m.ones(2, requires_grad=True)
            y = nn.Parameter(m.ones(1))
        x.requires_grad, y.requires_grad

        with m.inference_mode():
            y = a * 2
        y.requires_grad, y.is_inference(), a.is_inference()

        with m.inference_mode():
            y = a * 2
        y * a

        with m.inference_mode():
            y = a * 2
        y.add_(1)

        with m.inference_mode():
            y = m.ones(2)
        y.requires_grad_()

        with m.inference_mode():
            on = m.is_inference_mode_enabled(), m.is_grad_enabled()
        on, m.is_inference_mode_enabled()

        with m.inference_mode(False):
            y = a * 2
        y.requires_grad

        @m.inference_mode()
        def f(x):
            return x + 1
        f(a).is_inference()

        a.register_hook(lambda g: g * 2)
        (a * 3).sum()

        h = a.register_hook(lambda g: g * 2)
        h.remove()
        (a * 3).sum()

        y = a * 2
        y.register_hook(lambda g: g + 1)
        (y * b).sum()

        y = a * 2
        y.register_hook(lambda g: g + 1)
        y.register_hook(lambda g: g * 10)
        y.sum()

        got = []
        y = a * 2
        y.register_hook(lambda g: got.append(g.clone()))
        y.sum().backward()
        got, a.grad

        y = a * 2
        y.register_hook(lambda g: g[0])
        y.sum().backward()

        y = a * 2
        y.register_hook(lambda g: 'text')
        y.sum().backward()

        y = a * 2
        y.register_hook(3) is None

        a.detach().register_hook(lambda g: g)

        y = a * 2
        y.retain_grad()
        y.register_hook(lambda g: g * 5)
        y.sum().backward()
        y.grad, a.grad

        got = []
        a.register_post_accumulate_grad_hook(lambda p: got.append(p.grad.clone()))
        (a * 2).sum().backward()
        got

        y = a * 2
        y.register_post_accumulate_grad_hook(lambda p: None)

        got = []
        y = (a * 2).sum()
        y.grad_fn.register_hook(lambda gi, go: got.append((gi, go)))
        y.backward()
        got

        got = []
        y = (a * 2).sum()
        y.grad_fn.register_prehook(lambda go: got.append(go))
        y.backward()
        got

        with m.autograd.detect_anomaly():
            (a * 2).sum().backward()
        a.grad

        with m.autograd.detect_anomaly():
            (a * 0 / 0).sum().sqrt().backward()

        with m.autograd.detect_anomaly():
            (-a.abs() - 1).sqrt().sum().backward()

        with m.autograd.detect_anomaly(check_nan=False):
            (-a.abs() - 1).sqrt().sum().backward()
        a.grad

        with m.autograd.set_detect_anomaly(True):
            y = (-a.abs() - 1).log().sum()
        y.backward()
        y

        with m.autograd.graph.saved_tensors_hooks(lambda t: t * 2, lambda t: t):
            y = a * a
        y.sum().backward()
        a.grad

        def f(x):
            with m.no_grad():
                return x * 2
        f(a).requires_grad, m.is_grad_enabled()

        import threading
        seen = []
        with m.no_grad():
            t = threading.Thread(target=lambda: seen.append(m.is_grad_enabled()))
            t.start()
            t.join()
        seen

        import contextlib
        with contextlib.ExitStack() as stack:
            stack.enter_context(m.no_grad())
            y = a * 2
        y.requires_grad, m.is_grad_enabled()

        m.set_grad_enabled('no')

        x = a.detach().requires_grad_()
        (x * 2).sum().backward()
        x.grad, a.grad, x.is_leaf

        x = a.clone().detach()
        x.requires_grad, x.data_ptr() == a.data_ptr()
    """):
        yield program, "f4(2,3)", "f4(2,3)"
        yield program, "f4() pos", "f4()"
