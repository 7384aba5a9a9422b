"""Changing tensors in place, views that share memory, and what autograd makes of both."""

from ..cases import family, programs, texts

FORMS = texts("""
    add_(1)  add_(b)  sub_(b)  mul_(2)  mul_(b)  div_(2)  div_(b)  pow_(2)  neg_()  abs_()  exp_()  log_()  sqrt_()
    sin_()  cos_()  tanh_()  sigmoid_()  relu_()  zero_()  fill_(3)  fill_(b.sum())  clamp_(-1, 1)  clamp_(min=0)
    round_()  floor_()  ceil_()  copy_(b)  masked_fill_(b > 0, 5)  addcmul_(b, b)  addcdiv_(b, b + 5)  lerp_(b, 0.5)
    t_()  unsqueeze_(0)  squeeze_()  transpose_(0, 1)  reciprocal_()  square_()  rsqrt_()  sign_()  remainder_(2)
    index_fill_(0, m.tensor([0]), 1)  cumsum_(0)  erf_()  trunc_()  frac_()  add_(b, alpha=2)  sub_(1, alpha=3)
    clip_(0, 1)  fmod_(2)  floor_divide_(2)  detach_()  requires_grad_()  eq_(1)  logical_not_()
    index_add_(0, m.tensor([0]), b[:1])  swapaxes_(0, 1)  resize_(3)  fill_diagonal_(9)  tril_()  triu_()
    uniform_(1, 1)  normal_(1, 0)  fill_('a')  add_('a')  copy_(3)  add_(None)  atan2_(b)  true_divide_(2)  set_(b)
    random_(1)  bernoulli_(0.0)  nan_to_num_()
""")


@family
def in_place_forms():
    for form in FORMS:
        yield f"x = a.clone()\nx.{form}\nx", "f4(2,3)", "f4(2,3)"
        yield f"x = a.clone()\ny = x.{form}\ny is x", "f4(2,3)", "f4(2,3)"
        yield f"x = a * 2\nx.{form}\nx", "f4(2,3) const", "f4(2,3)"
        yield f"x = a.clone()\nx.{form}\nx", "i8(2,3)", "i8(2,3) pos"
        yield f"a.{form}\na", "f4(2,3)", "f4(2,3)"
        yield f"x = a.clone()\nx.{form}\nx._version", "f4(2,3) const", "f4(2,3) const"
        yield f"x = a.clone()\nx.{form}\nx", "f4(2,3) T", "f4(3,)"
    for sign in ("+=", "-=", "*=", "/=", "**=", "//=", "%=", "&=", "|=", "@="):
        for other in ("2", "b", "0.5", "True"):
            for pair in (
                ("f4(2,3)", "f4(2,3)"), ("f4(2,3)", "f4(3,)"), ("f4(3,)", "f4(2,3)"), ("i8(2,3)", "i8(2,3) pos"),
                ("i8(2,)", "f4(2,) const"), ("b1(2,)", "b1(2,)"), ("f4()", "f4()"), ("f2(2,)", "f4(2,)"),
                ("u1(2,)", "i8(2,)"), ("f4(2,)", "f8(2,)"),
            ):  # fmt: skip
                yield f"x = a.clone()\nx {sign} {other}\nx", *pair
        yield f"a {sign} 2\na", "f4(2,)"
        yield f"a {sign} 2\na", "i8(2,)"


