"""Numbers that a dtype has no room for, in every place where a number may stand."""

from ..cases import family, texts


@family
def beyond():
    for number in ("1e6", "-1e60", "10**6", "1e-9", "float('inf')", "float('nan')", "300", "-1", "1e400", "2**70"):
        for text in texts("""
            a.clone().fill_(n)  a.masked_fill(a > 0, n)  a.index_fill(0, m.tensor([0]), n)  a.clamp(n)  a.clamp(max=n)
            m.full((2,), n, dtype=a.dtype)  m.full_like(a, n)  a.new_full((2,), n)  a.scatter(0, m.tensor([0]), n)
            x = a.clone(); x[0] = n; x  x = a.clone(); x[x > 0] = n; x  x = a.clone(); x[[0, 1]] = n; x
            a.clamp_min(n)  a.clamp_max(n)  x = a.clone(); x.clamp_(min=n); x  F.pad(a, (1, 1), value=n)
            m.tensor(n, dtype=a.dtype)  m.add(a, a, alpha=n)  a.sub(a, alpha=n)  m.linspace(0, n, 3, dtype=a.dtype)
        """):
            if number == "2**70" and ("] = n" in text or "pad" in text):
                continue
            for spec in ("f2(3,) const", "f4(3,) const", "f8(3,) const", "i1(3,)", "u1(3,)", "i4(3,)", "i8(3,)"):
                if "linspace" not in text or "f" in spec:
                    yield f"n = {number}; {text}", spec
    for number in ("1e6", "-1e6", "1e-9", "70000", "float('inf')"):
        for text in ("a ** n", "m.pow(a, n)", "x = a.clone(); x **= n; x", "n ** a", "a * n", "n / a", "a > n"):
            for spec in ("f2(3,)", "f4(3,)"):
                yield f"n = {number}; {text}", spec + " const" * ("inf" in number) + " pos" * ("1e-9" in number)
        for text in ("F.hardtanh(a, -n, n)", "F.threshold(a, 0.5, n)", "nn.init.constant_(a, n)"):
            yield f"n = abs({number}); {text}", "f2(3,) const"
    for text in ("m.full((2,), m.tensor(2.5, dtype=m.float64))", "m.full((1,), m.tensor(True))",
                 "m.full((1,), m.tensor(3, dtype=m.int8))"):  # fmt: skip
        yield text,


@family
def whole():
    """Floats where a whole number is asked for, and other things where a tensor is."""
    for text in texts("""
        a.topk(1.5)  a.repeat(1.5, 1)  a.roll(1.5)  a.roll(1, 0.5)  a.tril(0.5)  a.triu(1.0)  a.diag(0.5)
        a.unfold(0, 1.5, 1)  a.narrow(0, 0.5, 1)
        a.select(0, 0.5)  a.rot90(0.5)  a.diff(n=1.5)  a.cumsum(0.5)  a.flip(0.5)  a.split(1.5)
        a.chunk(1.5)  a.unsqueeze(0.5)  a.squeeze(0.5)  a.sum(0.5)  a.prod(0.5)  a.amax(0.5)  a.argmax(0.5)
        a.softmax(0.5)  a.logsumexp(0.5)  a.norm(dim=0.5)  a.index_select(0.5, m.tensor([0]))  a.transpose(0.5, 1)
        a.flatten(0.5)  a.unbind(0.5)  a.reshape(2.0, 2)  a.repeat_interleave(1.5)  a.matrix_power(2.0)
        a.repeat_interleave(m.tensor([1.0]))  a.round(decimals=0.5)  a.new_zeros(2.0)  a.stride(0)  a.stride(-1)
        a.stride(5)  a.size(0.5)  F.pad(a, (1.5, 1))  F.layer_norm(a, (2.0,))  F.one_hot(m.tensor([1]), 2.5)
        m.randint(0, 5.5, (2,))  m.cat([a], 0.5)  m.stack([a], 0.5)  m.where(5, a, a)  m.combinations(a[0], 0)
        None in a  'a' in a  1.0 in a  m.ones(5) in a  a[0] in a  F.dropout(a.long(), 0.5)  F.dropout(a.long(), 1.0)
        F.dropout(a.long(), 0.0)  nn.Dropout(0.5)(a > 0)  nn.Dropout(0.5).eval()(a > 0)
        F.conv1d(a[None], a[None], bias=3.0)  m.searchsorted(2.0, a)
    """):
        yield text, "f4(2,2) const"
    for weights in ("m.tensor([1, 2])", "m.tensor([True, False])", "m.tensor([1.0, 2.0]).double()", "2.0", "'a'"):
        yield f"(a * 2).backward({weights}); a.grad", "f4(2,)"
        yield f"m.autograd.grad(a * a, a, {weights}, create_graph=True)", "f4(2,)"
