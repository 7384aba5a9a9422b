"""Corners where two features meet, found by running random programs on both libraries."""

from ..cases import family, programs


@family
def corners_in_place():
    for program in programs("""
        x = a * b
        y = x.select(-1, 0)
        x.unsqueeze_(0)
        x.mul_(2)
        y.mul_(3)
        x, y

        x = a * b
        y = x[0]
        z = y[1:]
        x.t_()
        w = x[0]
        x.mul_(2)
        x.t_()
        z.mul_(3)
        w.mul_(5)
        x, y, z, w

        x = (a * b)[None]
        y = x[0]
        z = y[1:]
        x.squeeze_()
        x.transpose_(0, 1)
        z.mul_(3)
        x.exp_()
        x, y, z

        x = a * b
        v = x.view(3, 2)
        w = v[0]
        v.t_()
        w.mul_(2)
        v.mul_(3)
        x.mul_(5)
        x, v, w

        x = a * 2
        with m.no_grad():
            x.unsqueeze_(0)
        x * x, x.requires_grad, x.is_leaf

        x = a * 2
        with m.no_grad():
            x.squeeze_()
        x * x, x.requires_grad, x.is_leaf

        p = a.detach().clone().requires_grad_()
        with m.no_grad():
            p.t_()
        (p * p).sum().backward()
        p.grad, p.is_leaf

        x = m.zeros(2, 3)
        y = x.view(-1)
        z = x[0]
        y.requires_grad_()
        z.add_(1)
        y.requires_grad, y

        x = a * 2
        v = x.view(-1)
        v.retain_grad()
        v.mul_(2)
        (v * v).sum().backward()
        v.retains_grad, v.grad

        x = a * 2
        v = x.view(-1)
        v.retain_grad()
        x.mul_(2)
        v.add_(1)
        (v * v).sum().backward()
        v.retains_grad, v.grad

        x = a * 2
        v = x.view(-1)
        x.retain_grad()
        v.mul_(2)
        (x * x).sum().backward()
        x.retains_grad, x.grad

        x = m.zeros(3) * a[0]
        v = x.expand(2, 3)[0]
        v.add_(b[1])
        x

        x = a[0] * 1
        v = x.expand(2, 3).diagonal()
        v.mul_(b[1, 0])
        x, v

        x = m.zeros(1)
        v = x.expand(1, 1)
        v.add_(1)
        x

        x = m.zeros(3)
        x.expand(2, 3).add_(1)

        x = m.zeros(3)
        z = x[::2]
        x *= b[0]
        z.neg_()
        x, z

        x = a * 2
        v = x.view(-1)
        v.register_hook(lambda g: g * 3)
        v.mul_(2)
        x

        x = a * 1
        y = x * x
        x.detach_()
        y

        y = a * a
        a.data = m.zeros(2, 3)
        y
    """):
        yield program, "f4(2,3)", "f4(2,3)"
    for program in programs("""
        x = a.clone()
        y = x
        x <<= b
        y, x is y, x._version

        x = a.clone()
        x >>= 1
        x

        x = a.bool()
        x >>= 1

        x = b.clone()
        x <<= a

        x = a.float()
        x <<= 1
        x

        x = b.clone()
        x.bitwise_left_shift_(1), x.bitwise_right_shift_(b[0])
    """):
        yield program, "i4(2,3)", "u1(3,)"


@family
def corners_of_reductions():
    for text in """
        m.sum(a, dtype=m.int32)|a.sum(0, dtype=m.bool)|a.prod(dtype=m.uint8)|a.cumsum(0, dtype=m.int32)
        a.cumprod(0, dtype=m.int8)|a.nansum(dtype=m.bool)|a.sum(dtype=m.uint8)|m.prod(a, 0, dtype=m.bool)
        m.sum(a, 0, True, dtype=m.int16)|m.cumsum(a, None)|a.cumprod(None)
    """.strip().replace("\n", "|").split("|"):
        for spec in ("i4(2,3)", "u1(4,)", "b1(2,2)", "f4(3,) const", "i1()", "i8(0,3)"):
            yield text, spec
    for way in ("linear", "lower", "higher", "midpoint", "nearest"):
        yield f"m.nanquantile(a, 0.3, 0, interpolation='{way}')", "f4(4,3) nan"
        yield f"m.nanquantile(a, m.tensor([0.1, 0.9]), interpolation='{way}')", "f4(4,3) nan"
    yield "m.searchsorted(b[0], a)", "f4(2,3)", "f4(3,)"
    yield "m.searchsorted(b[0], 2)", "f4(2,3)", "f4(3,)"


