"""Every form of index that NumPy has, read and written; and gather, scatter and their relatives."""

from ..cases import family, texts, words

INDEXES = words("""
    0 -1 2 9 -9 : 1: :2 ::2 1:3:2 -2: :-1 0:0 5: ::-1 ::0 None ... ...,0 0,... :,1 1,: :,-1 0,1 None,0 :,None
    ...,None None,...,None 0,:,None [0] [0,1] [1,0,1] [-1] [] [[0,1],[1,0]] :,[0,1] :,[1] [0,1],[1,0] [0,1],0
    [0],[0,1] [[0],[1]],[0,1] [0,1],: ...,[0] [0,1],None [0,1],...,0 0:2,[0,1] m.tensor(0) m.tensor([0,1])
    m.tensor([[0,1]]) m.tensor([]) m.tensor([0.5]) m.tensor(True) m.tensor([5]) :,m.tensor([1,0])
    m.tensor([0,1]),m.tensor([1,0]) m.tensor([0,1]),0 m.tensor([0]),m.tensor([0,1,0])
    m.tensor([0,1]),m.tensor([0,1,0]) m.tensor([1,-1]) a>0 a>9 (a>0)[0] :,(a>0)[0] (a>0)[:,0] a==a
    m.tensor([True,False]) [True,False] [False,False] True False [True] m.tensor([True,False,True,False,True])
    (a>0)[:,0],0 (a>0)[:,0],[0] 0,(a>0)[0] 'text' 1.0 slice(0,1) slice(None),0 (0,) (0,1) (slice(None),[0])
    0,0,0,0 0.5,1 np.array([0,1]) np.int64(1) np.array([True,False]) range(2) m.tensor([0],dtype=m.int32)
    m.tensor([1],dtype=m.uint8) {} () 1:2,1:2 ::2,::2 1,1: :,:,None 0,None,1 m.tensor(1),:
    [m.tensor(0),m.tensor(1)] (m.tensor(0),m.tensor(1)) m.tensor(1):2
""")
WRITTEN = words("""
    0 -1 9 : 1: ::2 ... :,1 ...,0 0,1 None 0:0 [0,1] [1,1] :,[0,1] [0,1],[1,0] m.tensor([1,0]) a>0 (a>0)[:,0]
    :,(a>0)[0] m.tensor(0) [True,False] True m.tensor([0,1]),0 5: 'text' 1.0 []
""")


@family
def reading():
    for index in INDEXES:
        for spec in ("f4(2,3)", "f4(2,2,3)", "f4(4,)", "i8(2,3)", "f4(2,3) T"):
            yield f"a[{index}]", spec
    for index in INDEXES[::3]:
        for spec in ("f4()", "f4(0,)", "f4(0,3)", "f4(2,0)", "b1(2,2)"):
            yield f"a[{index}]", spec


@family
def writing():
    for index in WRITTEN:
        for value in texts("""
            0  1.5  b  b[0]  m.tensor(2.0)  [1.0, 2.0]  True  None  m.ones(1)  m.ones(5)  a[0].clone()
        """):
            yield f"x = a.clone()\nx[{index}] = {value}\nx", "f4(2,3)", "f4(2,3)"
        for value in ("7", "2.7", "m.tensor([3])"):
            yield f"x = a.clone()\nx[{index}] = {value}\nx", "i8(2,3)"
        for change in ("+= 1", "*= b[0, 0]", "-= 2.0"):
            yield f"x = a * 1\nx[{index}] {change}\nx", "f4(2,3)", "f4(2,3)"
        yield f"x = a.clone()\nx[{index}] = 1.0\nx", "f4(3,)"
        yield f"x = a.clone()\nx[{index}] = True\nx", "b1(2,2)"
        yield f"a[{index}] = 1.0", "f4(2,3)"
    for text in texts("""
        x = a.clone(); x[:] = x.flip(0); x  x = a.clone(); x[0] = x[1]; x  x = a.clone(); x[0] = b[0]; x[0] = b[1]; x
        x = a.clone(); x[1:] = x[:-1]; x  x = m.zeros(2, 3); x[0] = a[0]; x[1, 1:] = b[0, 1:]; x
        x = a.clone(); x[x > 0] = 0; x  x = a.clone(); x[x > 0] *= 2; x  x = a.clone(); x[b > 0] = b[b > 0]; x
        x = a.clone(); y = x[0]; y[1] = 5.0; x  x = a.detach().clone(); x[0][1] = 5; x  x = a.clone(); x.T[0] = 1; x
        del a[0]  x = m.zeros(3); x[[0, 0]] += 1; x
    """):  # fmt: skip
        yield text, "f4(2,3)", "f4(2,3)"
        yield text, "i8(2,3)", "i8(2,3)"


