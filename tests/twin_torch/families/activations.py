"""Activations: as functions, as methods, as layers."""

from ..cases import family, texts

CALLS = texts("""
    F.relu(a)  F.leaky_relu(a)  F.leaky_relu(a, 0.3)  F.leaky_relu(a, negative_slope=-0.5)  F.elu(a)
    F.elu(a, alpha=0.5)  F.gelu(a)  F.gelu(a, approximate='tanh')  F.gelu(a, approximate='x')  F.silu(a)  F.mish(a)
    F.sigmoid(a)  F.logsigmoid(a)  F.tanh(a)  F.softplus(a)  F.softplus(a, beta=2)  F.softplus(a, beta=2, threshold=1)
    F.softsign(a)  F.hardtanh(a)  F.hardtanh(a, -0.5, 0.25)  F.hardtanh(a, min_val=1, max_val=0)  F.relu6(a)
    F.hardsigmoid(a)  F.hardswish(a)  F.selu(a)  F.celu(a)  F.celu(a, 2.0)  F.tanhshrink(a)  F.softshrink(a)
    F.hardshrink(a)  F.threshold(a, 0.5, 9.0)  m.relu(a)  m.selu(a)  a.relu()  m.sigmoid(a)  m.tanh(a)
    F.prelu(a, m.tensor([0.25]))  F.relu(input=a)  F.relu(a, inplace=False)  F.rrelu(a, 0.2, 0.2)  F.glu(a)
    F.glu(a, dim=0)
""")
LAYERS = texts("""
    ReLU()  LeakyReLU()  LeakyReLU(0.2)  ELU(alpha=2.0)  GELU()  GELU(approximate='tanh')  SiLU()  Mish()  Sigmoid()
    LogSigmoid()  Tanh()  Softplus()  Softplus(beta=3)  Softsign()  Hardtanh()  Hardtanh(-2, 0.5)  ReLU6()
    Hardsigmoid()  Hardswish()  SELU()  CELU()  Softmax(dim=0)  Softmax(-1)  Softmax()  LogSoftmax(dim=-1)
    LogSoftmax(1)  Softmin(dim=0)  PReLU()  PReLU(3)  Tanhshrink()  Softshrink()  Hardshrink()  Threshold(0.1, 20)
    GLU()  Identity()  Identity(5, x=1)  ReLU(inplace=True)  Softmax2d()
""")


@family
def activations():
    for text in CALLS:
        for spec in (
            "f4(2,4)", "f4(8,) ugly", "f4(6,) ties", "f4()", "f4(0,)", "f8(4,)", "f2(4,)", "i8(4,)", "f4(4,) big",
            "b1(2,)", "f4(4,2) T",
        ):
            yield text, spec


@family
def activation_layers():
    for text in LAYERS:
        yield f"layer = nn.{text}\nlayer(a)", "f4(2,3)"
        yield f"layer = nn.{text}\nlayer(a * 1)", "f4(2,3,4)"
        yield f"layer = nn.{text}\nlayer(a)", "f4(8,) ugly"
        yield f"layer = nn.{text}\nlayer(a)", "i8(4,)"
        yield f"repr(nn.{text})",
        yield f"list(nn.{text}.state_dict())",


@family
def softmaxes():
    for name in ("m.softmax", "m.log_softmax", "F.softmax", "F.log_softmax", "F.softmin", "m.logsumexp"):
        for dim in ("0", "1", "-1", "2", "dim=-2", "None", "'x'"):
            for spec in (
                "f4(2,3)", "f4(4,)", "f4()", "f4(0,)", "f4(2,0)", "f4(3,3) ugly", "f4(2,3) big", "f4(2,3,2) T",
                "i8(2,2)", "f8(2,2)", "f2(3,)", "b1(2,2)",
            ):
                yield f"{name}(a, {dim})", spec
    for text in texts("""
        a.softmax(0)  a.log_softmax(-1)  F.softmax(a, dim=0, dtype=m.float64)  a.softmax(0, dtype=m.float64)
        m.softmax(a, 0, m.float64)  F.log_softmax(a, 0, dtype=m.float32)  m.softmax(a)  F.softmax(a)  F.log_softmax(a)
        a.softmax()  a.softmax(dim=(0, 1))  m.softmax(input=a, dim=0)  F.gumbel_softmax(a, dim=0).shape
        m.logsumexp(a, (0, 1))  a.logsumexp(0, True)  m.special.log_softmax(a, 0)  m.logsumexp(a + 1000, 0)
        m.softmax(a + 1000, 0)  m.log_softmax(a * 1000, 0)
    """):
        for spec in ("f4(2,3)", "f4(3,)", "i8(2,2)", "f4()"):
            yield text, spec
