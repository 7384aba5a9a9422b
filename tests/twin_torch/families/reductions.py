"""Ops that make many numbers into few: along one axis, several, all; and running sums."""

from ..cases import family, texts, words

ANY_DIM = words("sum mean nansum nanmean amax amin logsumexp var std all any norm count_nonzero")
ONE_DIM = words("prod argmax argmin max min median mode nanmedian")
RUNNING = words("cumsum cumprod logcumsumexp cummax cummin")
SPECS = (
    "f4(2,3)", "f4(2,3,2)", "f4(4,)", "f4()", "f4(0,)", "f4(2,0)", "f4(0,3)", "f4(8,) ugly", "f4(2,3) ties",
    "f4(3,2) T", "f4(2,2) step", "i8(2,3)", "b1(2,3)", "f2(3,)", "f8(2,2)", "u1(4,)", "i4(3,) ties", "f4(1,)",
)  # fmt: skip


@family
def reduce_all():
    for name in ANY_DIM + ONE_DIM + ["aminmax", "var_mean", "std_mean"]:
        for spec in SPECS:
            yield f"m.{name}(a)", spec


@family
def reduce_one():
    for name in ANY_DIM + ONE_DIM:
        for dim in ("0", "-1", "1", "-3"):
            for spec in ("f4(2,3)", "f4(2,3) ties", "f4(2,0)", "f4()", "i8(2,3)"):
                yield f"m.{name}(a, dim={dim})", spec
        yield f"m.{name}(a, dim=1, keepdim=True)", "f4(2,3) T"
        yield f"m.{name}(a, dim=-2, keepdim=True)", "f4(2,3,2)"
        yield f"m.{name}(a, 0, True)", "f4(2,2) pos"
        yield f"a.{name}(1)", "f4(2,3) nan"
        yield f"a.{name}(dim=0)", "f4(3,3) ugly"
        yield f"a.{name}(axis=0, keepdims=True)", "f4(2,2)"
        yield f"a.{name}(dim=1)", "f8(2,3)"
        yield f"a.{name}(dim=0)", "b1(2,2)"
        yield f"a.{name}(dim='rows')", "f4(2,2)"
        yield f"a.{name}(dim=1.0)", "f4(2,2)"


@family
def reduce_several():
    for name in ANY_DIM:
        for dim in ("(0, 1)", "(0, 2)", "[0, -1]", "()", "None", "(1, 1)", "(0, 5)", "(-1,)"):
            if dim == "()" and name in ("var", "std"):
                continue  # PyTorch's gradient divides by zero there
            yield f"m.{name}(a, dim={dim})", "f4(2,3,2)"
            yield f"m.{name}(a, dim={dim}, keepdim=True)", "f4(2,1,2)"
        yield f"m.{name}(a, (0, 1))", "f4(2,2) T"
        yield f"m.{name}(a, dim=(0, 1))", "f4()"
        yield f"m.{name}(a, dim=(0, 1))", "f4(2,0,2)"
    for name in ONE_DIM:
        yield f"m.{name}(a, dim=(0, 1))", "f4(2,2)"
        yield f"m.{name}(a, dim=None)", "f4(2,2)"


@family
def reduce_options():
    for spec in ("f4(2,3)", "i8(2,3)", "f2(4,)", "b1(3,)", "f4()", "f4(0,)"):
        for text in texts("""
            m.sum(a, dtype=m.float64)  a.sum(dtype=m.int64)  a.mean(dtype=m.float64)  a.prod(dtype=m.float64)
            m.sum(a, 0, dtype=m.float32)  m.cumsum(a, 0, dtype=m.float64)  m.cumprod(a, dim=0, dtype=m.float32)
            a.nansum(dtype=m.float64)  a.var(correction=0)  a.std(correction=2)  a.var(unbiased=False)  a.std(False)
            m.var(a, 0, unbiased=False)  m.var(a, dim=0, correction=0)  m.std(a, dim=0, correction=5)
            a.var(0, True, True)  m.var_mean(a, dim=0)  m.std_mean(a, dim=0, correction=0)  m.var_mean(a)
            m.aminmax(a)  m.aminmax(a, dim=0)  a.sum(0, False)  a.sum().item()  a.mean().item()  a.all().item()
            a.any(0)  m.max(a).item()  m.sum(a, dim=0, keepdim=True, dtype=m.float64)  a.max(0).values  a.max(0)[1]
            a.min(0).indices  values, indices = a.max(0); values, indices  type(a.max(0)).__name__  m.max(a, a)
            m.min(a, 0 * a)  a.argmax(keepdim=True)  a.argmin(0, keepdim=True)  a.argmax(-1)  m.amax(a, (0,))
            a.amin(())
        """):  # fmt: skip
            yield text, spec


