"""Section 10: which parameters a figure hangs on. Designs and estimators alone; they know nothing of the model.

Sobol' indices: the design of Saltelli et al., Comput. Phys. Commun. 181 (2010), their estimator of first-order indices
and Jansen's of total ones. Screening: elementary effects on trajectories (Morris, Technometrics 33, 1991).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.stats import qmc

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

RESAMPLES: Final = 500
LEVELS: Final = 4
STEP: Final = LEVELS / (2 * (LEVELS - 1))
"""How far a trajectory moves along one parameter, in shares of its range: 2/3."""
_TAILS: Final = (0.025, 0.975)


@dataclass(frozen=True)
class Estimate:
    """One index, [parameter, output], with its 95 % bootstrap interval; NaN for an output that never varies."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class SobolIndices:
    """Shares of an output's variance: `first` is a parameter's own, `total` with all its interactions."""

    first: Estimate
    total: Estimate
    variance: Floats


@dataclass(frozen=True)
class ElementaryEffects:
    """Change of an output over a parameter's whole range: its mean, mean size and standard deviation."""

    mean: Floats
    mean_size: Estimate
    deviation: Floats


@dataclass(frozen=True)
class Trajectories:
    """`points` [trajectory, place, parameter] in the unit cube; step j moves parameter `order[:, j]` by `moves[:, j]`.

    `order` and `moves` are [trajectory, step].
    """

    points: Floats
    order: Ints
    moves: Floats


def saltelli_points(parameters: int, base: int, seed: int) -> Floats:
    """[base, 2 + parameters, parameter] in the unit cube: A, then A with one column of B after the other, then B.

    A and B are the halves of one scrambled Sobol' sequence; `base` is a power of two.
    """
    halves = qmc.Sobol(2 * parameters, scramble=True, rng=np.random.default_rng(seed)).random(base)
    a, b = halves[:, :parameters], halves[:, parameters:]
    points = np.repeat(a[:, None, :], parameters + 2, axis=1)
    for at in range(parameters):
        points[:, 1 + at, at] = b[:, at]
    points[:, -1] = b
    return points


def sobol_indices(values: Floats, *, resamples: int = RESAMPLES, seed: int = 0) -> SobolIndices:
    """From `values` [base, 2 + parameters, output] at `saltelli_points`."""
    centred = values - values.mean(axis=(0, 1))
    a, mixed, b = centred[:, :1], centred[:, 1:-1], centred[:, -1:]
    terms = _Terms(b * (mixed - a), (a - mixed) ** 2 / 2, (a + b)[:, 0] / 2, (a**2 + b**2)[:, 0] / 2)
    constant = np.ptp(values, axis=(0, 1)) == 0
    first, total, variance = _shares(terms, np.full((1, len(values)), 1 / len(values)), constant)
    drawn = np.random.default_rng(seed).multinomial(len(values), np.full(len(values), 1 / len(values)), resamples)
    firsts, totals, _ = _shares(terms, drawn / len(values), constant)
    return SobolIndices(_interval(first[0], firsts), _interval(total[0], totals), variance[0])


@dataclass(frozen=True)
class _Terms:
    """What the estimators are means of: [base, parameter, output] and [base, output]."""

    first: Floats
    total: Floats
    mean: Floats
    square: Floats


def _shares(terms: _Terms, weights: Floats, constant: npt.NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """First-order and total indices and the variance for every row of `weights` [row, base]."""
    variance = weights @ terms.square - (weights @ terms.mean) ** 2
    below = np.where(constant | (variance <= 0), np.nan, variance)[:, None, :]
    first = np.tensordot(weights, terms.first, axes=1) / below
    total = np.tensordot(weights, terms.total, axes=1) / below
    return first, total, variance


def _interval(value: Floats, resampled: Floats) -> Estimate:
    low, high = np.quantile(resampled, _TAILS, axis=0)
    return Estimate(value, low, high)


def trajectories(parameters: int, count: int, seed: int) -> Trajectories:
    """Random paths over a grid of four levels, each moving every parameter once."""
    rng = np.random.default_rng(seed)
    lowest = rng.integers(0, LEVELS // 2, (count, parameters)) / (LEVELS - 1)
    upwards = rng.random((count, parameters)) < 0.5
    order = rng.permuted(np.tile(np.arange(parameters), (count, 1)), axis=1)
    points = np.repeat(np.where(upwards, lowest, lowest + STEP)[:, None, :], parameters + 1, axis=1)
    moves = np.take_along_axis(np.where(upwards, STEP, -STEP), order, axis=1)
    rows = np.arange(count)
    for at in range(parameters):
        points[rows, at + 1 :, order[:, at]] += moves[:, at, None]
    return Trajectories(np.clip(points, 0.0, 1.0), order, moves)


def elementary_effects(
    values: Floats, paths: Trajectories, *, resamples: int = RESAMPLES, seed: int = 0
) -> ElementaryEffects:
    """From `values` [trajectory, place, output] at the points of `paths`."""
    by_step = np.diff(values, axis=1) / paths.moves[:, :, None]
    effects = np.empty_like(by_step)
    np.put_along_axis(effects, paths.order[:, :, None], by_step, axis=1)
    size, count = np.abs(effects), len(effects)
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), resamples) / count
    deviation = effects.std(axis=0, ddof=1) if count > 1 else np.zeros(effects.shape[1:])
    resampled = np.tensordot(drawn, size, axes=1)
    return ElementaryEffects(effects.mean(axis=0), _interval(size.mean(axis=0), resampled), deviation)
