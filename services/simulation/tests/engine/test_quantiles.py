"""Quantile functions against scipy.stats."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter
from scipy import stats

from etter_simulation.engine.distributions import Distribution
from etter_simulation.engine.quantiles import quantiles

AT = np.concatenate([[1e-9, 1 - 1e-9], np.linspace(0.001, 0.999, 999)])


def lognormal(median: float, sd: float, low: float, high: float) -> np.ndarray[Any, Any]:
    whole = stats.lognorm(sd, scale=median)
    return np.asarray(whole.ppf(whole.cdf(low) + AT * (whole.cdf(high) - whole.cdf(low))))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"uniform": [2, 5]}, stats.uniform(2, 3).ppf(AT)),
        ({"triangular": [0.2, 0.38, 0.6]}, stats.triang(0.45, 0.2, 0.4).ppf(AT)),
        ({"triangular": [0, 0, 1]}, stats.triang(0, 0, 1).ppf(AT)),
        ({"triangular": [0, 1, 1]}, stats.triang(1, 0, 1).ppf(AT)),
        ({"normal": [1, 2, 0, 4]}, stats.truncnorm(-0.5, 1.5, 1, 2).ppf(AT)),
        ({"normal": [0, 1, 0, 9]}, stats.truncnorm(0, 9, 0, 1).ppf(AT)),
        ({"beta": [2, 3, 0, 1]}, stats.beta(2, 3).ppf(AT)),
        ({"beta": [0.5, 0.5, 1, 3]}, stats.beta(0.5, 0.5, 1, 2).ppf(AT)),
        ({"lognormal": [0.03, 0.5, 0.005, 0.1]}, lognormal(0.03, 0.5, 0.005, 0.1)),
        ({"lognormal": [1, 1, 0, 50]}, lognormal(1, 1, 0, 50)),
    ],
)
def test_it_is_scipys(given: dict[str, Any], expected: np.ndarray[Any, Any]) -> None:
    distribution = TypeAdapter[Distribution](Distribution).validate_python(given)
    found = quantiles(distribution, AT)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-12)
    assert found.min() >= distribution.low
    assert found.max() <= distribution.high
