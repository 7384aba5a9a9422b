"""Functions that array modules do not have: the error function and its inverse, the gamma function's logarithm.

They are put together from series. Integers and booleans become the default float first.
"""

import math

from ..op import op
from ..shortcuts import polynomial

__all__ = ["digamma", "erf", "erfc", "erfinv", "lgamma", "polygamma"]


def _polynomial(xp, x, coefficients):
    """The sum of coefficients[n] x^n, by Horner's rule, in memory that is used again."""
    if xp.__name__ == "numpy" and x.ndim:
        return polynomial(x, coefficients)
    y = xp.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        y *= x
        y += coefficient
    return y


# The error function: near 0 it is its series, elsewhere a polynomial in an exponent

_NEAR_ZERO = tuple((-1) ** n * 2 / math.sqrt(math.pi) / math.factorial(n) / (2 * n + 1) for n in range(13))
_TAIL = (
    -0.67179408405669062, 0.67264322397765833, 0.04734330684142489, -0.046895610231328917, -0.0098726893431910905,
    0.008824938561312325, 0.0017589331171176884, -0.002345812552995894, -0.00014624252395767714,
    0.00067367913525688631, -9.3760357602970143e-5, -0.00017430412986925937, 7.1495309826021978e-5,
    3.1746935423272358e-5, -3.0421097531594203e-5, 1.3989370477611052e-7, 8.9526923007200226e-6,
    -2.9634842309596991e-6, -1.7128780471140371e-6, 1.2833949153561988e-6, 1.5975482569412025e-7,
    -2.8956265674355242e-7, 7.9920475777306084e-10, 2.9805133645151677e-8,
)  # fmt: skip
_TAIL_SINGLE = (
    -0.671794076, 0.672642217, 0.0473431063, -0.0468748882, -0.00987376875, 0.00870381204, 0.00177656464,
    -0.00204873476, -0.000207909121, 0.000333735894,
)  # fmt: skip


def _erf_near_zero(xp, x):
    """erf where x is between -0.5 and 0.5."""
    return x * _polynomial(xp, x * x, _NEAR_ZERO if x.dtype.itemsize == 8 else _NEAR_ZERO[:7])


def _erfc_above_zero(xp, x):
    """erfc for x >= 0: log(erfc(x) / t) + x^2 is a smooth function of t = 2 / (2 + x).

    Source: Press et al., "Numerical Recipes", 3rd ed. (2007), section 6.2.2, for the form. The coefficients are those
    of Chebyshev's approximation in 2 t - 1, worked out with mpmath: error below 1e-14 in double, 3e-7 in single.
    """
    t = 2 / (x + 2)
    return t * xp.exp(_polynomial(xp, 2 * t - 1, _TAIL if x.dtype.itemsize == 8 else _TAIL_SINGLE) - x * x)


@op(kind="elementwise", onnx="Erf", to_float=True)
def erf(xp, x):
    """Twice the integral of exp(-t^2) / sqrt(pi) from 0 to x."""
    size = xp.absolute(x)
    return xp.where(size < 0.5, _erf_near_zero(xp, x), xp.copysign(1 - _erfc_above_zero(xp, size), x))


erf.vjp(x=lambda g, x, xp: g * xp.exp(-x * x) * (2 / math.sqrt(math.pi)))


@op(kind="elementwise", to_float=True)
def erfc(xp, x):
    """1 - erf(x), accurate where that is next to nothing."""
    tail = _erfc_above_zero(xp, xp.absolute(x))
    return xp.where(x < 0, 2 - tail, tail)


erfc.vjp(x=lambda g, x, xp: g * xp.exp(-x * x) * (-2 / math.sqrt(math.pi)))


@op(kind="elementwise", to_float=True)
def erfinv(xp, x):
    """The number whose erf is x; inf at 1, -inf at -1, nan outside.

    Source: Winitzki, "A handy approximation for the error function and its inverse" (2008), for where to start. It is
    right to 0.002, and each of Halley's steps has three times as many digits right as the one before.
    """
    size = xp.absolute(x).astype("float64")
    logarithm = xp.log((1 - size) * (1 + size))
    half = 2 / (math.pi * 0.147) + logarithm / 2
    y = xp.sqrt(xp.sqrt(half * half - logarithm / 0.147) - half)
    for _ in range(2):
        above = xp.where(y < 0.5, _erf_near_zero(xp, y) - size, 1 - size - _erfc_above_zero(xp, y))
        step = above * xp.exp(y * y) * (math.sqrt(math.pi) / 2)  # Newton's
        y = y - step / (1 + y * step)
    return xp.copysign(xp.where(size == 1, math.inf, y), x).astype(x.dtype)


erfinv.vjp(x=lambda g, y, xp: g * xp.exp(y * y) * (math.sqrt(math.pi) / 2))

# The gamma function. In double always: what is left of large numbers that nearly cancel has to be right

_BERNOULLI = 1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730  # the numbers with 2, 4, 6, ... below