INT8 = "m.tensor(1, dtype=m.int8)"


@family
def corners_of_indexing():
    for index in (
        INT8, f":, {INT8}", f"{INT8}, m.tensor([0, 1])", "m.tensor(0, dtype=m.int16)", "m.tensor([1], dtype=m.int8)",
        "None, [0, 1], ..., [0, 1]", "[0, 1], ..., [0, 1]", "None, [0, 1], ..., True", "[0, 1], None, [0, 1]", "False",
        "True", "None, [0, 1], ..., 1, [0]",
    ):  # fmt: skip
        for spec in ("f4(2,2)", "i8(2,2,2)"):
            yield f"a[{index}]", spec
            yield f"x = a.clone()\nx[{index}] = 3\nx, x._version", spec
    for index in (
        "[0]", "[]", "[0, 1], [0, 1]", "a > 0", "a > 9", ":, a[0] > 0", "0, a[0] > 0", "[0], a[0] > 0", "True",
        "True, :", "m.tensor(True)", "[True, False]", "m.tensor(0), m.tensor(1)", "m.tensor([1])", "0", ":", "..., 0",
        "False", INT8,
    ):  # fmt: skip
        for value in ("m.tensor(2.0, dtype=m.float64)", "m.zeros(1, dtype=m.float64)", "m.tensor(3)", "m.tensor(2.0)",
                      "m.ones(2, 2).double()", "m.zeros(0, 2).double()"):  # fmt: skip
            yield f"x = a.clone()\nx[{index}] = {value}\nx", "f4(2,2)"
    for index in ("m.tensor([0])", "m.tensor(0)", "a > 0", "m.tensor([True, False])"):
        for option in ("", ", accumulate=True"):
            for dtype in ("m.float64", "m.float32"):
                yield f"a.index_put(({index},), m.tensor(2.0, dtype={dtype}){option})", "f4(2,2)"


@family
def corners_of_autograd():
    for program in programs("""
        a.register_post_accumulate_grad_hook(lambda p: p.grad.mul_(10))
        (a * 3).sum().backward()

        y = a * 2
        y.register_hook(lambda g: g.double())
        y.sum().backward()

        y = (a * 2).sum()
        y.grad_fn.register_prehook(lambda gs: (gs[0].double(),))
        y.backward()

        m.autograd.grad((a * b).sum(), {'x': a, 'y': b})

        a.requires_grad_('yes')

        a.requires_grad_(1)

        x = a.detach()
        x.requires_grad = 1

        a.data = m.zeros(2, 3).long()

        a.data = 3
    """):
        yield program, "f4(2,3)", "f4(2,3)"


FUNCTION = """
class Own(m.autograd.Function):
    @staticmethod
    def forward(ctx, x, k=2):
        {forward}
    @staticmethod
    def backward(ctx, *gs):
        {backward}
"""


