"""Ops that work element by element: one operand, two, three."""

from ..cases import family, texts, words

SMOOTH = words("""
    abs acos acosh asin asinh atan atanh ceil cos cosh deg2rad erf erfc exp exp2 expm1 floor frac log log10
    log1p log2 neg positive rad2deg reciprocal relu round rsqrt sigmoid sign sgn sin sinh sqrt square tan tanh
    trunc logit lgamma digamma erfinv sinc
""")
TESTS = words("isnan isinf isfinite isposinf isneginf signbit logical_not bitwise_not")
METHODS = words("""
    abs exp exp2 expm1 log log2 log10 log1p sqrt rsqrt reciprocal square sin cos tan asin acos atan sinh cosh
    tanh asinh acosh atanh sigmoid relu sign floor ceil round trunc frac neg erf isnan isinf isfinite
    logical_not absolute negative arcsin arccos arctan fix nan_to_num
""")
PAIRS = words("""
    add sub mul div true_divide pow atan2 arctan2 maximum minimum fmax fmin remainder fmod floor_divide
    logaddexp logaddexp2 hypot xlogy copysign subtract multiply divide
""")
COMPARE = words("""
    eq ne lt le gt ge equal isclose allclose logical_and logical_or logical_xor less greater not_equal
    less_equal greater_equal
""")
BITS = words("bitwise_and bitwise_or bitwise_xor gcd lcm bitwise_left_shift bitwise_right_shift")
OPERATORS = ["+", "-", "*", "/", "**", "//", "%", "==", "!=", "<", "<=", ">", ">="]


@family
def unary_values():
    for name in SMOOTH:
        for spec in (
            "f4(2,3)", "f4(3,) pos", "f4(4,) unit", "f4(8,) ugly", "f4(3,) ties", "f4(2,) big", "f4(3,) small",
            "f8(3,)",
        ):
            yield f"m.{name}(a)", spec
    for name in TESTS:
        for spec in ("f4(2,3)", "f4(8,) ugly", "f4(3,) ties", "b1(3,)"):
            yield f"m.{name}(a)", spec


@family
def unary_shapes_and_dtypes():
    for name in SMOOTH + TESTS:
        for spec in ("f4()", "f4(0,)", "f4(2,0,3)", "f4(2,3) T", "f4(2,2) step", "f2(3,) pos", "i8(4,)", "i4(4,) pos",
                     "u1(3,)", "b1(4,)", "i8() pos"):  # fmt: skip
            yield f"m.{name}(a)", spec


@family
def gamma_functions():
    for n in range(4):
        for spec in ("f4(2,3) pos", "f8(4,) pos", "f8(5,)", "f4(8,) ugly", "f2(3,) pos", "i8(3,) pos", "f4(0,)",
                     "b1(2,)"):  # fmt: skip
            yield f"m.polygamma({n}, a)", spec
    for text in texts("""
        m.special.gammaln(a)  m.special.psi(a)  m.special.digamma(a)  m.special.erfinv(a / 9)  a.lgamma()  a.digamma()
        (a / 9).erfinv()  a.polygamma(2)  a.polygamma(n=1)  m.special.polygamma(2, a)  m.polygamma(n=1, input=a)
        x = a + 0; x.lgamma_(); x  x = a + 0; x.digamma_(); x  x = a / 9; x.erfinv_(); x  x = a + 0; x.polygamma_(1); x
        m.polygamma(-1, a)  m.polygamma(1.0, a)  m.polygamma(True, a)  m.polygamma(a, 1)  m.polygamma(1, 3.0)
        m.lgamma(3.0)  m.erfinv(0.5)  m.lgamma(a).grad_fn.name()  m.polygamma(30, a)
        m.autograd.grad(m.lgamma(a).sum(), a, create_graph=True)[0].sum()
        m.autograd.grad(m.digamma(a).sum(), a, create_graph=True)[0].sum()
        m.autograd.grad(m.erfinv(a / 9).sum(), a, create_graph=True)[0].sum()
    """):
        for spec in ("f4(3,) pos", "f8(2,2) pos"):
            yield text, spec


@family
def unary_methods():
    for name in METHODS:
        yield f"a.{name}()", "f4(2,3) unit"
        yield f"a.{name}()", "i4(3,) pos"
    for name in ("sin", "exp", "abs", "sqrt", "relu", "round"):
        yield f"m.{name}('text')",
        yield f"m.{name}(3.0)",
        yield f"m.{name}([1.0, 2.0])",
        yield f"m.{name}(None)",
        yield f"m.{name}()",
        yield f"m.{name}(a, a, a)", "f4(2,)"
        yield f"m.{name}(a, axes=1)", "f4(2,)"
    for text in texts("""
        -a  +a  abs(a)  ~a  round(a)  a.round(decimals=1)  m.round(a, decimals=2)  m.round(a * 30, decimals=-1)
        m.nan_to_num(a, nan=1.5, posinf=9.0, neginf=-9.0)  m.nan_to_num(a, 2.0)  m.sigmoid(input=a)  m.exp(input=a)
        m.logit(a, eps=0.1)  divmod(a, 2)  m.special.expit(a)  bool(a)  math.floor(a)  -(-a)
    """):  # fmt: skip
        for spec in ("f4(8,) ugly", "f4(3,)", "i8(3,)", "b1(2,)", "f4()"):
            yield text, spec


