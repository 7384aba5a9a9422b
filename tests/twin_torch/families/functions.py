"""Functions of one's own, derivatives of functions, and second derivatives of ops."""

from ..cases import family, programs, texts

TWICE = """
x, y = a, b
z = ({}).sum()
g = m.autograd.grad(z, (a, b), create_graph=True, allow_unused=True)
sum((t ** 2).sum() for t in g if t is not None and t.requires_grad)
"""


@family
def own_functions():
    for program in programs("""
        class Square(m.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x * x
            @staticmethod
            def backward(ctx, g):
                x, = ctx.saved_tensors
                return 2 * x * g
        y = Square.apply(a)
        y, y.grad_fn.name(), y.requires_grad

        class Scale(m.autograd.Function):
            @staticmethod
            def forward(ctx, x, factor):
                ctx.factor = factor
                return x * factor
            @staticmethod
            def backward(ctx, g):
                return g * ctx.factor, None
        Scale.apply(a, 3.0)

        class Two(m.autograd.Function):
            @staticmethod
            def forward(ctx, x, y):
                ctx.save_for_backward(x, y)
                return x * y, x + y
            @staticmethod
            def backward(ctx, g, h):
                x, y = ctx.saved_tensors
                return g * y + h, g * x + h
        p, q = Two.apply(a, b)
        p, q

        class Two(m.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 1, x * 2
            @staticmethod
            def backward(ctx, g, h):
                return g + h
        p, q = Two.apply(a)
        p.sum()

        class Wrong(m.autograd.Function):
            @staticmethod
            def forward(ctx, x, y):
                return x * y
            @staticmethod
            def backward(ctx, g):
                return g
        Wrong.apply(a, b)

        class Wrong(m.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2
            @staticmethod
            def backward(ctx, g):
                return g[0]
        Wrong.apply(a)

        class Wrong(m.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2
        Wrong.apply(a)

        class Wrong(m.autograd.Function):
            pass
        Wrong.apply(a)

        class Wrong(m.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2
            @staticmethod
            def backward(ctx, g):
                return 'text'
        Wrong.apply(a)

        class Wrong(m.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2
            @staticmethod
            def backward(ctx, g):
                raise KeyError('mine')
        Wrong.apply(a)

        class Nothing(m.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2
            @staticmethod
            def backward(ctx, g):
                return None
        Nothing.apply(a)

        class Needs(m.autograd.Function):
            @staticmethod
            def forward(ctx, x, y):
                ctx.save_for_backward(x, y)
                ctx.needs = ctx.needs_input_grad
                return x * y
            @staticmethod
            def backward(ctx, g):
                x, y = ctx.saved_tensors
                Needs.seen = ctx.needs_input_grad
                return g * y if ctx.needs_input_grad[0] else None, g * x if ctx.needs_input_grad[1] else None
        z = Needs.apply(a, b)
        if z.requires_grad:
            z.sum().backward()
        a.grad, b.grad, getattr(Needs, 'seen', None)

        class Sign(m.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x.sign()
            @staticmethod
            def backward(ctx, g):
                return g
        (Sign.apply(a) * b).sum()

        class Cube(m.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x ** 3
            @staticmethod
            def backward(ctx, g):
                x, = ctx.saved_tensors
                return 3 * x * x * g
        x = m.tensor([2.0], requires_grad=True)
        g, = m.autograd.grad(Cube.apply(x).sum(), x, create_graph=True)
        g.sum().backward()
        g.detach(), x.grad

        class Once(m.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2
            @staticmethod
            @m.autograd.function.once_differentiable
            def backward(ctx, g):
                return g * 2
        Once.apply(a)

        class New(m.autograd.Function):
            @staticmethod
            def forward(x, k):
                return x * k
            @staticmethod
            def setup_context(ctx, inputs, output):
                ctx.k = inputs[1]
            @staticmethod
            def backward(ctx, g):
                return g * ctx.k, None
        New.apply(a, 4.0)

        class Mark(m.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.mark_dirty(x)
                x.mul_(2)
                return x
            @staticmethod
            def backward(ctx, g):
                return g * 2
        y = a.clone()
        Mark.apply(y) * b

        class Index(m.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                i = x.argmax()
                ctx.mark_non_differentiable(i)
                return x * 1, i
            @staticmethod
            def backward(ctx, g, gi):
                return g
        Index.apply(a)

        class Square(m.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x * x
            @staticmethod
            def backward(ctx, g):
                x, = ctx.saved_tensors
                return 2 * x * g
        y = Square.apply(a).sum()
        y.backward()
        y.backward()

        class Square(m.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x * x
            @staticmethod
            def backward(ctx, g):
                x, = ctx.saved_tensors
                return 2 * x * g
        x = a.clone()
        y = Square.apply(x)
        x.add_(1)
        y.sum()

        class Square(m.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * x
            @staticmethod
            def backward(ctx, g):
                return g
        with m.no_grad():
            y = Square.apply(a)
        y.requires_grad

        class Same(m.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x
            @staticmethod
            def backward(ctx, g):
                return g * 5
        Same.apply(a)

        class Square(m.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * x
        Square()(a)
    """):
        yield program, "f4(2,3)", "f4(2,3)"
        yield program, "f4(3,) const", "f4(3,)"


