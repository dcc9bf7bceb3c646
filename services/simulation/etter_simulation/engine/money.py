"""Section 6, over all iterations: attribution against the counterfactual, payback, one-off and structural apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from etter_simulation.engine.build import MINOR_UNITS
from etter_simulation.engine.metrics import ATTRIBUTED, COMPANY_METRICS, STATS
from etter_simulation.engine.outputs import NULL
from etter_simulation.engine.statistics import QUANTILES, Floats, Ints, describe, quantile_or_never, tally

_AT: Final = {metric: place for place, metric in enumerate(COMPANY_METRICS)}


def attribute(run: Ints, counterfactual: Ints) -> Ints:
    """[month, attributed metric, iteration] from two company tables of the same months and iterations."""
    places = [_AT[metric] for metric in ATTRIBUTED]
    one, other = run[:, places, :], counterfactual[:, places, :]
    return np.where((one == NULL) | (other == NULL), NULL, one - other)


@dataclass
class Ledger:
    """What must be carried from month to month, per iteration, for the figures of the whole run."""

    months: int
    discount_rate: float
    last_loss: Ints
    spent: npt.NDArray[np.bool_]
    last_year: Ints
    discounted: Floats

    @classmethod
    def opened(cls, iterations: int, months: int, discount_rate: float) -> Ledger:
        whole = np.zeros(iterations, dtype=np.int64)
        return cls(months, discount_rate, whole, whole.astype(np.bool_), whole.copy(), whole.astype(np.float64))

    def enter(self, first_month: int, run: Ints, savings: Ints) -> None:
        """Take in months of the run's company rows and of the savings (attributed, or gross without a counterfactual).

        `savings` is [month, (run_rate_saving, one_off, cum_net), iteration].
        """
        month = np.arange(first_month, first_month + len(run))
        counts = month > 0
        month, run, savings = month[counts], run[counts], savings[counts]
        rate, one_off, net = savings[:, 0], savings[:, 1], savings[:, 2]
        self.spent |= ((run[:, _AT["one_off"]] > 0) | (run[:, _AT["licences"]] > 0)).any(axis=0)
        losses = np.where(net < 0, month[:, None], 0)
        self.last_loss = np.maximum(self.last_loss, losses.max(axis=0, initial=0))
        self.last_year += rate[month > self.months - 12].sum(axis=0)
        for at, worth in enumerate((1 + self.discount_rate) ** (-month / 12)):
            self.discounted += (rate[at] - one_off[at]) * worth

    def payback_months(self) -> Ints:
        """Per iteration the month after the last one in the red; `NULL` is never."""
        never = ~self.spent | (self.last_loss >= self.months)
        return np.where(never, NULL, self.last_loss + 1)

    def summary(self) -> dict[str, object]:
        """Payback with its "never", and a year's structural saving; money in currency."""
        payback = self.payback_months()
        yearly = self.last_year * 12 // max(1, min(12, self.months))
        return {
            "payback_month": {
                name: quantile_or_never(payback, *q) for name, q in zip(("p5", "p50", "p95"), QUANTILES, strict=True)
            },
            "share_never_paying_back": float((payback == NULL).mean()),
            "structural_saving_per_year": _described(yearly),
            "discounted_net": _described(np.floor(self.discounted + 0.5).astype(np.int64)),
        }


def _described(values: Ints) -> dict[str, float]:
    row = values[None, :].copy()
    found = describe(row, tally(row), np.array([float(MINOR_UNITS)]))[0]
    return dict(zip(STATS, found.tolist(), strict=True))