@family
def binary_broadcast():
    shapes = [("(2,3)", "(2,3)"), ("(3,)", "(2,3)"), ("(2,1)", "(1,3)"), ("()", "(2,)"), ("(2,3)", "()"), ("()", "()"),
              ("(0,)", "(1,)"), ("(2,0)", "(2,1)"), ("(2,3)", "(3,2)"), ("(2,3)", "(2,)"), ("(0,)", "(2,)"),
              ("(1,1,2)", "(2,1)")]  # fmt: skip
    for name in PAIRS:
        for first, second in shapes:
            yield f"m.{name}(a, b)", f"f4{first} pos", f"f4{second} pos"
    for name in COMPARE[:8]:
        for first, second in shapes[::2]:
            yield f"m.{name}(a, b)", f"f4{first} ties", f"f4{second} ties"


@family
def binary_values():
    drawn = [
        ("f4(7,) ugly", "f4(7,)"), ("f4(5,)", "f4(5,) ties"), ("f4(6,) ties", "f4(6,) ties"),
        ("f4(3,) nan", "f4(3,) nan"), ("f4(7,) ugly", "f4(7,) ugly"), ("f4(2,3) T", "f4(2,3) step"),
        ("i8(6,)", "i8(6,) pos"), ("i4(6,)", "f4(6,)"), ("b1(3,)", "b1(3,)"), ("u1(3,)", "i1(3,)"),
        ("f4(3,) const", "f4(3,)"), ("i8(4,) ties", "i8(4,) ties"), ("f4(4,) zero", "f4(4,) zero"),
        ("f2(3,)", "f4(3,)"), ("i8(5,)", "i8(5,) zero"), ("f4(2,3)", "f8()"),
    ]  # fmt: skip
    for name in PAIRS + COMPARE + BITS:
        for first, second in drawn:
            yield f"m.{name}(a, b)", first, second


@family
def operators():
    for sign in OPERATORS:
        for first, second in (
            ("f4(2,3)", "f4(3,)"), ("i8(4,)", "i8(4,) pos"), ("b1(2,)", "b1(2,)"), ("f4(2,)", "i8(2,) pos"),
            ("f4(2,3)", "f4(2,)"), ("u1(4,)", "u1(4,)"), ("f2(2,)", "f8(2,)"), ("i4()", "f4(2,)"),
        ):  # fmt: skip
            yield f"a {sign} b", first, second
        for number in texts("""
            2  -2  0.5  0  True  -1.5  'text'  None  [1, 2]  np.float64(2.5)  np.array([2.0, 3.0])  1e40  float('nan')
        """):  # fmt: skip
            yield f"a {sign} {number}", "f4(2,) pos"
            if "np." not in number:
                yield f"a {sign} {number}", "i8(2,)"
                yield f"{number} {sign} a", "f4(2,)"
                yield f"{number} {sign} a", "i8(2,) pos"
        yield f"a {sign} 2", "b1(3,)"
        yield f"a {sign} 2.5", "u1(3,)"
        yield f"2 {sign} a", "b1(3,)"
    for sign in ("&", "|", "^", "<<", ">>"):
        for first, second in (
            ("b1(4,)", "b1(4,)"), ("i8(4,) below5", "i8(4,) below5"), ("f4(2,)", "f4(2,)"), ("i8(2,) pos", "b1(2,)"),
            ("u1(2,)", "i4(2,)"), ("b1(2,)", "b1(3,)"),
        ):  # fmt: skip
            yield f"a {sign} b", first, second
        for number in ("1", "True", "0.5"):
            yield f"a {sign} {number}", "i8(3,) below5"
            yield f"{number} {sign} a", "b1(3,)"


