"""Which dtype comes out: pairs of dtypes, tensors with numbers, conversions; and what dtypes say of themselves."""

from itertools import product

from ..cases import DTYPES, family, texts


@family
def dtype_pairs():
    for first, second in product(DTYPES, DTYPES):
        yield "a + b", f"{first}(2,) const", f"{second}(2,) const"
        yield "a * b", f"{first}(2,) const", f"{second}() const"
        rules = "m.result_type(a, b), m.promote_types(a.dtype, b.dtype), m.can_cast(a.dtype, b.dtype)"
        yield rules, f"{first}(1,) const", f"{second}() const"
        yield "a / b", f"{first}(2,) pos const", f"{second}(2,) pos const"
        yield "m.where(a > 0, a, b)", f"{first}(2,) const", f"{second}(2,) const"


@family
def dtype_with_numbers():
    for code in DTYPES:
        for text in texts("""
            a + 1  a + 1.5  a * True  2 - a  a / 2  a ** 2  a // 2  a == 1  a > 0.5  m.maximum(a, m.tensor(1.5))
            a % 2  -a  abs(a)  a.sum()  a.mean()  a.max()  a.prod()  a.cumsum(0)  a @ a  a.std()  a.argmax()  a.any()
            m.exp(a)  m.sqrt(a)  a.sort().values  a.norm()  m.softmax(a, 0)  a.var()  m.add(a, 300)  a.clamp(0, 1)
            m.result_type(a, 1.5)  m.result_type(a, 2)  m.sign(a)  a.floor()  F.relu(a)  m.cat([a, a.float()])
            m.cat([a, a.long()])  m.stack([a, a.bool()])  m.dot(a, a)  m.outer(a, a)  m.cumprod(a, 0)  a.unique()
            m.diff(a)  F.gelu(a)  m.isfinite(a)  m.log1p(a)  m.full_like(a, 2.7)  m.ones_like(a).mean()  a.tolist()
            a[0].item()  a.element_size()
        """):  # fmt: skip
            yield text, f"{code}(3,) pos const"


@family
def conversions():
    for code in DTYPES:
        for text in texts("""
            a.float()  a.double()  a.half()  a.long()  a.int()  a.short()  a.bool()  a.byte()  a.char()
            a.to(m.float64)  a.to(m.int32)  a.to(m.bool)  a.type(m.float32)  a.to('cpu')  a.to('cpu', m.float16)
            a.to(dtype=m.float32, copy=True)  a.to(m.zeros(1, dtype=m.float64))  a.type_as(m.zeros(1, dtype=m.int8))
            a.is_floating_point(), m.is_floating_point(a), a.dtype.is_floating_point, a.dtype.itemsize
            a.requires_grad_()  a.to(m.float32) is a, a.to(a.dtype) is a, a.float() is a
        """):  # fmt: skip
            yield text, f"{code}(3,)"
            yield text, f"{code}(0,)"
    for text in texts("""
        a.to('nowhere')  a.to(3)  a.to(m.float99)  a.to(None)  a.to('float32')  a.to(float)  a.to(np.float64)
        a.to(dtype=None)  a.to(device=m.device('cpu'))  a.cpu() is a  a.to('cpu') is a  a.double().float()  a.type()
        a.to(m.float64, non_blocking=True)  a.to(dtype=m.int64)
    """):  # fmt: skip
        yield text, "f4(2,2)"
    for text in texts("""
        m.float32  m.float  m.double  m.half  m.long  m.int  m.short  m.bool  m.uint8  m.float32 == m.float
        str(m.int64)  repr(m.float16)  m.get_default_dtype()  m.set_default_dtype(m.float64); m.tensor(1.5)
        m.set_default_dtype(m.float64); m.ones(2) + 1  m.set_default_dtype(m.int64)  m.set_default_dtype('float32')
        m.set_default_dtype(m.float64); m.arange(3) / 2  m.set_default_dtype(m.float64); m.linspace(0, 1, 3)
        m.set_default_dtype(m.float64); nn.Linear(2, 1).weight.dtype  m.promote_types(m.int8, m.uint8)
        m.promote_types(m.float16, m.int64)  m.result_type(1, 2.5)  m.result_type(True, 2)
        m.can_cast(m.float32, m.int32)  m.can_cast(m.int64, m.float16)  m.finfo(m.float32).max  m.finfo(m.float64).eps
        m.finfo(m.float16).tiny  m.finfo(m.float32).min, m.finfo(m.float32).bits  m.iinfo(m.int8).max
        m.iinfo(m.uint8).min, m.iinfo(m.int64).max  m.finfo(m.int32)  m.iinfo(m.float32)  m.finfo().bits
        m.is_tensor(m.ones(1)), m.is_tensor(3)  m.numel(m.ones(2, 3))  m.tensor(1).is_floating_point()
        m.float32.is_complex, m.int8.is_signed, m.uint8.is_signed  m.float64.itemsize
    """):  # fmt: skip
        yield text,
