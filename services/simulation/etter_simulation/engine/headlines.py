"""The company's figures that alternatives are compared by and spread is explained for. Needs no compiled code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from etter_simulation.engine.metrics import ATTRIBUTED_METRICS, COMPANY_METRICS

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Headline:
    """`better` says which way is good, for those figures where everyone would agree."""

    name: str
    unit: Literal["currency", "FTE", "people", "share", "output units per person"]
    better: Better | None = None

    @property
    def is_attributed(self) -> bool:
        return self.name in ATTRIBUTED_METRICS

    @property
    def place(self) -> int:
        """Of the figure among `COMPANY_METRICS`, or among `ATTRIBUTED_METRICS`."""
        return (ATTRIBUTED_METRICS if self.is_attributed else COMPANY_METRICS).index(self.name)


HEADLINES: Final = (
    Headline("attributed_cum_net", "currency", "higher"),
    Headline("attributed_run_rate_saving", "currency", "higher"),
    Headline("attributed_cum_one_off", "currency", "lower"),
    Headline("cum_net", "currency", "higher"),
    Headline("released_fte", "FTE", "higher"),
    Headline("realised_fte", "FTE"),
    Headline("heads", "people"),
    Headline("payroll", "currency", "lower"),
    Headline("automation", "share", "higher"),
    Headline("avg_time_per_employee", "share"),
    Headline("avg_unused_output_capacity", "output units per person"),
)
