"""Order: sort, topk, and search in sorted rows."""

from ..cases import family, texts


@family
def sorting():
    for text in texts("""
        m.sort(a)  a.sort()  a.sort(0)  a.sort(dim=-1, descending=True)  m.sort(a, 1)  m.sort(a, stable=True)
        m.sort(a, stable=True, dim=0, descending=True)  a.sort(descending=True)  a.sort().values  a.sort()[1]
        a.argsort()  m.argsort(a, dim=0)  a.argsort(-1, True)  m.argsort(a, descending=True, stable=True)
        m.topk(a, 2)  a.topk(1)  a.topk(2, dim=0)  a.topk(2, largest=False)  a.topk(k=1, dim=-1)  a.topk(0)  a.topk(9)
        a.topk(-1)  a.topk(2, sorted=True).indices  m.kthvalue(a, 1)  a.kthvalue(2, dim=0)  a.kthvalue(9)  m.msort(a)
        a.median()  a.median(0)  m.quantile(a, 0.5)  a.quantile(0.3, dim=0)  m.nanmedian(a)  a.mode()  a.sort(5)
        a.sort('up')  m.sort()  values, order = a.sort(); m.gather(a, -1, order) - values  type(a.sort()).__name__
        a.argsort().argsort()  m.topk(a, 1).values.sum()  a.sort(dim=0).indices.dtype
    """):  # fmt: skip
        for spec in (
            "f4(2,4)", "f4(5,)", "f4()", "f4(0,)", "i8(2,3)", "f4(3,3) T", "f4(3,2) step", "f8(4,)", "b1(4,)",
            "f2(5,)", "f4(2,0)",
        ):
            yield text, spec
        if "stable" in text or ("indices" not in text and "arg" not in text and "order" not in text):
            yield text, "f4(4,) nan"
    for spec in ("f4(6,) ties", "f4(8,) ugly", "f4(3,4) ties", "i8(6,) ties", "b1(5,)", "u1(4,) ties"):
        for text in (
            "m.sort(a, stable=True)", "m.sort(a, stable=True, descending=True)", "m.argsort(a, stable=True)",
            "m.sort(a)[0]", "m.sort(a, descending=True)[0]", "m.topk(a.detach(), 2).values",
            "m.topk(a.detach(), 3, largest=False).values",
            "m.sort(a, 0, stable=True)" if "," in spec else "m.unique(a)",
        ):  # fmt: skip
            yield text, spec


@family
def searching():
    for text in texts("""
        m.searchsorted(a, b)  m.searchsorted(a, b, right=True)  m.searchsorted(a, b, side='right')  m.bucketize(b, a)
        m.bucketize(b, a, right=True)  m.searchsorted(a, 0.5)  m.bucketize(0.5, a)
        m.searchsorted(a, b, out_int32=True)
    """):  # fmt: skip
        for first, second in (
            ("f4(5,) sorted const", "f4(3,) const"), ("f4(5,) sorted const", "f4(2,3) const"),
            ("f4(2,4) sorted const", "f4(2,3) const"), ("i8(4,) sorted", "i8(3,)"), ("f4(0,) const", "f4(2,) const"),
            ("f4(2,4) sorted const", "f4(3,3) const"), ("f4(4,) sorted const", "i8(2,)"),
        ):  # fmt: skip
            yield text, first, second
    for text in ("F.one_hot(a)", "F.one_hot(a, 5)", "F.one_hot(a, num_classes=2)", "F.one_hot(a, -1)"):
        for spec in ("i8(4,) below4", "i8(2,3) below5", "i8() below3", "i8(0,)", "i8(3,)", "f4(3,)", "i4(3,) below3"):
            yield text, spec