@family
def gathering():
    for text in texts("""
        m.gather(a, 0, b)  m.gather(a, 1, b)  a.gather(-1, b)  a.gather(dim=0, index=b)  m.take_along_dim(a, b, dim=1)
        m.take_along_dim(a, b)  m.take(a, b)  a.take(b)  m.index_select(a, 0, b)  a.index_select(1, b)
        a.index_select(-1, b)  a.index_select(dim=0, index=b)  a[b]  F.embedding(b, a)  m.embedding(a, b)
        F.embedding(b, a, padding_idx=1)  m.gather(a, 5, b)  m.index_select(a, 5, b)
    """):  # fmt: skip
        for first, second in (
            ("f4(2,3)", "i8(2,3) below2"), ("f4(2,3)", "i8(2,2) below2"), ("f4(3,2)", "i8(1,2) below2"),
            ("f4(3,)", "i8(4,) below3"), ("f4(2,3)", "i8(2,) below2"), ("f4(2,3)", "i8(3,3) below2"),
            ("f4(2,3)", "i8(2,3)"), ("f4(2,3)", "f4(2,3) const"), ("f4(2,3)", "i4(2,) below2"),
            ("i8(2,3)", "i8(2,3) below2"), ("f4()", "i8() below1"), ("f4(2,3)", "i8(0,) below2"),
            ("f4(2,3) T", "i8(2,1) below2"), ("f4(0,3)", "i8(0,3) below1"), ("f4(4,2)", "i8(5,) below4"),
            ("f4(2,3)", "u1(2,) below2"), ("f4(2,3)", "b1(2,3)"),
        ):  # fmt: skip
            yield text, first, second