@family
def arithmetic_options():
    for spec in ("f4(3,)", "i8(3,)", "f8()", "u1(2,)"):
        for text in texts("""
            m.add(a, 2, alpha=3)  m.add(a, a, alpha=0.5)  m.sub(a, a, alpha=2)  a.add(1.5)  a.sub(a, alpha=3)
            m.div(a, 2, rounding_mode='floor')  m.div(a, 2, rounding_mode='trunc')  m.rsub(a, 2)
            m.div(a, 0, rounding_mode='floor')  m.div(a, 2, rounding_mode='up')  a.div(3)  m.mul(a, True)  m.pow(a, 2)
            m.pow(a, -1)  m.pow(2, a)  m.pow(a, 0.5)  m.pow(a, 0)  a.pow(3)  m.pow(-2, a)  m.float_power(a, 2)
            m.floor_divide(a, -2)  m.remainder(a, -3)  m.fmod(a, 3)  m.fmod(a, -2.5)  m.remainder(7, a)
            m.true_divide(a, 3)  m.mul(2, a)  m.add(1, 2)  m.add(a)  m.mul(a, None)  m.add(a, other=a)
            m.add(input=a, other=2)  m.div(a, a, rounding_mode='floor')  a.multiply(2)
        """):  # fmt: skip
            yield text, spec
    for text in ("m.pow(a, b)", "a ** b"):
        for first, second in (
            ("f4(4,)", "f4(4,) ties"), ("f4(4,) zero", "f4(4,) ties"), ("f4(4,)", "i8(4,)"),
            ("i8(4,)", "i8(4,) below5"), ("i8(3,)", "i8(3,)"), ("f4(3,) pos", "f4(1,) zero"),
            ("i8(3,) pos", "f4(3,)"), ("f4(7,) ugly", "f4(7,) zero"),
        ):  # fmt: skip
            yield text, first, second
    for text in texts("""
        m.isclose(a, b, rtol=0.1)  m.isclose(a, b, atol=1.0)  m.isclose(a, b, equal_nan=True)  m.equal(a, b)
        m.allclose(a, b, atol=9.0)  m.allclose(a, a, equal_nan=True)  a.equal(b)  a.allclose(b)  a.isclose(a)  a.eq(b)
        a.lt(0)  a.logical_and(b)
    """):  # fmt: skip
        for first, second in (
            ("f4(3,)", "f4(3,)"), ("f4(7,) ugly", "f4(7,) ugly"), ("i8(3,)", "i8(3,)"), ("f4(3,)", "f8(3,)"),
            ("f4(3,)", "f4(2,)"),
        ):  # fmt: skip
            yield text, first, second


@family
def three_operands():
    for text in texts("""
        m.where(c, a, b)  a.where(c, b)  m.where(c, a, 0.5)  m.where(c, 2, b)  m.where(c, 1, 0)  m.where(c, 1.5, 2)
    """):
        for first, second, third in (
            ("f4(2,3)", "f4(2,3)", "b1(2,3)"), ("f4(3,)", "f4(2,1)", "b1(2,3)"), ("f4()", "f4()", "b1()"),
            ("f4(2,)", "i8(2,)", "b1(2,)"), ("f4(7,) ugly", "f4(7,)", "b1(7,)"), ("i4(2,)", "i8(2,)", "b1(2,)"),
            ("f4(2,)", "f4(2,)", "f4(2,)"), ("f4(2,)", "f4(3,)", "b1(3,)"), ("f4(0,)", "f4(1,)", "b1(0,)"),
            ("f2(2,)", "f4()", "b1(2,)"), ("f4(2,)", "f8(2,)", "u1(2,) ties"),
        ):  # fmt: skip
            yield text, first, second, third
    for text in texts("""
        m.lerp(a, b, 0.3)  m.lerp(a, b, c)  a.lerp(b, 0.9)  m.addcmul(a, b, c)  m.addcmul(a, b, c, value=2)
        m.addcdiv(a, b, c)  m.addcdiv(a, b, c, value=0.5)  a.addcmul(b, c)  m.clamp(a, b, c)  m.clamp(a, min=b)
        m.clamp(a, max=c)  m.clip(a, b, c)
    """):  # fmt: skip
        for trio in (
            ("f4(2,3)", "f4(2,3)", "f4(2,3) pos"), ("f4(3,)", "f4(2,1)", "f4() pos"),
            ("i8(3,)", "i8(3,)", "i8(3,) pos"), ("f4(2,)", "f4(3,)", "f4(2,) pos"),
            ("f4(7,) ugly", "f4(7,)", "f4(7,) pos"), ("f4(0,)", "f4(0,)", "f4(0,)"),
            ("f4(5,) ties", "f4(5,) ties", "f4(5,) ties"), ("f4(2,)", "f8(2,)", "f4(2,)"),
        ):  # fmt: skip
            yield text, *trio


@family
def clamp():
    for text in texts("""
        m.clamp(a, -1, 1)  m.clamp(a, min=0)  m.clamp(a, max=0.5)  m.clamp(a)  a.clamp(0, 1)  a.clip(max=1)
        m.clip(a, 2, 1)  m.clamp(a, None, 1)  m.clamp(a, 0.5)  a.clamp_min(0)  a.clamp_max(0)  m.clamp(a, -0.5, 0.5)
        m.clamp(a, float('nan'), 1)  m.clamp(a, min=float('-inf'))  m.clamp(a, '0', 1)  a.clamp(min=a.mean())
    """):  # fmt: skip
        for spec in ("f4(2,3)", "f4(6,) ties", "f4(7,) ugly", "i8(4,)", "f4()", "f4(0,)", "b1(2,)", "u1(3,)", "f2(2,)"):
            yield text, spec
