"""Results as one long table."""

from __future__ import annotations

import csv
import io
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import nanoarrow
import numpy as np
import pytest

from etter_simulation.engine.metrics import COMPANY_METRICS, ROLE_METRICS, SALARY, STATS
from etter_simulation.simulations.packing import pack
from etter_simulation.simulations.tables import Table, as_arrow, as_csv, table_of

ROLE_ID = UUID(int=7)


def stored(name: str | None, metrics: tuple[str, ...], *, known: bool = True) -> Any:
    values = np.arange(len(metrics) * len(STATS) * 3, dtype=np.float64).reshape(len(metrics), len(STATS), 3)
    return SimpleNamespace(
        role=name, role_id=ROLE_ID if name else None, salary=10.0 if name else None, metrics=list(metrics),
        values=pack(values if known else np.full_like(values, np.nan)),
    )  # fmt: skip


ROWS = [stored(None, COMPANY_METRICS), stored("Clerk", ROLE_METRICS)]


def lines(table: Table) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(as_csv(table).decode())))


class TestTableOf:
    def test_without_fields_it_has_everything(self) -> None:
        found = lines(table_of(ROWS, [0, 2], None))
        assert len(found) == 2 * (len(COMPANY_METRICS) + len(ROLE_METRICS) + 1)
        assert {line["metric"] for line in found if line["role"] == "Clerk"} == {*ROLE_METRICS, SALARY}

    def test_what_variance_is_made_from_is_not_in_it(self) -> None:
        found = lines(table_of([stored(None, (*COMPANY_METRICS, "chance_heads"))], [0], None))
        assert {line["metric"] for line in found} == set(COMPANY_METRICS)

    def test_fields_narrow_parts_metrics_and_statistics(self) -> None:
        table = table_of(ROWS, [0, 2], {"roles": {"count": {"p50": {}, "mean": {}}}, "months": {}})
        assert table.stats == ("mean", "p50")
        assert [(line["role"], line["metric"], line["month"]) for line in lines(table)] == [
            ("Clerk", "count", "0"), ("Clerk", "count", "2"),
        ]  # fmt: skip

    def test_fields_of_no_part_leave_the_header(self) -> None:
        assert as_csv(table_of(ROWS, [0], {"summary": {}})).decode() == (
            ",".join(f'"{name}"' for name in ("role", "role_id", "metric", "month", *STATS)) + "\r\n"
        )


class TestAsCsv:
    @pytest.mark.parametrize("name", ["=HYPERLINK(0)", "+1", "-1", "@SUM(A1)", "＝1+1", "＠SUM(A1)"])
    def test_a_name_that_looks_like_a_formula_stays_a_name(self, name: str) -> None:
        (line, *_) = lines(table_of([stored(name, ROLE_METRICS)], [0], {"roles": {"count": {}}}))
        assert line["role"] == f"'{name}"

    def test_names_with_separators_are_quoted(self) -> None:
        name = 'Head of "sales", north'
        (line, *_) = lines(table_of([stored(name, ROLE_METRICS)], [0], {"roles": {"count": {}}}))
        assert line["role"] == name

    def test_no_value_is_empty(self) -> None:
        (line, *_) = lines(table_of([stored("Clerk", ROLE_METRICS, known=False)], [0], {"roles": {"count": {}}}))
        assert {line[stat] for stat in STATS} == {""}


class TestAsArrow:
    def test_it_says_the_same_as_csv_with_types_and_nulls(self) -> None:
        rows = [*ROWS, stored("Ärztin", ROLE_METRICS, known=False)]
        table = table_of(rows, [0, 2], {"company": {"heads": {}}, "roles": {"count": {}}})
        stream = nanoarrow.ArrayStream.from_readable(io.BytesIO(as_arrow(table, {"seed": "7"})))
        assert dict(stream.schema.metadata) == {b"seed": b"7"}
        found = stream.read_all().to_pylist()
        assert [(row["role"], row["metric"], row["month"]) for row in found] == [
            (None, "heads", 0), (None, "heads", 2), ("Clerk", "count", 0), ("Clerk", "count", 2),
            ("Ärztin", "count", 0), ("Ärztin", "count", 2),
        ]  # fmt: skip
        assert found[2]["role_id"] == str(ROLE_ID)
        assert {found[4][stat] for stat in STATS} == {None}
        for row, line in zip(found, lines(table), strict=True):
            assert [("" if row[stat] is None else row[stat]) for stat in STATS] == [
                line[stat] and float(line[stat]) for stat in STATS
            ]

    def test_a_table_without_lines_has_its_columns(self) -> None:
        stream = nanoarrow.ArrayStream.from_readable(io.BytesIO(as_arrow(table_of(ROWS, [0], {"seed": {}}), {})))
        assert stream.read_all().to_pylist() == []
