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
