"""exp and log against exact arithmetic of many digits."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest

from etter_simulation.engine.elementary import exp, expm1, log, log1p

TINY = [0.0, 1e-300, 1e-17, 1e-9, 3e-4]
SPREAD = [0.01, 0.3, 0.34657359, 0.5, 1.0, 2.5, 37.7, 300.0, 699.0]


def off_by(found: float, exact: Decimal) -> Decimal:
    """Relative error."""
    return abs(Decimal(found) - exact) / abs(exact) if exact else abs(Decimal(found))


class TestExp:
    @pytest.mark.parametrize("x", [sign * x for x in TINY + SPREAD for sign in (1, -1)])
    def test_is_good_to_the_last_bits(self, x: float) -> None:
        with localcontext(prec=60):
            assert off_by(exp(x), Decimal(x).exp()) < 5e-16

    def test_stays_positive_however_small(self) -> None:
        assert 0 < exp(-1e6) < 1e-300


class TestExpm1:
    @pytest.mark.parametrize("x", [sign * x for x in TINY + SPREAD for sign in (1, -1)])
    def test_does_not_cancel_near_zero(self, x: float) -> None:
        with localcontext(prec=400):
            assert off_by(expm1(x), Decimal(x).exp() - 1) < 1e-15


class TestLog:
    @pytest.mark.parametrize(
        "x", [1e-300, 1e-9, 0.3, 0.70710678, 0.9999999999, 1.0, 1.0000001, 1.41421357, 2.0, 1e9, 1e300]
    )
    def test_is_good_to_the_last_bits(self, x: float) -> None:
        with localcontext(prec=60):
            assert off_by(log(x), Decimal(x).ln()) < 1e-15


class TestLog1p:
    @pytest.mark.parametrize("x", [*TINY, *SPREAD, -1e-17, -1e-9, -3e-4, -0.3, -0.5, -0.999])
    def test_does_not_cancel_near_zero(self, x: float) -> None:
        with localcontext(prec=400):
            assert off_by(log1p(x), (1 + Decimal(x)).ln()) < 1e-15
