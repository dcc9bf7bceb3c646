"""From freed time to money (section 6). Needs no compiled code."""

from __future__ import annotations

from typing import Any


def bridge(metrics: tuple[str, ...], means: Any) -> dict[str, object]:
    """As means at the last month: released, realised, payroll, net; `means` are those of the company's `metrics`.

    Attributed if there is a counterfactual, else gross. FTE, currency a month, and currency since the start.
    """
    attributed = "attributed_cum_net" in metrics
    prefix = "attributed_" if attributed else ""

    def at(metric: str) -> float:
        return float(means[metrics.index(prefix + metric)])

    return {
        "attributed": attributed,
        "released_fte": at("released_fte"),
        "realised_fte": at("realised_fte"),
        "payroll_saving_per_month": -at("payroll") if attributed else at("run_rate_saving") + at("licences"),
        "licences_per_month": at("licences"),
        "one_off_to_date": at("cum_one_off"),
        "net_to_date": at("cum_net"),
    }