@family
def functional_derivatives():
    for text in texts("""
        m.autograd.functional.jacobian(lambda x: x ** 2, a)  m.autograd.functional.jacobian(lambda x: x.sum(), a)
        m.autograd.functional.jacobian(lambda x, y: x * y, (a, b))
        m.autograd.functional.jacobian(lambda x: x @ m.ones(3), a)
        m.autograd.functional.hessian(lambda x: (x ** 3).sum(), a)
        m.autograd.functional.hessian(lambda x, y: (x * y).sum(), (a, b))
        m.autograd.functional.hessian(lambda x: x ** 2, a)  m.autograd.functional.vjp(lambda x: x ** 2, a, b)
        m.autograd.functional.jvp(lambda x: x ** 2, a, b)  m.autograd.functional.vjp(lambda x: x.sum(), a)
        m.autograd.functional.hvp(lambda x: (x ** 3).sum(), a, b)
        m.autograd.functional.vhp(lambda x: (x ** 3).sum(), a, b)  m.autograd.functional.jacobian(lambda x: 3, a)
        m.autograd.functional.jacobian(lambda x: (x, x * 2), a)
        m.autograd.functional.jacobian(lambda x: x * 2, a, create_graph=True)
        m.autograd.functional.jacobian(lambda x: m.ones(2), a)
        m.autograd.functional.jacobian(lambda x: m.ones(2), a, strict=True)
        m.autograd.functional.vjp(lambda x: x ** 2, a)  m.autograd.functional.jvp(lambda x: x ** 2, a)
        m.autograd.gradcheck(lambda x: x ** 2, a.double())
        m.autograd.gradcheck(lambda x, y: x * y, (a.double(), b.double()))
        m.autograd.gradgradcheck(lambda x: x ** 3, a.double())
        m.autograd.gradcheck(lambda x: x.detach() * x, a.double())
        m.autograd.gradcheck(lambda x: x.detach() * x, a.double(), raise_exception=False)
        m.autograd.gradcheck(lambda x: x ** 2, a.double().detach())
    """):
        for pair in (("f4(3,)", "f4(3,)"), ("f4(2,3)", "f4(2,3)"), ("f4(3,) const", "f4(3,) const"), ("f4()", "f4()")):
            yield text, *pair


@family
def second_order():
    for text in texts("""
        x ** 3  x * x * y  x / y  y ** x  x.exp()  x.log()  x.sqrt()  x.sin() * y  x.tanh()  x.sigmoid()
        x.relu() ** 2  x.abs()  x.softmax(-1) * y  x.log_softmax(-1) * y  x.logsumexp(-1)  x.mean() ** 2  x.var()
        x.std()  x.norm()  x.prod()  x.cumsum(0) ** 2  x.cumprod(-1)  x.max() ** 2  x.amax() ** 2
        x @ y.transpose(-1, -2)  m.einsum('...i,...i->...', x, y) ** 2  x.reshape(-1) ** 2  x.T ** 2  x[0] ** 2
        x.gather(-1, m.zeros_like(x).long()) ** 2  m.where(x > y, x ** 2, y ** 3)  m.maximum(x, y) ** 2
        x.clamp(0.5, 1) ** 2  F.gelu(x)  F.silu(x)  F.elu(x)  F.softplus(x)  F.mse_loss(x, y)
        F.layer_norm(x, x.shape[-1:]) * y  F.normalize(x, dim=-1) * y  m.cat([x, y]) ** 3  m.stack([x, y]).prod(0)
        F.pad(x, (1, 1)) ** 3  x.flip(0) ** 3  x.sort(-1).values ** 3  x.topk(1).values ** 3
        x.expand(2, *x.shape) ** 3  x.unfold(-1, 2, 1) ** 3  m.erf(x)  x.atan()  m.atan2(x, y)  x.sinh()  x.asinh()
        m.log1p(x)  m.expm1(x)  x.rsqrt()  x.reciprocal()  m.hypot(x, y)  F.binary_cross_entropy_with_logits(x, y)
        F.smooth_l1_loss(x, y)  F.cosine_similarity(x, y, -1)  F.linear(x, y) ** 2  x.lerp(y, 0.3) ** 2
        x.triu() ** 2 if x.ndim > 1 else x ** 2  m.logaddexp(x, y)  m.addcdiv(x, x, y)
        x.index_select(-1, m.tensor([0, 0])) ** 2
        F.cross_entropy(x, m.zeros(x.shape[0]).long() if x.ndim > 1 else m.tensor(0))  F.kl_div(x, y)
        x.masked_fill(y > 1, 0.0) ** 3  x.scatter_add(-1, m.zeros_like(y).long(), y) ** 2  x.roll(1) ** 3
        x.repeat(2, 1) ** 3  F.huber_loss(x, y)  F.batch_norm(x, None, None, training=True, eps=0.1) * y
        F.max_pool1d(x[None], 2) ** 2  F.avg_pool1d(x[None], 2) ** 2
        F.conv1d(x[None], y[None] if y.ndim > 1 else y[None, None]) ** 2  F.embedding(m.tensor([0, 0]), x) ** 2
        x.remainder(y) ** 2  x.median() ** 2
    """):
        program = TWICE.format(text)
        yield program, "f4(2,3) pos", "f4(2,3) pos"
        yield program, "f4(3,) pos", "f4(3,) pos"