@family
def ties_and_nan():
    for name in texts("""
        max  min  amax  amin  median  argmax  argmin  std  prod  norm  cumprod(0)  logsumexp(0)  cummax(0)  sort(0)
        aminmax  nanmean  nansum
    """):  # fmt: skip
        call = name if name.endswith(")") else name + "()"
        for spec in (
            "f4(6,) ties", "f4(3,3) ties", "f4(4,) zero", "f4(4,) nan", "f4(5,) inf", "f4(8,) ugly", "f4(1,) nan",
            "f4(2,) inf",
        ):
            yield f"a.{call}", spec
    for name in ("max", "min", "amax", "amin", "argmax", "argmin", "median", "prod", "norm", "std", "logsumexp"):
        for dim in (0, 1):
            for spec in ("f4(3,4) ties", "f4(3,3) ugly", "f4(2,3) nan", "f4(3,2) inf", "f4(2,2) zero", "f4(3,2) zero"):
                yield f"a.{name}(dim={dim})", spec


@family
def running():
    for name in RUNNING:
        for dim in ("0", "-1", "1", "2"):
            for spec in (
                "f4(2,3)", "f4(4,)", "f4()", "f4(0,)", "f4(2,3,2) T", "i8(2,3)", "f4(3,3) ugly", "f4(2,4) ties",
                "b1(2,3)",
            ):
                yield f"m.{name}(a, dim={dim})", spec
        yield f"a.{name}(0)", "f4(2,2)"
        yield f"a.{name}()", "f4(2,2)"
        yield f"m.{name}(a, 0).sum()", "f8(3,) zero"
    for text in texts("""
        m.diff(a)  m.diff(a, n=2)  m.diff(a, dim=0)  a.diff()  m.diff(a, n=9)  m.trapezoid(a)  m.diff(a, prepend=a)
    """):
        for spec in ("f4(4,)", "f4(2,3)", "f4()", "i8(4,)", "b1(3,)"):
            yield text, spec


@family
def norms():
    orders = ("1", "2", "3", "0", "float('inf')", "-float('inf')", "-1", "0.5", "'fro'", "'nuc'", "-2", "'text'")
    for order in orders:
        for spec in ("f4(2,3)", "f4(4,)", "f4()", "f4(0,)", "f4(3,) zero", "f4(4,) ties", "f4(8,) ugly", "i8(3,)"):
            yield f"m.norm(a, {order})", spec
            yield f"m.linalg.vector_norm(a, {order})", spec
        for text in (
            f"m.norm(a, p={order}, dim=0)", f"a.norm(p={order}, dim=1, keepdim=True)", f"m.linalg.norm(a, {order})",
            f"m.linalg.norm(a, {order}, dim=1)", f"m.norm(a, {order}, dim=(0, 1))",
            f"m.linalg.matrix_norm(a, {order})",
        ):  # fmt: skip
            yield text, "f4(2,3)"
    for text in texts("""
        m.linalg.norm(a)  m.linalg.norm(a, dim=0)  a.norm()  a.norm(dim=0)  m.dist(a, a + 1)  m.dist(a, 0 * a, 1)
        m.dist(a, a)  m.norm(a, dtype=m.float64)  a.norm(2, 0)  m.linalg.vector_norm(a, dim=(0,))
        F.normalize(a, dim=0)  F.normalize(a, p=1, dim=0)  F.normalize(0 * a, dim=0)  m.linalg.norm(a, keepdim=True)
    """):  # fmt: skip
        for spec in ("f4(2,3)", "f4(3,)", "f4()", "f8(2,2)", "i8(2,2)", "f4(0,)"):
            yield text, spec


@family
def counting():
    for text in texts("""
        m.bincount(a)  m.bincount(a, minlength=8)  m.unique(a)  a.unique()  m.unique(a, return_counts=True)
        m.unique(a, return_inverse=True)  m.unique(a, sorted=True, return_inverse=True, return_counts=True)
        m.unique(a, dim=0)  m.unique_consecutive(a)  m.histc(a.float(), bins=4)  m.count_nonzero(a)
        a.count_nonzero(0)  a.count_nonzero(dim=-1)  m.isin(a, a[:1])  m.bincount(a, weights=a.float())
    """):  # fmt: skip
        for spec in (
            "i8(6,) below4", "i8(0,)", "i8(2,3) below5", "i8(4,)", "f4(4,) ties const", "b1(4,)", "u1(5,) ties",
            "f4(5,) nan const",
        ):
            yield text, spec
