"""exp and log of our own, accurate to the last bit or two.

They are plain arithmetic, so a loop over lanes runs in vector registers, and every machine gives the same bits: those
of a system's mathematical library differ between its versions. Arguments are finite; nothing is checked.
"""

from __future__ import annotations

import numpy as np

from etter_simulation.engine.compiled import inlined

_LOG2_E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_BIAS = 1023
_MANTISSA = 52
_ROOT_HALF = 0x3FE6A09E667F3BCD
"""The bits of the square root of a half: mantissas are taken from there to twice that."""


@inlined
def _power_of_two(k: float) -> float:
    return float(np.int64((np.int64(k) + _BIAS) << _MANTISSA).view(np.float64))


@inlined
def _expm1_near_zero(r: float) -> float:
    """Taylor's series; |r| <= ln(2) / 2."""
    tail = 1 / 39916800 + r * (1 / 479001600 + r * (1 / 6227020800))
    tail = 1 / 5040 + r * (1 / 40320 + r * (1 / 362880 + r * (1 / 3628800 + r * tail)))
    tail = 1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720 + r * tail)))
    return r + r * r * (0.5 + r * tail)


@inlined
def exp(x: float) -> float:
    """e**x for x <= 700; below -700 it stays at e**-700."""
    x = max(x, -700.0)
    k = np.floor(x * _LOG2_E + 0.5)
    return _power_of_two(k) * (1.0 + _expm1_near_zero((x - k * _LN2_HIGH) - k * _LN2_LOW))


@inlined
def expm1(x: float) -> float:
    """e**x - 1 without cancellation near 0; x as for `exp`."""
    x = max(x, -700.0)
    k = np.floor(x * _LOG2_E + 0.5)
    power = _power_of_two(k)
    return power * _expm1_near_zero((x - k * _LN2_HIGH) - k * _LN2_LOW) + (power - 1.0)


@inlined
def log(x: float) -> float:
    """Natural logarithm of a positive normal number; the series of s = f / (2 + f) in the odd powers."""
    bits = np.float64(x).view(np.int64)
    k = (bits - _ROOT_HALF) >> _MANTISSA
    f = float(np.int64(bits - (k << _MANTISSA)).view(np.float64)) - 1.0
    s = f / (2.0 + f)
    z = s * s
    odd = 2.222219843214978396e-01 + z * (
        1.818357216161805012e-01 + z * (1.531383769920937332e-01 + z * 0.1479819860511658591)
    )
    odd = z * (6.666666666666735130e-01 + z * (3.999999999940941908e-01 + z * (2.857142874366239149e-01 + z * odd)))
    half = 0.5 * f * f
    return k * _LN2_HIGH - ((half - (s * (half + odd) + k * _LN2_LOW)) - f)


@inlined
def log1p(x: float) -> float:
    """log(1 + x) without cancellation near 0; x > -1."""
    whole = 1.0 + x
    return log(whole) + (x - (whole - 1.0)) / whole