@family
def in_place_and_autograd():
    for program in programs("""
        x = a.exp()
        x.add_(1)
        x.sum()

        x = a * b
        x.add_(1)
        x.sum()

        y = a.clone()
        z = y * b
        y.mul_(2)
        z.sum()

        y = a.clone()
        z = y * b
        b.detach().add_(1)
        z.sum()

        y = a.clone()
        z = y.sin()
        y.zero_()
        z.sum() + y.sum()

        x = a.clone()
        v = x[0]
        v.mul_(3)
        x.sum()

        x = a.clone()
        v = x[0]
        x.mul_(3)
        v.sum()

        x = a.clone()
        v = x.view(-1)
        v[1:] *= b.reshape(-1)[1:]
        x

        x = a.clone()
        v = x.T
        v += 1
        x * b

        x = a.clone()
        x[0] = b[0]
        x[0] = x[0] * 2
        x

        x = a.clone()
        x[1:] *= b[1:]
        y = x.sum()
        y

        x = m.zeros(2, 3)
        x[0] = a[0]
        x[1] = b[1] * x[0]
        x

        x = m.zeros(2, 3)
        x += a
        x *= b
        x

        x = a.clone()
        x.relu_()
        x * 2

        x = a.clone()
        y = x.relu_()
        x.mul_(2)
        y.sum()

        x = a.tanh()
        x *= 2
        x.sum()

        x = a.sigmoid()
        y = x * 1
        x.add_(1)
        y.sum()

        with m.no_grad():
            a.add_(1)
        (a * b).sum()

        a.data.mul_(2)
        (a * a).sum()

        y = a * a
        a.data.add_(1)
        y.sum()

        y = a * a
        with m.no_grad():
            a.add_(1)
        y.sum()

        a.detach().zero_()
        a.sum()

        y = (a * a).detach()
        y.add_(1)
        y, y.requires_grad, y._version

        x = a.clone()
        y = x.detach()
        y.zero_()
        x.sum(), x._version

        x = a.clone()
        y = x * x
        x.detach().zero_()
        y.sum()

        x = a.clone()
        d = x.expand(3, 2, 3)
        d.add_(1)

        x = a.clone()
        for row in x.unbind():
            row.add_(1)
        x

        x = a.clone()
        p, q = x.split(1)
        p.add_(1)
        x

        x = a.clone()
        p, q = x.chunk(2)
        x.add_(1)
        p.sum()

        x = a.clone()
        x.unsqueeze(0).mul_(b)
        x

        x = a.clone()
        x.diagonal().zero_()
        x

        x = a.clone()
        x.diagonal().copy_(b.diagonal())
        x

        x = a.clone()
        x.select(1, 0).fill_(3.0)
        x

        x = a.clone()
        x.narrow(1, 0, 2).mul_(b[:, :2])
        x

        x = a.clone()
        y = x.reshape(3, 2)
        y[0] = 0
        x

        x = a.clone()
        x.permute(1, 0)[0].add_(b[:, 0])
        x

        x = a.clone()
        v = x[0]
        w = v[1:]
        w.mul_(2)
        x, v

        x = a.clone()
        v = x[0]
        x.add_(1)
        v.grad_fn is not None, v.sum()

        with m.no_grad():
            v = a[0]
        v.add_(1)

        with m.no_grad():
            v = a[0]
            v.add_(1)
        a.sum(), a._version, v._version

        v = a[0]
        v.add_(1)

        v = a.view(-1)
        v.mul_(2)

        x = a.clone()
        x.requires_grad_(False)

        x = a.clone()
        x.copy_(b)
        x

        x = m.zeros(2, 3)
        x.copy_(a * b)
        x

        x = m.zeros(3)
        x.copy_(a[0])
        x.mul_(b[0])
        x

        x = m.zeros(2, 3, dtype=m.float64)
        x.copy_(a)
        x

        x = a.clone()
        x.fill_(2.0)
        x.sum()

        x = a.clone()
        x.zero_()
        x.sum() + a.sum()

        x = a.clone()
        x.masked_fill_(b > 0, 0.0)
        x

        x = a.clone()
        x.clamp_(-0.5, 0.5)
        x

        x = a.clone()
        y = x ** 2
        x += 1
        y.sum()

        x = a.clone()
        y = x + 2
        x += 1
        y.sum()

        x = a.clone()
        y = x * 2
        x *= 3
        y.sum() + x.sum()

        x = a.clone()
        y = x.sum()
        x *= 3
        y

        x = a.clone()
        x.retain_grad()
        x.mul_(2)
        x.sum().backward()
        x.grad, a.grad

        x = a.clone()
        y = m.cat([x, b])
        x.zero_()
        y

        x = a.clone()
        y = x.softmax(-1)
        x.zero_()
        y

        x = a.clone()
        y = x.max(1).values
        x.zero_()
        y

        x = a.clone()
        y = x.matmul(b.T)
        x.zero_()
        y

        x = a.clone()
        y = x.matmul(b.detach().T)
        x.zero_()
        y

        x = a.clone()
        y = x.std()
        x.zero_()
        y

        x = a.clone()
        y = x.prod()
        x.zero_()
        y

        x = a.clone()
        y = x.abs()
        x.zero_()
        y

        x = a.clone()
        y = x.sqrt()
        y.zero_()
        y

        x = a.clone()
        y = x.log()
        y.zero_()
        y

        x = a.clone()
        y = x.clamp(0, 1)
        y.zero_()
        y

        x = a.clone()
        y = x / b
        y.zero_()
        y

        x = a.clone()
        x.t_()
        x

        x = a.clone()
        x.unsqueeze_(0)
        x

        x = a.clone()
        x.detach_()
        x.requires_grad, x.is_leaf

        x = a.clone()
        v = x[0]
        v.detach_()
    """):
        yield program, "f4(2,3)", "f4(2,3)"
        yield program, "f4(2,3) const", "f4(2,3)"
        yield program, "f4(2,3)", "f4(2,3) const"


