"""Products of matrices: matmul in all its ranks, einsum, and their relatives."""

from ..cases import family, texts

RANKS = [
    ("(3,)", "(3,)"), ("(2,3)", "(3,)"), ("(2,)", "(2,3)"), ("(2,3)", "(3,2)"), ("(4,2,3)", "(3,2)"),
    ("(2,3)", "(4,3,2)"), ("(4,2,3)", "(4,3,2)"), ("(2,1,2,3)", "(4,3,2)"), ("(1,2,3)", "(4,3,1)"),
    ("(4,2,3)", "(3,)"), ("(3,)", "(2,3,2)"), ("(0,3)", "(3,2)"), ("(2,0)", "(0,3)"), ("(0,)", "(0,)"),
    ("(0,2,3)", "(3,2)"), ("()", "(3,)"), ("(3,)", "()"), ("(2,3)", "(2,3)"), ("(3,)", "(2,)"), ("(2,3)", "(2,)"),
    ("(2,2,3)", "(3,3,2)"), ("(4,2,3)", "(4,2,3)"), ("(1,1)", "(1,1)"),
]  # fmt: skip


@family
def matmul_ranks():
    for text in texts("""
        a @ b  m.matmul(a, b)  m.mm(a, b)  m.bmm(a, b)  m.mv(a, b)  m.dot(a, b)  m.inner(a, b)  m.outer(a, b)
        m.tensordot(a, b, dims=1)  m.vdot(a, b)
    """):  # fmt: skip
        for first, second in RANKS:
            yield text, "f4" + first, "f4" + second


@family
def matmul_dtypes_and_layouts():
    for text in ("a @ b", "m.mm(a, b)", "a.matmul(b)", "a.mm(b)"):
        for first, second in (
            ("f4(2,3) T", "f4(3,2)"), ("f4(2,3) step", "f4(3,2) T"), ("f8(2,3)", "f8(3,2)"), ("f2(2,3)", "f2(3,2)"),
            ("i8(2,3)", "i8(3,2)"), ("f4(2,3)", "f8(3,2)"), ("f4(2,3)", "i8(3,2)"), ("b1(2,3)", "b1(3,2)"),
            ("i4(2,3)", "i8(3,2)"), ("f4(3,3) ugly", "f4(3,2)"), ("u1(2,3)", "u1(3,2)"), ("f4(2,3) const", "f4(3,2)"),
            ("f4(2,3)", "f4(3,2) const"), ("i1(2,3)", "i1(3,2)"),
        ):  # fmt: skip
            yield text, first, second
    for text in texts("""
        a @ 2  2 @ a  a @ None  a @ [1, 2]  m.matmul(a, 2)  m.matmul(a)  m.mm(a, 'b')  a @ np.ones(3, 'float32')
        m.dot(a, [1.0])
    """):  # fmt: skip
        yield text, "f4(2,3)"


@family
def einsum():
    for equation in (
        "ij,jk->ik", "ij,jk", "ij,kj->ik", "ij,ij->", "ij,ij->i", "ij,jk->ki", "ij,kl->ijkl", "ij,jk->j", "ij,jk->",
        "...j,jk->...k", "ij,j...->i...", "ab,bc->ca", "IJ,JK->IK", " i j , j k -> i k ",
    ):  # fmt: skip
        for first, second in (
            ("f4(2,3)", "f4(3,4)"), ("f4(2,3)", "f4(2,3)"), ("f4(3,3) T", "f4(3,3)"), ("i8(2,2)", "i8(2,2)"),
            ("f4(0,3)", "f4(3,2)"), ("f4(2,3)", "f8(3,4)"), ("f4(1,3)", "f4(3,3)"),
        ):  # fmt: skip
            yield f"m.einsum({equation!r}, a, b)", first, second
    for equation in ["", *texts("""
        ij->ji  ij->j  ij->  ij  ji  ii  ii->i  ij->i  ...->...  i...->...  ...i->...  ij->ij  ij->ii  ij->k  ijk->ik
        i->  i->ii  ij,ij  ->    i1  i->i->i  ...ij->...ji  ..ij->ij
    """)]:  # fmt: skip
        for spec in ("f4(2,3)", "f4(3,3)", "f4(2,3,2)", "f4(4,)", "f4()", "f4(2,2,2) T"):
            yield f"m.einsum({equation!r}, a)", spec
    for equation in texts("""
        bij,bjk->bik  ...ij,...jk->...ik  bij,bij->b  bij,bkj->bik  bij,bij->bij  bqd,bkd->bqk  bij,cjk->bcik
    """):
        for first, second in (("f4(2,3,4)", "f4(2,4,2)"), ("f4(2,3,4)", "f4(2,3,4)"), ("f4(1,3,4)", "f4(2,4,2)")):
            yield f"m.einsum({equation!r}, a, b)", first, second
    for equation in ("ij,jk,kl->il", "i,ij,j->", "i,j,k->ijk", "ij,ij,ij->j"):
        yield f"m.einsum({equation!r}, a, b, c)", "f4(2,3)", "f4(3,2)", "f4(2,2)"
        yield f"m.einsum({equation!r}, a, b, c)", "f4(2,)", "f4(2,3)", "f4(3,)"
        yield f"m.einsum({equation!r}, a, b, c)", "f4(2,)", "f4(3,)", "f4(4,)"
        yield f"m.einsum({equation!r}, a, b, c)", "f4(2,2)", "f4(2,2)", "f4(2,2)"
    for text in texts("""
        m.einsum('ij,jk->ik', [a, a])  m.einsum(a, [0, 1], [1, 0])  m.einsum('ij,jk->ik')  m.einsum(3, a)
        m.einsum('ij', 2)  m.einsum('bii->bi', a[None])  m.einsum('ii->', a)  m.einsum('iij->ij', a[:, None] * a)
    """):  # fmt: skip
        yield text, "f4(3,3)"


