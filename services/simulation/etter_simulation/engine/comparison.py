"""Section 10, comparison: differences by iteration under common random numbers, never of independent runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np

from etter_simulation.engine.finish import scales
from etter_simulation.engine.headlines import HEADLINES, Headline
from etter_simulation.engine.metrics import ATTRIBUTED, STATS
from etter_simulation.engine.money import Ledger
from etter_simulation.engine.outputs import NULL
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.side_by_side import Rows, common_role_numbers, play
from etter_simulation.engine.statistics import QUANTILES, Floats, Ints, describe, quantile_or_never, tally

Progress = Callable[[float], None]
_SAVINGS: Final = tuple(ATTRIBUTED.index(metric) for metric in ("run_rate_saving", "one_off", "cum_net"))
_NEVER: Final = np.iinfo(np.int64).max // 4
"""Later than any month, and a difference of two is still a number."""


@dataclass(frozen=True)
class Played:
    """One alternative: `figures` [month, headline, iteration] in the months asked for, `payback` [iteration]."""

    figures: Ints
    payback: Ints


def compare(
    requests: Sequence[SimulationRequest],
    months: Sequence[int],
    *,
    baseline: int = 0,
    threads: int = 1,
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """Alternatives and all pairs of them, those with `baseline` first, at `months` (ascending)."""
    played = play_alternatives(requests, months, threads=threads, on_progress=on_progress)
    return {
        "alternatives": [_alternative(found, months) for found in played],
        "pairs": [
            {
                "baseline": one,
                "alternative": other,
                "outputs": _outputs(played[one].figures, played[other].figures, months),
                "payback": paired_payback(played[one].payback, played[other].payback),
            }
            for one, other in _pairs(len(played), baseline)
        ],
    }


def play_alternatives(
    requests: Sequence[SimulationRequest],
    months: Sequence[int],
    *,
    threads: int = 1,
    on_progress: Progress | None = None,
) -> list[Played]:
    """Play all requests side by side and keep the headline figures of `months`."""
    count, steps = requests[0].n_iterations, requests[0].steps
    figures = [np.empty((len(months), len(HEADLINES), count), dtype=np.int64) for _ in requests]
    ledgers = [Ledger.opened(count, steps, request.costs.discount_rate) for request in requests]
    for window in play(requests, threads=threads, role_numbers=common_role_numbers(requests)):
        for rows, kept, ledger in zip(window, figures, ledgers, strict=True):
            ledger.enter(rows.first_month, rows.run, rows.attributed[:, _SAVINGS])
            _keep(kept, rows, months)
        if on_progress is not None:
            on_progress((window[0].first_month + len(window[0].run)) / (steps + 1))
    return [Played(kept, ledger.payback_months()) for kept, ledger in zip(figures, ledgers, strict=True)]


def _keep(kept: Ints, rows: Rows, months: Sequence[int]) -> None:
    for at, month in enumerate(months):
        row = month - rows.first_month
        if 0 <= row < len(rows.run):
            for place, headline in enumerate(HEADLINES):
                source = rows.attributed if headline.is_attributed else rows.run
                kept[at, place] = source[row, headline.place]


def _pairs(count: int, baseline: int) -> Iterator[tuple[int, int]]:
    others = [at for at in range(count) if at != baseline]
    yield from ((baseline, other) for other in others)
    yield from combinations(others, 2)


def headline_scales() -> Floats:
    """What one unit of each headline is kept as."""
    return scales(tuple(headline.name for headline in HEADLINES))


def described(rows: Ints, scale: Floats) -> Floats:
    """[series, statistic] of `rows` [series, iteration], which are left as they are."""
    copy = np.ascontiguousarray(rows).copy()
    return describe(copy, tally(copy), scale)


@dataclass(frozen=True)
class Paired:
    """Per series: statistics of the difference (`STATS`), shares of iterations, and what pairing saved."""

    n: Ints
    difference: Floats
    higher: Floats
    lower: Floats
    variance_reduction: Floats


def paired(one: Ints, other: Ints, scale: Floats) -> Paired:
    """Differences `other` less `one` by iteration, from [series, iteration]; an iteration without one value is out.

    The variance reduction is the variance that a difference of independent runs would have, (of one + of other), over
    the variance of the paired difference: how many times fewer iterations do. NaN if either does not vary.
    """
    both = (one != NULL) & (other != NULL)
    one, other = np.where(both, one, NULL), np.where(both, other, NULL)
    n = both.sum(axis=1)
    difference = described(np.where(both, other - one, NULL), scale)
    sd = STATS.index("sd")
    spread = described(one, scale)[:, sd] ** 2 + described(other, scale)[:, sd] ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        reduction = spread / difference[:, sd] ** 2
        higher, lower = ((both & (other > one)).sum(axis=1) / n, (both & (other < one)).sum(axis=1) / n)
    return Paired(n, difference, higher, lower, np.where(np.isfinite(reduction), reduction, np.nan))


def paired_payback(one: Ints, other: Ints) -> dict[str, Any]:
    """Months by which `other` pays back later (negative: earlier). Never is later than any month, never and never tie.

    A quantile that reaches into "only one of them ever pays back" is null, and there is no mean in that case.
    """
    first, second = np.where(one == NULL, _NEVER, one), np.where(other == NULL, _NEVER, other)
    difference = second - first
    only_other, only_one = (one == NULL) & (other != NULL), (one != NULL) & (other == NULL)
    ordered = np.where(only_one, _NEVER, np.where(only_other, -_NEVER, difference))
    finite = not (only_one.any() or only_other.any())
    quantiles = [_quantile(ordered, *q) for q in QUANTILES]
    return {
        "mean_difference": float(difference.mean()) if finite else None,
        "standard_error": float(difference.std(ddof=1) / np.sqrt(len(one))) if finite and len(one) > 1 else None,
        **dict(zip(("p5", "p50", "p95"), quantiles, strict=True)),
        "probability_earlier": float((second < first).mean()),
        "probability_later": float((second > first).mean()),
        "share_only_baseline_pays_back": float(only_one.mean()),
        "share_only_alternative_pays_back": float(only_other.mean()),
    }


def _quantile(months: Ints, above: int, below: int) -> float | None:
    ordered = np.sort(months)
    whole, part = divmod((len(ordered) - 1) * above, below)
    needed = ordered[whole : whole + (2 if part else 1)]
    if (np.abs(needed) == _NEVER).any():
        return None
    return float(needed[0] + (needed[-1] - needed[0]) * part / below)


def _alternative(played: Played, months: Sequence[int]) -> dict[str, Any]:
    every = described(played.figures.reshape(-1, played.figures.shape[-1]), np.tile(headline_scales(), len(months)))
    table = every.reshape(len(months), len(HEADLINES), len(STATS))
    return {
        "outputs": [
            {
                "output": headline.name,
                "unit": headline.unit,
                "at": [
                    {"month": month, **dict(zip(STATS, _plain(table[at, place]), strict=True))}
                    for at, month in enumerate(months)
                ],
            }
            for place, headline in enumerate(HEADLINES)
        ],
        "payback_month": {
            name: quantile_or_never(played.payback, *q) for name, q in zip(("p5", "p50", "p95"), QUANTILES, strict=True)
        },
        "share_never_paying_back": float((played.payback == NULL).mean()),
    }


def _outputs(one: Ints, other: Ints, months: Sequence[int]) -> list[dict[str, Any]]:
    count = one.shape[-1]
    found = paired(one.reshape(-1, count), other.reshape(-1, count), np.tile(headline_scales(), len(months)))
    width = len(HEADLINES)
    return [
        {
            "output": headline.name,
            "unit": headline.unit,
            "better": headline.better,
            "at": [
                {"month": month, **_figures(found, at * width + place, headline)} for at, month in enumerate(months)
            ],
        }
        for place, headline in enumerate(HEADLINES)
    ]


def _figures(found: Paired, at: int, headline: Headline) -> dict[str, Any]:
    stats = dict(zip(STATS, _plain(found.difference[at]), strict=True))
    higher, lower, reduction = _plain(np.array([found.higher[at], found.lower[at], found.variance_reduction[at]]))
    better = {"higher": higher, "lower": lower, None: None}[headline.better]
    return {
        "n": int(found.n[at]),
        "mean_difference": stats["mean"],
        "standard_error": stats["se"],
        **{name: stats[name] for name in ("p5", "p50", "p95")},
        "probability_higher": higher,
        "probability_lower": lower,
        "probability_better": better,
        "variance_reduction": reduction,
    }


def _plain(values: Floats) -> list[float | None]:
    """Six decimals, as every figure that goes out; null where there is no value."""
    return [None if np.isnan(value) else round(float(value), 6) for value in values]