@family
def views():
    makers = texts("""
        a.view(3, 2)  a.reshape(3, 2)  a.T  a[0]  a[:, 1:]  a[::2]  a.unsqueeze(0)  a.squeeze()  a.expand(2, 2, 3)
        a.permute(1, 0)  a.detach()  a.flatten()  a.diagonal()  a.narrow(0, 0, 1)  a.select(0, 1)  a.split(1)[0]
        a.chunk(2)[1]  a.unbind()[0]  a.transpose(0, 1)  a[...]  a[None]  a.unfold(1, 2, 1)  a.movedim(0, 1)
        a.clone()  a.contiguous()  a.T.contiguous()  a[[0]]  a[a == a]  a + 0  a.to(m.float32)  a.T.reshape(-1)
        a.T.flatten()  a.ravel()  a.data  a.view_as(a)  a.expand_as(a)  a.broadcast_to(2, 3)  a.float()  a.tile(1)
        a.repeat(1, 1)  a.flip(0)  a.roll(1)  a.numpy()  m.from_numpy(a.numpy())  m.as_tensor(a)  a.type(m.float32)
        a.index_select(0, m.tensor([0]))  a.tril()  m.atleast_2d(a)  m.broadcast_tensors(a, a)[0]  a.mT
        a.swapaxes(0, 1)  a.unflatten(1, (3, 1))  a.cpu()  a.view(-1)[1:]  a[0, 0]  a[0][1:]  a.positive()  a.real
        a.view(m.int32)  a.to(m.float64)  m.squeeze(a, 0)  m.ravel(a)
    """)
    for maker in makers:
        yield f"v = {maker}\nv.shape, v.stride() if hasattr(v, 'stride') else 0", "f4(2,3) const"
        yield f"v = {maker}\na.zero_()\nv", "f4(2,3) const"
        yield f"v = {maker}\nv *= 0\na, a._version", "f4(2,3) const"
        yield f"v = {maker}\na.add_(1)\nv._version, a._version", "f4(2,3) const"
        yield f"v = {maker}\nv._base is a, v._is_view(), v.is_contiguous()", "f4(2,3) const"
        yield f"x = a.clone()\nv = {maker.replace('a.', 'x.', 1).replace('a[', 'x[', 1)}\nv *= 2\nx", "f4(2,3)"
