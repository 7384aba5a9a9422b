"""How tensors print."""

from ..cases import family, texts


@family
def printing():
    for spec in (
        "f4(3,)", "f4(2,3)", "f4()", "f4(0,)", "f4(2,0,3)", "f4(2,2,2)", "f4(8,) ugly", "f4(3,) big", "f4(3,) small",
        "f4(4,) ties", "f4(3,) nan", "f4(4,) inf", "f4(3,) zero", "f8(3,)", "f8()", "f2(3,)", "i8(3,)", "i8()",
        "i8(2,3)", "i4(2,)", "u1(3,)", "i1(2,2)", "b1(3,)", "b1()", "b1(2,2)", "f4(3,) const", "f4(2,3) const",
        "f4() const", "f4(30,) const", "f4(3,12) const", "f4(1001,) const", "i8(1001,)", "f4(30,40) const",
        "f4(2,3) T const", "f4(4,4,4) pos const", "f4(8,) ugly const", "f4(1,1,1) const", "f4(0,) const", "i8(0,)",
        "f4(12,100) const", "b1(1200,)", "f4(3,3,50) ties const",
    ):  # fmt: skip
        for text in texts("""
            repr(a)  str(a)  repr(a * 1)  repr(a.sum())  repr(a * 1000.5)  repr(a / 1e6)  repr(a * 1e9)
            repr(a.detach().double())  f'{a}'
        """):
            yield text, spec
    for numbers in texts("""
        [1.0, 10.0, 100.0]  [1e-5, 1.0]  [1e8, 1.0]  [1e-8]  [123456.0]  [1e5, 1e-5]  [99999.0, 1.5]  [0.1, 0.25]
        [1e10]  [float('nan'), 1.0]  [float('inf'), 1.5]  [-0.0, 0.0]  [1e-40]  [3.4e38]  [1000.0, 2000.0]
        [1000.5, 0.001]  [9999999.0]  [123456789.0]  [0.00001]  [1.0, float('-inf')]  [1e4, 1e-4]  [100000.5]
        [-1.0, 10.0]  [[1.5, -2.25], [1e3, 0.0]]  [0.5]  [1/3, 2/3]  [1e15, 1e16]  [1, 100, -1000]  [True, False]
    """):
        yield f"repr(m.tensor({numbers}))",
        yield f"repr(m.tensor({numbers}, dtype=m.float64))",
        yield f"repr(m.tensor({numbers}).half())",
    for text in texts("""
        repr(m.zeros(2, requires_grad=True))  repr(m.ones(2, requires_grad=True).exp())
        repr(m.ones(2, requires_grad=True) + 1)  repr(m.ones(2, 2, requires_grad=True) @ m.ones(2, 2))
        repr(m.ones(2, requires_grad=True)[0])  repr(m.ones(2, requires_grad=True).view(2, 1))
        repr(m.ones(2, requires_grad=True).sum())  repr(m.ones(2, requires_grad=True).mean())
        repr(m.ones(3, requires_grad=True).relu())  repr(nn.Parameter(m.ones(2)))  repr(m.ones(2).shape)
        repr(m.ones(2).max(0))  repr(m.ones(2).sort())  repr(m.Size([1, 2]))  repr(m.ones(2).dtype)
        repr(m.ones(2).device)  repr([m.ones(1), m.zeros(1)])  repr(m.ones(2))
        repr(m.ones(2, requires_grad=True).grad_fn.name())  repr(m.ones(2, requires_grad=True).prod())
        repr(m.ones(2, requires_grad=True).clone())
        repr(m.ones(2, 2, requires_grad=True).T)
        repr(m.ones(2, requires_grad=True).tanh())  repr(m.ones(2, requires_grad=True) * 2)
        repr(m.ones(2, requires_grad=True) - 1)  repr(m.ones(2, requires_grad=True) / 2)
        repr(m.ones(2, requires_grad=True) ** 2)  repr(-m.ones(2, requires_grad=True))
        repr(2 / m.ones(2, requires_grad=True))  repr(m.stack([m.ones(1, requires_grad=True)]))
        repr(m.cat([m.ones(1, requires_grad=True)]))  repr(m.ones(2, requires_grad=True).softmax(0))
        repr(m.ones(2, requires_grad=True).sigmoid())  repr(m.ones(2, requires_grad=True).log())
        repr(m.ones(2, requires_grad=True).max())  repr(m.ones(2, 2, requires_grad=True).permute(1, 0))
        repr(m.ones(2, requires_grad=True).unsqueeze(0))  repr(m.ones(1, 2, requires_grad=True).squeeze())
        repr(m.ones(2, requires_grad=True).expand(2, 2))  repr(m.ones(2, requires_grad=True)[m.tensor([0])])
        repr(m.where(m.tensor(True), m.ones(1, requires_grad=True), 0.0))
        repr(m.ones(2, requires_grad=True).clamp(0, 1))  repr(m.ones(2, requires_grad=True).abs())
        repr(m.ones(2, requires_grad=True).sqrt())
        repr(F.linear(m.ones(1, 2, requires_grad=True), m.ones(1, 2), m.ones(1)))
        repr(m.ones(4, requires_grad=True).reshape(2, 2))  repr(m.ones(2, requires_grad=True).norm())
        repr(m.ones(2, requires_grad=True).std())  repr(m.ones(2, requires_grad=True).cumsum(0))
    """):
        yield text,
