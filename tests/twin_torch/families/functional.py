"""Convolution, pooling, normalisation, embedding, attention: the functions of nn.functional with weights."""

from ..cases import family, programs, texts


@family
def convolutions():
    options = ["", *texts("""
        , stride=2  , padding=1  , padding='same'  , padding='valid'  , dilation=2  , stride=2, padding=2, dilation=2
        , padding='odd'  , stride=0  , padding=-1  , groups=2  , stride=(2,)
    """)]  # fmt: skip
    for option in options:
        for trio in (
            ("f4(2,3,6)", "f4(4,3,3)", "f4(4,)"), ("f4(3,6)", "f4(2,3,2)", "f4(2,)"),
            ("f4(1,4,6)", "f4(2,2,3)", "f4(2,)"), ("f4(2,3,2)", "f4(4,3,3)", "f4(4,)"),
            ("f4(2,3,6) T", "f4(4,3,3) T", "f4(4,)"), ("f4(2,2,6)", "f4(4,3,3)", "f4(4,)"),
            ("f4(0,3,6)", "f4(4,3,3)", "f4(4,)"), ("f4(2,3,6)", "f4(4,3,1)", "f4(3,)"),
        ):  # fmt: skip
            yield f"F.conv1d(a, b, c{option})", *trio
    options = ["", *texts("""
        , stride=2  , padding=1  , padding='same'  , dilation=2  , stride=(2, 1), padding=(1, 0)  , groups=2
        , padding=(2, 1), dilation=(2, 1)  , stride=(1, 2, 3)
    """)]
    for option in options:
        for trio in (
            ("f4(2,3,5,6)", "f4(4,3,3,2)", "f4(4,)"), ("f4(2,5,5)", "f4(3,2,3,3)", "f4(3,)"),
            ("f4(1,4,5,5)", "f4(4,2,2,2)", "f4(4,)"), ("f4(1,2,4,4) T", "f4(2,2,1,1)", "f4(2,)"),
            ("f4(2,3,2,2)", "f4(4,3,3,3)", "f4(4,)"), ("f4(3,3)", "f4(4,3,3,3)", "f4(4,)"),
            ("f8(1,2,4,4)", "f8(2,2,3,3)", "f8(2,)"), ("f4(1,2,4,4)", "f8(2,2,3,3)", "f4(2,)"),
            ("f4(0,3,5,6)", "f4(4,3,3,2)", "f4(4,)"), ("f4(1,1,4,4) ugly", "f4(1,1,2,2)", "f4(1,)"),
        ):  # fmt: skip
            yield f"F.conv2d(a, b, c{option})", *trio
    for text in texts("""
        F.conv1d(a, b)  F.conv1d(a, b, None, 1)  F.conv1d(a, b, m.ones(4), 1, 1)  F.conv1d(a)  F.conv1d(a, 3)
        F.conv1d(a, b, m.ones(3))  F.conv1d(input=a, weight=b, bias=None, stride=1)  m.conv1d(a, b)  F.conv2d(a, b)
        F.conv1d(a.long(), b.long())  F.conv_transpose1d(a, b.transpose(0, 1))
        F.conv_transpose1d(a, b.transpose(0, 1), stride=2, padding=1)  F.conv1d(a, b.detach())
        F.conv1d(a.detach(), b)  F.conv1d(a, b).sum().item()  F.unfold(a[None], 2)
    """):  # fmt: skip
        yield text, "f4(2,3,6)", "f4(4,3,3)"