@family
def corners_of_functions():
    def own(forward, backward, program):
        lines = program.strip().split("; ")
        return "\n".join([FUNCTION.format(forward=forward, backward=backward).strip(), *lines])

    for program in (
        own("return x * 2, 7, None, 'k'", "return gs[0], None", "y = Own.apply(a, 2); y"),
        own("return x * 2, 7, None, 'k'", "Own.seen = [type(g).__name__ for g in gs]; return gs[0]",
            "y = Own.apply(a); y[0].sum().backward(); Own.seen"),
        own("return x * k", "return gs[0] * 3, gs[0]", "Own.apply(a, 3)"),
        own("return x * k", "return gs[0] * 3, 0", "Own.apply(a, 3)"),
        own("return x * k", "return gs[0] * 3, None, None", "Own.apply(a, 3)"),
        own("ctx.mark_dirty(x); x.mul_(2); return x", "return gs[0] * 2", "Own.apply(a)"),
        own("ctx.mark_dirty(x); x.mul_(2); return x", "return gs[0] * 2", "x = a * 1; Own.apply(x); x"),
        own("ctx.mark_dirty(x); x.mul_(2); return x", "return gs[0] * 2", "Own.apply(a.detach())"),
        own("ctx.mark_dirty(x); return x * 2", "return gs[0] * 2", "x = a * 1; Own.apply(x)"),
        own("ctx.mark_dirty(x); return x * 2", "return gs[0] * 2", "Own.apply(a.detach())"),
        own("ctx.mark_dirty(x); x.mul_(2); return x, x * 3", "return gs[0] * 2 + gs[1] * 6",
            "x = a * 1; y, z = Own.apply(x); y, z, x is y"),
    ):  # fmt: skip
        yield program, "f4(2,3)"


@family
def corners_of_layers():
    for program in programs("""
        F.batch_norm(a, None, None, training=True, eps=0)

        F.batch_norm(a, m.zeros(3), m.ones(3), eps=0.0)

        nn.BatchNorm1d(3, eps=-1.0)(a)

        nn.init.uniform_(m.ones(3).long())

        nn.init.normal_(m.ones(3).long())

        nn.init.orthogonal_(m.ones(2, 2).long())

        nn.init.trunc_normal_(m.ones(2, 2).long())

        nn.init.kaiming_uniform_(m.ones(2, 2).long())

        nn.init.normal_(m.ones(3), 0, -1)

        nn.utils.vector_to_parameters(m.ones(3), [a])

        nn.utils.vector_to_parameters([1], [a])

        nn.utils.vector_to_parameters(m.ones(7), [b.detach()])

        m.rsub(a > 0, 2, alpha=2)

        m.rsub(a > 0, b, alpha=2)

        m.sub(a, True, alpha=0.5)

        m.sub(a, b > 0, alpha=2)

        loader = m.utils.data.DataLoader([1, 2, 3])
        loader.batch_size = 3

        loader = m.utils.data.DataLoader([1, 2, 3])
        loader.dataset = [4]

        loader = m.utils.data.DataLoader([1, 2, 3])
        loader.collate_fn = list
        next(iter(loader))
    """):
        yield program, "f4(2,3)", "f4(2,3)"


@family
def corners_of_windows():
    for options, spec in (
        ("1d(2, 2, 2, dilation=2, output_padding=1", "f4(2,2,6)"),
        ("1d(4, 4, 3, padding=1, dilation=2, groups=2, output_padding=1", "f4(2,4,6)"),
        ("1d(2, 2, 3, padding=2, dilation=3, output_padding=2", "f4(2,5)"),
        ("1d(2, 2, 2, stride=2, padding=1, dilation=4, output_padding=3", "f4(2,2,5)"),
        ("2d(2, 2, 1, stride=(3, 1), dilation=2, output_padding=1", "f4(2,3,4)"),
        ("2d(2, 2, 2, padding=1, dilation=(2, 1), output_padding=(1, 0)", "f4(2,2,3,4)"),
    ):
        for bias in ("", ", bias=False"):
            yield f"l = fill(nn.ConvTranspose{options}{bias}))\nl(a)", spec
        yield f"""
l = fill(nn.ConvTranspose{options}))
g, w = m.autograd.grad(l(a).square().sum(), [a, l.weight], create_graph=True)
g, w
""", spec
    for call in (
        "max_pool1d(a, 3, 2, 1, dilation=2, ceil_mode=True)", "max_pool1d(a, 2, 3, 1, 2, True, True)",
        "max_pool1d(a, 2, padding=1, return_indices=True)", "max_pool1d(a, 3, 1, 1, return_indices=True)",
    ):
        for words in ("ugly", "inf", "nan"):
            yield f"F.{call}", f"f4(2,3) {words}"
            yield f"F.{call}", f"f4(2,2,7) {words}"
        yield (f"a = m.full((1, 4), float('-inf'), requires_grad=True)\nF.{call}",)
    yield "F.max_pool2d(a, 2, None, 1, (2, 1), return_indices=True)", "f4(2,2,5,4) ugly"
    yield ("a = m.full((1, 3, 3), float('-inf'), requires_grad=True)\nF.max_pool2d(a, 3, 1, 1, return_indices=True)",)
    for text in (
        "F.interpolate(a, size=4, mode='linear', recompute_scale_factor=True)",
        "F.pad(a, (1, 1), 'reflect', value=2.5)", "F.pad(a, (1, 1), 'circular', 2.5)",
        "F.pad(a, (1, 1), 'replicate', 0.0)",
    ):  # fmt: skip
        yield text, "f4(4,2,3)"