@family
def scattering():
    calls = texts("""
        m.scatter(a, 0, b, c)  m.scatter(a, 1, b, 2.5)  m.scatter_add(a, 0, b, c)  a.scatter_add(1, b, c)
        a.scatter(-1, b, c)  a.scatter(0, b, c, reduce='add')  a.scatter_reduce(0, b, c, reduce='sum')
        a.scatter_reduce(0, b, c, reduce='mean', include_self=False)  a.scatter_reduce(0, b, c, 'amax')
        a.scatter(0, b, 1)  a.scatter(dim=0, index=b, src=c)  a.scatter(0, b, value=2)  a.scatter_add(5, b, c)
        x = a.clone(); x.scatter_(0, b, c); x  x = a.clone(); x.scatter_add_(0, b, c)
        m.zeros(4, 3).scatter_(0, b, 1.0)
    """)  # fmt: skip
    for text in calls:
        for trio in (
            ("f4(2,3)", "i8(2,3) below2", "f4(2,3)"), ("f4(3,3)", "i8(1,3) below3", "f4(1,3)"),
            ("f4(3,)", "i8(4,) below3", "f4(4,)"), ("f4(2,3)", "i8(2,2) below2", "f4(2,3)"),
            ("f4(2,3)", "i8(2,3) below2", "f4(1,3)"), ("f4(2,3)", "i8(2,3)", "f4(2,3)"),
            ("i8(2,3)", "i8(2,3) below2", "i8(2,3)"), ("f4(2,3)", "i8(2,3) below2", "f8(2,3)"),
            ("f4(2,3)", "f4(2,3) const", "f4(2,3)"), ("f4(2,3)", "i8(0,3) below2", "f4(2,3)"),
            ("f4(2,3)", "i8(2,) below2", "f4(2,)"),
        ):  # fmt: skip
            yield text, *trio
    for reduce in ("sum", "prod", "mean", "amax", "amin", "none"):
        for option in ("", ", include_self=False"):
            text = f"a.scatter_reduce(0, b, c, '{reduce}'{option})"
            for trio in (
                ("f4(2,3) ties", "i8(2,3) below2", "f4(2,3) ties"), ("f4(3,)", "i8(6,) below2", "f4(6,)"),
                ("f8(3,) nan", "i8(5,) below3", "f8(5,)"),
                ("i8(3,)", "i8(5,) below2", "i8(5,)"), ("u1(3,)", "i8(5,) below2", "u1(5,)"),
                ("b1(3,)", "i8(4,) below2", "b1(4,)"), ("f2(3,)", "i8(4,) below2", "f2(4,)"),
                ("f4()", "i8() below1", "f4()"), ("f4(3,)", "i8(0,)", "f4(0,)"), ("f4(3,)", "i8(4,)", "f4(4,)"),
                ("f4(3,2) T", "i4(2,2) below3", "f4(2,2)"),
            ):  # fmt: skip
                yield text, *trio
    for text in texts("""
        a.scatter(0, b, c, reduce='multiply')  a.scatter(0, b, 3, reduce='add')  a.scatter(0, b, 2, reduce='multiply')
        x = a.clone(); x.scatter_(0, b, c, reduce='add'); x  a.scatter(0, b, c, reduce='mean')
    """):  # fmt: skip
        for trio in (
            ("f4(3,) const", "i8(5,) below3", "f4(5,) const"), ("i8(3,)", "i8(5,) below2", "i8(5,)"),
            ("f4(3,) const", "i8(2,) below2", "f4(3,) const"), ("f4(3,) const", "i8(4,)", "f4(4,) const"),
        ):  # fmt: skip
            yield text, *trio
    for text in texts("""
        m.index_add(a, 0, b, c)  a.index_add(1, b, c)  a.index_add(0, b, c, alpha=2)  a.index_copy(0, b, c)
        a.index_fill(0, b, 1.5)  a.index_fill(1, b, 2)  x = a.clone(); x.index_add_(0, b, c); x
        x = a.clone(); x.index_copy_(0, b, c); x  x = a.clone(); x.index_fill_(0, b, 0); x  a.index_put((b,), c)
        a.index_put((b,), c, accumulate=True)  x = a.clone(); x.index_put_((b,), c, accumulate=True); x
        x = a.clone(); x[b] = c; x  x = a.clone(); x[b] += c; x
    """):  # fmt: skip
        for trio in (
            ("f4(3,2)", "i8(2,) below3", "f4(2,2)"), ("f4(3,2)", "i8(4,) below3", "f4(4,2)"),
            ("f4(2,3)", "i8(2,) below2", "f4(2,2)"), ("f4(3,)", "i8(2,) below3", "f4(2,)"),
            ("i8(3,2)", "i8(2,) below3", "i8(2,2)"), ("f4(3,2)", "i8(2,) below9", "f4(2,2)"),
            ("f4(3,2)", "i8(2,) below3", "f4(3,2)"), ("f4(3,2)", "f4(2,) const", "f4(2,2)"),
            ("f4(3,2)", "i8() below2", "f4(2,)"), ("f4(3,2)", "i8(0,) below2", "f4(0,2)"),
            ("f4(3,2)", "i8(2,) below3", "i8(2,2)"),
        ):  # fmt: skip
            yield text, *trio


@family
def masking():
    for text in texts("""
        a.masked_fill(b, 0)  a.masked_fill(b, -1.5)  m.masked_fill(a, b, 2)  a.masked_fill(b, m.tensor(3.0))
        a.masked_fill(b, float('-inf'))  a.masked_fill(mask=b, value=1)  m.masked_select(a, b)  a.masked_select(b)
        a[b]  m.masked_scatter(a, b, a * 2)  a.masked_scatter(b, m.ones(9))  x = a.clone(); x.masked_fill_(b, 7); x
        x = a.clone(); x[b] = 4; x  m.where(b, a, 0)  m.nonzero(b)  m.nonzero(a)  b.nonzero(as_tuple=True)  m.where(b)
        m.argwhere(b)  a[b.nonzero(as_tuple=True)]  a[~b]  a.masked_fill(b, 'x')  a.masked_fill(b, m.ones(2))
        b.sum(), b.any(), b.all()  b.nonzero().shape  m.count_nonzero(b)
    """):  # fmt: skip
        for first, second in (
            ("f4(2,3)", "b1(2,3)"), ("f4(2,3)", "b1(3,)"), ("f4(2,3)", "b1(2,1)"), ("f4(3,)", "b1(2,3)"),
            ("i8(2,2)", "b1(2,2)"), ("f4()", "b1()"), ("f4(0,)", "b1(0,)"), ("f4(2,3)", "u1(2,3) ties"),
            ("f4(2,3)", "i8(2,3) ties"), ("f4(2,3)", "b1(2,)"), ("f4(2,3) T", "b1(2,3)"), ("f4(7,) ugly", "b1(7,)"),
        ):  # fmt: skip
            yield text, first, second