@family
def pooling():
    for name, specs in (
        ("1d", texts("""
            f4(2,3,6)  f4(3,5)  f4(2,3,6) ties  f4(1,1,8) ugly  i8(1,2,6)  f4(2,3)  f4(6,)  f4(0,3,6)  f4(2,3,6) T""")),
        ("2d", texts("""
            f4(2,3,4,6)  f4(2,5,5)  f4(1,2,4,4) ties  f4(1,1,4,4) ugly  f4(1,1,2,2)  f4(4,4)  f4(0,2,4,4)  f4(1,2,4,4) T
            f8(1,1,3,3)""")),
    ):  # fmt: skip
        for kind in ("max_pool", "avg_pool"):
            for option in texts("""
                2  3, 1  2, stride=1  3, padding=1  3, 2, 1  2, padding=2  2, ceil_mode=True
                3, stride=2, ceil_mode=True  0  9  2, stride=0  (2,)  3, 2, 1, ceil_mode=True  2.0
            """):
                for spec in specs:
                    yield f"F.{kind}{name}(a, {option})", spec
        for option in ("1", "2", "3", "5", "0", "-1", "None" if name == "1d" else "(None, 2)", "(1, 2)"):
            for spec in specs[:5]:
                yield f"F.adaptive_avg_pool{name}(a, {option})", spec
                yield f"F.adaptive_max_pool{name}(a, {option})", spec
    for text in texts("""
        F.max_pool1d(a, 2, dilation=2)  F.max_pool1d(a, 2, return_indices=True)
        F.avg_pool1d(a, 3, padding=1, count_include_pad=False)  F.max_pool1d(a)  F.max_pool1d(a, kernel_size=2)
        nn.MaxPool1d(2)(a)  nn.AvgPool1d(2, stride=1)(a)  nn.AdaptiveAvgPool1d(1)(a)  nn.AdaptiveMaxPool1d(2)(a)
        nn.MaxPool1d(2, ceil_mode=True)(a)  nn.MaxPool2d(2)(a)  nn.AvgPool2d((2, 1))(a)
        nn.AdaptiveAvgPool2d((1, 1))(a)  nn.AdaptiveAvgPool2d(2)(a)  nn.MaxPool2d(2, stride=(2, 1), padding=(1, 0))(a)
        F.max_pool2d(a, (2, 1))  F.avg_pool2d(a, 2, divisor_override=3)  F.avg_pool2d(a, (2, 3), (1, 2), (1, 1))
        F.lp_pool1d(a, 2, 2)  nn.MaxPool2d(kernel_size=2)(a)  F.interpolate(a, scale_factor=2)
        nn.Upsample(scale_factor=2)(a)  F.pixel_shuffle(a, 1)
    """):  # fmt: skip
        yield text, "f4(2,3,7)"
        yield text, "f4(2,3,4,5)"


@family
def normalising():
    for text in texts("""
        F.layer_norm(a, (3,))  F.layer_norm(a, [3])  F.layer_norm(a, (3,), m.tensor([1.0, 2.0, 3.0]), m.ones(3))
        F.layer_norm(a, 3)  F.layer_norm(a, (2, 3))  F.layer_norm(a, (3,), eps=0.1)  F.layer_norm(a, (4,))
        F.layer_norm(a, ())  F.layer_norm(a, (3,), weight=m.ones(2))  F.batch_norm(a, None, None, training=True)
        F.batch_norm(a, m.zeros(3), m.ones(3))  F.batch_norm(a, m.zeros(3), m.ones(3), eps=0.5)
        F.batch_norm(a, m.zeros(3), m.ones(3), m.tensor([1.0, 2.0, 3.0]), m.ones(3), True, eps=0.1)
        F.batch_norm(a, None, None)  F.batch_norm(a, m.zeros(2), m.ones(2))  F.instance_norm(a)
        mean = m.zeros(3); var = m.ones(3); y = F.batch_norm(a, mean, var, training=True, momentum=0.3); y, mean, var
        F.group_norm(a, 1)  F.group_norm(a, 3, eps=0.1)
        F.group_norm(a, 2)  F.rms_norm(a, (3,))  F.local_response_norm(a, 2)
        F.normalize(a)  F.normalize(a, dim=0)  F.normalize(a, p=1.0)  F.normalize(a, dim=-1, eps=2.0)
    """):  # fmt: skip
        for spec in (
            "f4(4,3)", "f4(2,3)", "f4(2,3,3)", "f4(1,3)", "f4(2,3,2,3)", "f4(0,3)", "f8(4,3)", "f4(4,3) zero",
            "f4(4,3) T", "f4(4,3) ugly", "f4(3,)", "i8(4,3)",
        ):
            yield text, spec