@family
def corners_of_attention():
    inf = "float('-inf')"
    masks = (
        "m.tensor([[True, True, True], [False, True, False]])", f"m.tensor([[{inf}] * 3, [0.0, 1.0, {inf}]])",
        "m.zeros(2, 3)", "m.zeros(1, 3)", "m.zeros(3, 3)", "m.zeros(2, 2, 3)", "m.zeros(4, 2, 3)",
    )  # fmt: skip
    paddings = ("m.tensor([[True, True, True], [False, True, False]])", "m.zeros(1, 3)", "m.zeros(2, 2)",
                "m.tensor([[False, True, True]] * 2)")  # fmt: skip
    shapes = ("f4(2,2,4)", "f4(3,2,4)", "f4(3,2,4)")
    for weights in ("", ", need_weights=False"):
        for mask in masks:
            yield f"l = fill(nn.MultiheadAttention(4, 2))\nl(a, b, c, attn_mask={mask}{weights})", *shapes
        for padding in paddings:
            yield f"l = fill(nn.MultiheadAttention(4, 2))\nl(a, b, c, key_padding_mask={padding}{weights})", *shapes
            given = f"attn_mask={masks[1]}, key_padding_mask={padding}{weights}"
            yield f"l = fill(nn.MultiheadAttention(4, 2))\nl(a, b, c, {given})", *shapes
    for mask in masks[:4]:
        yield f"F.scaled_dot_product_attention(a, b, c, attn_mask={mask})", "f4(2,2,4)", "f4(2,3,4)", "f4(2,3,4)"
    yield (
        "l = fill(nn.TransformerEncoderLayer(4, 2, 3, 0.0, batch_first=True))\n"
        "l(a, src_key_padding_mask=m.tensor([[True, True, True], [False, True, False]]))"
    ), "f4(2,3,4)"


@family
def corners_of_losses():
    for first, second in (("zero", "zero"), ("zero", ""), ("", "zero"), ("", "big"), ("small", "")):
        specs = [f"f4(2,3) {word}".strip() for word in (first, second)]
        for option in ("", ", dim=0", ", eps=0.1"):
            yield f"F.cosine_similarity(a, b{option})", *specs
        for option in ("", ", margin=0.3", ", reduction='none'"):
            yield f"F.cosine_embedding_loss(a, b, m.tensor([1, -1]){option})", *specs
        yield "nn.CosineSimilarity()(a, b[:1])", *specs
    for text in (
        "F.multi_margin_loss(a, m.tensor([1, 0, 2]))", "F.multi_margin_loss(a, m.tensor([1, 0]))",
        "F.instance_norm(a[None], m.zeros(3), m.ones(3))", "F.instance_norm(a[None], m.zeros(2), m.ones(2))",
        "nn.InstanceNorm1d(3, track_running_stats=True)(a)", "F.batch_norm(a, m.zeros(2), m.ones(2), training=True)",
        "F.embedding_bag(m.tensor([1, 0, 1, 1]), a, m.tensor([0, 2]), include_last_offset=True)",
        "F.embedding_bag(m.tensor([1, 0, 1, 1]), a, m.tensor([0, 2, 4]), include_last_offset=True)",
        "F.embedding_bag(m.tensor([1, 0, 1, 1]), a, m.tensor([0, 5]), include_last_offset=True)",
    ):  # fmt: skip
        yield text, "f4(2,3)"
