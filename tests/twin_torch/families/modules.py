"""Layers with fixed weights, and what a Module offers."""

from ..cases import family, programs, texts

LAYERS = (
    ("""
        Linear(3, 2)  Linear(3, 2, bias=False)  Linear(4, 2)  Linear(in_features=3, out_features=1)  Linear(3, 0)
        LazyLinear(2)
    """, ("f4(2,3)", "f4(3,)", "f4(0,3)", "f4(2,2,3)", "f8(2,3)", "i8(2,3)", "f4()")),
    ("""
        Conv1d(3, 4, 3)  Conv1d(3, 3, 2, stride=2, padding=1)  Conv1d(3, 6, 3, groups=3)
        Conv1d(3, 2, 3, padding='same')  Conv1d(3, 4, 3, bias=False)  Conv1d(3, 2, 3, dilation=2)
        Conv1d(3, 4, 2, padding=1, padding_mode='circular')  Conv1d(3, 4, 3, padding=1, padding_mode='reflect')
        Conv1d(3, 4, 3, padding=1, padding_mode='replicate')  Conv1d(3, 4, 3, groups=2)  ConvTranspose1d(3, 2, 3)
        BatchNorm1d(3)  BatchNorm1d(3).eval()  InstanceNorm1d(3)  MaxPool1d(2)  AvgPool1d(2)  AdaptiveAvgPool1d(2)
        Flatten()  Flatten(0, 1)  LayerNorm(5)  LayerNorm([3, 5])  GroupNorm(3, 3)  ZeroPad1d(1)
        ConstantPad1d((1, 2), 3.0)  Unflatten(1, (3, 1))
    """, ("f4(2,3,5)", "f4(3,5)", "f4(2,2,5)")),
    ("""
        Conv2d(2, 3, 3)  Conv2d(2, 4, (3, 2), stride=2, padding=1)  Conv2d(2, 2, 3, groups=2, bias=False)
        Conv2d(2, 3, 3, padding='same')  Conv2d(2, 3, 3, padding=1, padding_mode='reflect')  Conv2d(2, 3, 1)
        MaxPool2d(2)  AvgPool2d(2)  AdaptiveAvgPool2d(1)  BatchNorm2d(2)  BatchNorm2d(2).eval()  BatchNorm2d(3)
        Flatten()  Dropout2d(0.0)  ConvTranspose2d(2, 3, 2)  ZeroPad2d(1)  LayerNorm((2, 4, 4))  GroupNorm(1, 2)
    """, ("f4(2,2,4,4)", "f4(2,4,4)", "f4(4,4)")),
    ("""
        BatchNorm1d(3)  BatchNorm1d(3, affine=False)  BatchNorm1d(3, momentum=None)
        BatchNorm1d(3, track_running_stats=False)  BatchNorm1d(3).eval()  BatchNorm1d(3, eps=0.1, momentum=0.5)
        LayerNorm(3)  LayerNorm((2, 3))  LayerNorm(3, elementwise_affine=False)  LayerNorm(3, bias=False)
        LayerNorm(4)  GroupNorm(1, 3)  GroupNorm(2, 3)  RMSNorm(3)  Identity()  Flatten()  Unflatten(1, (3, 1))
        Unflatten(1, (2, 2))  Softmax(1)
    """, ("f4(2,3)", "f4(4,3)", "f4(1,3)", "f4(4,3) T")),
    ("""
        Embedding(4, 3)  Embedding(4, 3, padding_idx=0)  Embedding(4, 3, padding_idx=-1)  Embedding(2, 3)
        Embedding.from_pretrained(m.ones(4, 2))  Embedding(4, 3, padding_idx=9)
    """, ("i8(3,) below4", "i8(2,2) below4", "i8(0,)", "f4(2,)")),
    ("""
        Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
        Sequential(nn.Linear(3, 4), nn.Tanh(), nn.LayerNorm(4))  Sequential()
        Sequential(nn.Flatten(), nn.Linear(3, 1))  Sequential(nn.Linear(3, 2), nn.Linear(3, 2))
    """, ("f4(2,3)", "f4(3,)")),
)  # fmt: skip


@family
def layers():
    for names, specs in LAYERS:
        for name in texts(names):
            for spec in specs:
                yield f"layer = fill(nn.{name})\nlayer(a)", spec
            yield f"list(nn.{name}.state_dict())",
            yield f"[(n, tuple(p.shape), p.requires_grad) for n, p in nn.{name}.named_parameters()]",
            yield f"[n for n, b in nn.{name}.named_buffers()]",
            yield f"repr(nn.{name})",
    for shapes in (("f4(2,3)", "f4(2,4)"), ("f4(3,)", "f4(4,)"), ("f4(2,3)", "f4(3,4)")):
        yield "layer = fill(nn.Bilinear(3, 4, 2))\nlayer(a, b)", *shapes
        yield "layer = fill(nn.Bilinear(3, 4, 2, bias=False))\nlayer(a, b)", *shapes
    for program in programs("""
        layer = nn.BatchNorm1d(3)
        y = layer(a)
        z = layer(b)
        y, z, layer.running_mean, layer.running_var, layer.num_batches_tracked

        layer = nn.BatchNorm1d(3, momentum=None)
        layer(a)
        layer(b)
        layer.running_mean, layer.running_var

        layer = nn.BatchNorm1d(3)
        layer(a)
        layer.eval()
        layer(b), layer.training

        layer = nn.BatchNorm1d(3)
        layer(a)
        layer.reset_running_stats()
        layer.running_mean, layer.running_var

        layer = fill(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2)))
        layer(a).sum() + layer(b).sum()

        layer = fill(nn.Linear(3, 3))
        layer(layer(a)) + layer(b)
    """):
        yield program, "f4(4,3)", "f4(5,3)"


@family
def attention_layers():
    for option in texts(",  bias=False  kdim=3, vdim=2  batch_first=True  dropout=0.0"):
        option = "" if option == "," else ", " + option
        for trio in (
            ("f4(3,2,4)", "f4(5,2,4)", "f4(5,2,4)"), ("f4(3,4)", "f4(5,4)", "f4(5,4)"),
            ("f4(2,3,4)", "f4(2,5,4)", "f4(2,5,4)"), ("f4(3,2,4)", "f4(5,2,3)", "f4(5,2,2)"),
            ("f4(3,2,5)", "f4(5,2,4)", "f4(5,2,4)"),
        ):
            yield f"layer = fill(nn.MultiheadAttention(4, 2{option}))\nlayer(a, b, c)", *trio
            yield f"layer = fill(nn.MultiheadAttention(4, 2{option}))\nlayer(a, b, c, need_weights=False)[0]", *trio
    for option in texts("""
        attn_mask=m.ones(3, 3).triu(1).bool()  attn_mask=m.zeros(3, 3)  average_attn_weights=False
        key_padding_mask=m.tensor([[False, False, True], [False, True, True]])  need_weights=False
        attn_mask=m.ones(2, 2).bool()  is_causal=True
    """):
        yield f"layer = fill(nn.MultiheadAttention(4, 2))\nlayer(a, a, a, {option})", "f4(3,2,4)"
    yield "list(nn.MultiheadAttention(4, 2).state_dict())",
    yield "nn.MultiheadAttention(5, 2)",
    yield "repr(nn.MultiheadAttention(4, 2))",
    for text in texts("""
        TransformerEncoderLayer(4, 2, 8, dropout=0.0)
        TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True, norm_first=True)
        TransformerEncoderLayer(4, 2, 8, dropout=0.0, activation='gelu')
    """):
        yield f"layer = fill(nn.{text})\nlayer(a)", "f4(3,2,4)"