@family
def embedding_and_attention():
    for text in texts("""
        F.embedding(a, b)  F.embedding(a, b, padding_idx=0)  F.embedding(a, b, padding_idx=-1)
        F.embedding(a, b, padding_idx=9)  F.embedding(a, b[0])  F.embedding(a.float(), b)
        F.embedding(input=a, weight=b)  F.embedding(a, b, max_norm=1.0)  F.embedding_bag(a, b)
        F.embedding(a, b).sum()
    """):  # fmt: skip
        for pair in (
            ("i8(3,) below4", "f4(4,2)"), ("i8(2,3) below4", "f4(4,2)"), ("i8() below4", "f4(4,2)"),
            ("i8(0,)", "f4(4,2)"), ("i8(3,)", "f4(4,2)"), ("i4(3,) below4", "f4(4,2)"), ("i8(3,) below9", "f8(4,2)"),
            ("i8(6,) below2", "f4(2,3)"),
        ):  # fmt: skip
            yield text, *pair
    for text in texts("""
        F.scaled_dot_product_attention(a, b, c)  F.scaled_dot_product_attention(a, b, c, is_causal=True)
        F.scaled_dot_product_attention(a, b, c, attn_mask=m.ones(2, 3).tril().bool())
        F.scaled_dot_product_attention(a, b, c, attn_mask=m.zeros(2, 3))
        F.scaled_dot_product_attention(a, b, c, scale=0.5)  F.scaled_dot_product_attention(a, b, c, dropout_p=0.0)
        F.scaled_dot_product_attention(a, b, c, m.ones(2, 3).bool(), is_causal=True)
        F.scaled_dot_product_attention(a, b, c, m.zeros(5, 5))  F.softmax(a @ b.transpose(-1, -2) / 2, -1) @ c
        F.scaled_dot_product_attention(a, b, c, m.tensor([[True, False, False], [False, False, False]]))
    """):  # fmt: skip
        for trio in (
            ("f4(2,4)", "f4(3,4)", "f4(3,5)"), ("f4(2,2,4)", "f4(2,3,4)", "f4(2,3,4)"),
            ("f4(1,2,2,4)", "f4(1,2,3,4)", "f4(1,2,3,4)"), ("f4(2,4)", "f4(3,3)", "f4(3,4)"),
            ("f4(2,2,4)", "f4(1,3,4)", "f4(1,3,4)"), ("f8(2,4)", "f8(3,4)", "f8(3,4)"),
        ):  # fmt: skip
            yield text, *trio


@family
def dropout_and_others():
    for text in texts("""
        F.dropout(a, 0.0)  F.dropout(a, 1.0)  F.dropout(a, 0.5, False)  F.dropout(a, 2.0)  F.dropout(a, -0.1)
        F.dropout(a, p=0.5, training=False) is a  F.dropout(a, 0.5).shape  F.dropout1d(a, 0.0)  F.dropout2d(a, 0.0)
        F.alpha_dropout(a, 0.0)  m.manual_seed(0); y = F.dropout(m.ones(1000), 0.5); bool(((y == 0) | (y == 2)).all())
        m.manual_seed(0); y = F.dropout(m.ones(4000), 0.25); 0.7 < (y != 0).float().mean().item() < 0.8
        F.dropout(a.long(), 0.0)  F.dropout(a, 0.5, training=True, inplace=False).dtype  m.dropout(a, 0.0, True)
        nn.Dropout(0.5).eval()(a)  nn.Dropout(0.0)(a)  nn.Dropout(1.0)(a)  nn.Dropout(1.5)  nn.Dropout(p=-1)
        nn.Dropout1d(0.0)(a)  nn.Dropout2d(0.0)(a)
    """):  # fmt: skip
        for spec in ("f4(2,3)", "f4(2,3,4)", "f4(0,)", "f4()"):
            yield text, spec
    for program in programs("""
        m.manual_seed(1)
        y = F.dropout2d(m.ones(20, 30, 2, 2), 0.5)
        bool((y.flatten(2).std(-1) == 0).all()), bool((y == 0).any())

        m.manual_seed(1)
        x = m.ones(200, requires_grad=True)
        y = F.dropout(x, 0.4)
        y.sum().backward()
        g, x = x.grad, None
        g.equal(y.detach())
    """):
        yield program,
