"""Median wages for a release: Occupational Employment and Wage Statistics (OEWS) of the BLS, where they are at hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from etter_core.occupations import onet_shapes as shapes
from etter_core.occupations.onet_files import Tables

_NAMED: Final = re.compile(r"oews_national_may(\d{4})(?:_raw)?\.csv(?:\.gz)?")
_SOC_LENGTH: Final = 7
_NOT_GIVEN: Final = frozenset(["", "-", "*", "**", "#"])  # not released, or above what the survey tells
_DETAILED: Final = frozenset(["3", "detailed"])


@dataclass(frozen=True)
class Wages:
    """Annual medians in USD by SOC code; `source` names the survey, `None` without one.

    `published_as` leads from an O*NET-SOC code to the code under which the survey reports it.
    """

    source: str | None = None
    medians: Mapping[str, int] = field(default_factory=dict)
    published_as: Mapping[str, str] = field(default_factory=dict)

    def median(self, code: str) -> int | None:
        soc = code[:_SOC_LENGTH]
        return self.medians.get(soc) or self.medians.get(self.published_as.get(code, soc))


def read(tables: Tables) -> Wages:
    """The newest survey at hand."""
    years = [int(match[1]) for name in (*tables.own, *tables.beside) if (match := _NAMED.fullmatch(name))]
    if not years:
        return Wages()
    shape = tables.find(shapes.wages(max(years)))
    medians: dict[str, int] = {}
    if shape is None:
        return Wages()
    for row in tables.rows(shape):
        if row["median"] in _NOT_GIVEN:
            continue
        amount = row["median"].replace(",", "")
        if not amount.isdecimal():
            tables.skip(shape)
        elif row["level"] in _DETAILED or row["soc"] not in medians:
            medians[row["soc"]] = int(amount)
    return Wages(f"BLS OEWS May {max(years)}", medians, _published_as(tables))


def _published_as(tables: Tables) -> dict[str, str]:
    shape = tables.find(shapes.NEM_CODES)
    return {row["code"]: row["nem_code"] for row in tables.rows(shape)} if shape else {}
