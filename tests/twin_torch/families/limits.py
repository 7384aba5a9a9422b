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
def beyond_in_functions():
    """Numbers that are computed with; half precision does that in single."""
    for number in ("1e39", "-1e39", "-300", "2**40", "2**70", "float('inf')"):
        for text in texts("""
            m.where(a > 0, a, n)  m.where(a > 0, n, a)  a.where(a > 0, n)  m.addcmul(a, a, a, value=n)
            m.addmm(b, b, b, alpha=n)  m.addmm(b, b, b, beta=n)  m.baddbmm(b[None], b[None], b[None], alpha=n)
            m.addbmm(b, b[None], b[None], beta=n)  m.index_add(a, 0, m.tensor([0, 1, 2]), a, alpha=n)
        """):
            for spec in ("f4({}) const", "f8({}) const", "i1({})", "u1({})", "i4({})"):
                yield f"n = {number}; {text}", spec.format("3,"), spec.format("2,2")
        for text in texts("""
            m.lerp(a, a, n)  m.addcdiv(a, a, a, value=n)  F.leaky_relu(a, n)  F.elu(a, n)  F.celu(a, n)
            F.softplus(a, n)  F.softplus(a, 1, n)  F.threshold(a, n, 1)  F.hardshrink(a, n)  x = a + 0; x.lerp_(a, n); x
        """):
            for spec in ("f4(3,) const", "f8(3,) const", "i4(3,)"):
                if number != "2**70" or "f" in spec:
                    yield f"n = {number}; {text}", spec
    for number in ("-1", "7", "127", "128", "200", "255", "256", "2**40"):
        for text in ("a ** n", "m.pow(a, n)", "x = a.clone(); x **= n; x"):
            for spec in ("u1(3,) below5", "i1(3,) below5", "i8(3,) below5"):
                yield f"n = {number}; {text}", spec
    for number in ("1e39", "2**70"):
        for text in texts("m.where(a > 0, n, 1)  m.where(a > 0, 1, n)  m.where(a > 0, n)  m.where(a > 0, a, None)"):
            yield f"n = {number}; {text}", "f4(3,) const"
    for text in texts("F.leaky_relu(a, n)  F.softplus(a, n)  m.addcmul(a, a, a, value=n)"):
        for number in ("70000", "1e39"):
            yield f"n = {number}; {text}", "f2(3,) const"
    for text in texts("""
        a.masked_fill(a > 0, n)  a.masked_fill_(a > 0, n)  a.index_fill(0, m.tensor([1]), n)
        a.index_fill_(0, m.tensor([1]), n)  a.fill_(n)
    """):
        for value in ("7.0", "7", "True", "[7.0]", "[[7]]", "-1.5"):
            for spec in ("f4(3,) const", "i8(3,)", "b1(3,)"):
                yield f"n = m.tensor({value}); {text}", spec


@family
def tensors_only():
    """A number, a list or nothing where a tensor belongs."""
    for wrong in ("1", "2.5", "None", "[1.0]"):
        for text in texts("""
            a.where(w, a)  a.type_as(w)  a.view_as(w)  a.expand_as(w)  a.reshape_as(w)  a.is_same_size(w)  a.equal(w)
            a.allclose(w)  a.isclose(w)  m.equal(a, w)  m.isclose(a, w)  m.allclose(w, a)  m.masked_select(a, w)
            m.flip(w, (0,))  m.topk(w, 1)  m.chunk(w, 2)  m.unbind(w)  m.t(w)  m.scatter(a, 0, w, a)  m.take(a, w)
            m.index_select(a, 0, w)  m.take_along_dim(a, w)  m.take_along_dim(w, a)  m.gather(a, 0, w)  m.cdist(a, w)
            m.bernoulli(w)  m.multinomial(w, 1)  m.bincount(w)  m.diff(w)  m.kron(a, w)  m.meshgrid(a[0], w)
            m.broadcast_tensors(a, w)  m.cumsum(w, 0)  m.squeeze(w)  m.sort(w)  m.where(w, a, a)  m.full_like(w, 1)
            m.inner(a, w)  m.cross(a, w)  m.index_add(a, 0, w, a)  m.flatten(w)  m.logcumsumexp(w, 0)
            F.linear(a, w)  F.linear(w, a)  F.dropout(w)  F.one_hot(w)  m.vander(w)  m.bucketize(a, w)  m.median(w)
        """):
            yield f"w = {wrong}; {text}", "f4(2,2) const"
    for text in texts("""
        m.pow(a, exponent=2)  a.pow(exponent=2)  x = a.clone(); x.pow_(exponent=2); x  a.view(size=(4,))  m.pow(a)
        a.view(dtype=m.int32)  a.view(shape=(4,))  a.reshape(shape=(4,))  a.reshape(size=(4,))  a.add(a, 1, 2)
        a.add(a, 1)  m.add(a, a, 1, 2)  m.add(a, 1, 2)  m.pow(input=a, exponent=3)  m.pow(2, exponent=a)
    """):
        yield text, "f4(2,2)"


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