def _zeta(s, x):
    """Hurwitz's zeta function, the sum of (x + k)^-s over k = 0, 1, ..., for x > 0: ten terms, then Euler-Maclaurin."""
    total = sum((x + k) ** -s for k in range(10))
    a = x + 10
    factor, square = a**-s, a * a
    total = total + a ** (1 - s) / (s - 1) + factor / 2
    factor = factor * s / a
    for n, number in enumerate(_BERNOULLI, 1):
        total = total + factor * (number / math.factorial(2 * n))
        factor = factor * ((s + 2 * n - 1) * (s + 2 * n)) / square
    return total


# log(gamma(2 + z)) = z (1 - Euler's constant + ...)
_NEAR_TWO = 1 - 0.57721566490153286, *((-1) ** k * _zeta(float(k), 2.0) / k for k in range(2, 26))


def _log_gamma_above_zero(xp, x):
    """Above 10 Stirling's series; below, steps of 1 lead to where a series is exact at its zeros, 1 and 2."""
    near, product = xp.where(x < 0.5, x + 1, x), xp.where(x < 0.5, 1 / x, 1)
    for _ in range(8):
        far = near > 2.5
        near = xp.where(far, near - 1, near)
        product = xp.where(far, product * near, product)
    above = near > 1.5
    z = near - xp.where(above, 2, 1)
    series = z * _polynomial(xp, z, _NEAR_TWO) - xp.where(above, 0, xp.log1p(z)) + xp.log(product)
    stirling = (x - 0.5) * (xp.log(x) - 1) + (math.log(2 * math.pi) - 1) / 2
    for n, number in enumerate(_BERNOULLI, 1):
        stirling = stirling + number / (2 * n * (2 * n - 1)) * x ** (1.0 - 2 * n)
    return xp.where(x < 10, series, stirling)


def _is_pole(xp, x):
    """Where the gamma function is infinite: 0, -1, -2, ...; and -inf."""
    return (x <= 0) & (x == xp.floor(x))


@op(kind="elementwise", to_float=True)
def lgamma(xp, x):
    """Logarithm of the size of the gamma function, which is (n - 1)! at n; inf at 0, -1, -2, ... and at both ends."""
    wide = x.astype("float64")
    above = _log_gamma_above_zero(xp, xp.where(x < 0, 1 - wide, wide))
    below = math.log(math.pi) - xp.log(xp.absolute(xp.sin(math.pi * (wide - xp.rint(wide))))) - above
    return xp.where(_is_pole(xp, x), math.inf, xp.where(x < 0, below, above)).astype(x.dtype)


def _digamma_above_zero(xp, x):
    total = -sum(1 / (x + k) for k in range(10))
    x = x + 10
    total = total + xp.log(x) - 0.5 / x
    for n, number in enumerate(_BERNOULLI, 1):
        total = total - number / (2 * n) * x ** (-2.0 * n)
    return total


def _cotangent(n):
    """pi cot(pi x), n times differentiated, as a polynomial in c = cot(pi x), whose own derivative is -pi (1 + c^2)."""
    coefficients = [0.0, math.pi]
    for _ in range(n):
        slope = [-math.pi * k * c for k, c in enumerate(coefficients)][1:]
        coefficients = [low + high for low, high in zip([*slope, 0, 0], [0, 0, *slope], strict=True)]
    return coefficients


@op(kind="elementwise", to_float=True)
def polygamma(xp, x, /, n):
    """`digamma`, n times differentiated. At 0, -1, -2, ... inf for an odd n, -inf for an even one; nan at -inf.

    Errors: ValueError for n below 0.
    """
    if n < 0:
        raise ValueError(f"polygamma(n, x) does not support negative n: {n}")
    wide, sign = x.astype("float64"), 1 if n % 2 else -1
    above = xp.where(x < 0, 1 - wide, wide)
    above = sign * math.factorial(n) * _zeta(n + 1.0, above) if n else _digamma_above_zero(xp, above)
    c = 1 / xp.tan(math.pi * (wide - xp.rint(wide)))
    y = xp.where(x < 0, -sign * above - _polynomial(xp, c, _cotangent(n)), above)  # what lies below 0, by reflection
    pole = sign * math.inf if n else xp.where(x == 0, xp.copysign(math.inf, -wide), math.nan)
    return xp.where(_is_pole(xp, x) & (x > -math.inf), pole, y).astype(x.dtype)


polygamma.vjp(x=lambda g, x, n, xp: g * polygamma.on(xp, x, n=n + 1))


@op(kind="elementwise", to_float=True)
def digamma(xp, x):
    """The derivative of `lgamma`; inf or -inf at 0, nan at -1, -2, ... and at -inf."""
    return polygamma.forward(xp, x, 0)


digamma.vjp(x=lambda g, x, xp: g * polygamma.on(xp, x, n=1))
lgamma.vjp(x=lambda g, x, xp: g * digamma.on(xp, x))