@family
def added_products():
    for text in texts("""
        m.addmm(a, b, c)  m.addmm(a, b, c, beta=2, alpha=0.5)  a.addmm(b, c)  m.addmm(a, b, c, beta=0)
        m.baddbmm(a, b, c)  m.addmv(a, b, c)  m.addbmm(a, b, c)  m.addr(a, b, c)  F.linear(a, b, c)
        F.linear(input=a, weight=b)  m.linalg.multi_dot([a, b, c])  m.chain_matmul(a, b, c)
    """):  # fmt: skip
        for trio in (
            ("f4(2,2)", "f4(2,3)", "f4(3,2)"), ("f4(2,)", "f4(2,3)", "f4(3,2)"), ("f4(2,3)", "f4(4,3)", "f4(4,)"),
            ("f4(4,2,2)", "f4(4,2,3)", "f4(4,3,2)"), ("f4(2,)", "f4(2,3)", "f4(3,)"), ("f4(2,3)", "f4(2,)", "f4(3,)"),
            ("f4(2,3)", "f4(3,2)", "f4(2,2)"), ("i8(2,2)", "i8(2,3)", "i8(3,2)"), ("f4(0,3)", "f4(4,3)", "f4(4,)"),
            ("f4(3,)", "f4(4,3)", "f4(4,)"), ("f4(2,5,3)", "f4(4,3)", "f4(4,)"), ("f4(2,3)", "f8(4,3)", "f4(4,)"),
        ):  # fmt: skip
            yield text, *trio


@family
def other_products():
    for text in texts("""
        m.outer(a, b)  m.kron(a, b)  m.cross(a, b)  m.linalg.cross(a, b)  m.cross(a, b, dim=-1)  m.tensordot(a, b)
        m.tensordot(a, b, dims=([0], [0]))  m.tensordot(a, b, dims=([1, 0], [1, 0]))  m.tensordot(a, b, dims=0)
        m.cdist(a, b)  F.cosine_similarity(a, b)  F.cosine_similarity(a, b, dim=0)  F.pairwise_distance(a, b)
        m.linalg.vecdot(a, b)  a.ger(b)  a.outer(b)  a.inner(b)  a.dot(b)  m.cosine_similarity(a, b, dim=-1)
        F.bilinear(a, b, m.ones(2, 3, 3))  m.linalg.matmul(a, b)
    """):  # fmt: skip
        for first, second in (
            ("f4(2,3)", "f4(2,3)"), ("f4(3,)", "f4(3,)"), ("f4(3,3)", "f4(3,3) T"), ("f4(2,)", "f4(4,)"),
            ("i8(3,)", "i8(3,)"), ("f4(0,3)", "f4(0,3)"), ("f4(2,3)", "f4(3,)"),
        ):  # fmt: skip
            yield text, first, second
    for text in texts("""
        m.trace(a)  a.trace()  m.diag(a)  m.diagonal(a)  a.T @ a  m.linalg.inv(a + 4 * m.eye(3))
        m.linalg.det(a + 4 * m.eye(3))  m.inverse(a + 4 * m.eye(3))  m.linalg.solve(a + 4 * m.eye(3), m.ones(3))
        m.linalg.matrix_power(a, 2)  m.matrix_power(a, 3)  m.linalg.eigvalsh(a @ a.T)  m.linalg.svdvals(a)
        m.linalg.qr(a)[1].abs()  m.linalg.cholesky(a @ a.T + m.eye(3))  m.linalg.slogdet(a + 4 * m.eye(3))
        m.linalg.matrix_norm(a)  m.linalg.diagonal(a)  a.det()
    """):  # fmt: skip
        for spec in ("f4(3,3)", "f4(2,3)", "f4(3,)", "f8(3,3) T", "i8(3,3)"):
            yield text, spec
