"""Results as one long table: a line for each role (or the company), metric and month. CSV (RFC 4180) and Arrow."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from sqlalchemy import Row

from etter_simulation.engine.metrics import STATS
from etter_simulation.simulations import spreadsheets
from etter_simulation.simulations.packing import Floats
from etter_simulation.simulations.results import columns_of

Tree: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Series:
    """One metric of one role, or of the company (`role` is None): `values` [statistic, month]."""

    role: str | None
    role_id: str | None
    metric: str
    values: Floats


@dataclass(frozen=True)
class Table:
    months: Sequence[int]
    stats: tuple[str, ...]
    series: Sequence[Series]


def table_of(rows: Sequence[Row[Any]], months: Sequence[int], tree: Tree | None) -> Table:
    """What `fields` asks for of `company` and `roles`; every line has all statistics that it names for any metric."""
    wanted: Tree = {"company": {}, "roles": {}} if tree is None else tree
    stats = _stats([wanted[part] for part in ("company", "roles") if part in wanted])
    places = [STATS.index(stat) for stat in stats]
    found = []
    for row in rows:
        part = "company" if row.role is None else "roles"
        if part in wanted:
            metrics = wanted[part]
            found += [
                Series(row.role, str(row.role_id) if row.role_id else None, metric, values[places])
                for metric, values in columns_of(row, months).items()
                if not metrics or metric in metrics
            ]
    return Table(months, stats, found)


def _stats(parts: Sequence[Tree]) -> tuple[str, ...]:
    """Those named; all where a metric (or everything of a part) is wanted without naming any."""
    metrics = [tree for part in parts for name, tree in part.items() if name not in ("role", "role_id")]
    if not metrics or not all(parts) or not all(metrics):
        return STATS
    return tuple(stat for stat in STATS if any(stat in metric for metric in metrics))


def as_csv(table: Table) -> bytes:
    return spreadsheets.written(_lines(table))


def _lines(table: Table) -> Iterator[Sequence[spreadsheets.Cell]]:
    yield ("role", "role_id", "metric", "month", *table.stats)
    for one in table.series:
        head = (one.role or "", one.role_id or "", one.metric)
        for month, values in zip(table.months, one.values.T.tolist(), strict=True):
            yield (*head, month, *(None if value != value else value for value in values))


def as_arrow(table: Table, about: Mapping[str, str]) -> bytes:
    """An Arrow IPC stream of one batch; `about` goes with its schema."""
    import nanoarrow
    from nanoarrow.ipc import StreamWriter

    count, months = len(table.series), len(table.months)
    texts = [_texts([getattr(one, name) for one in table.series], months) for name in ("role", "role_id", "metric")]
    month = np.tile(np.asarray(table.months, dtype=np.int32), count)
    empty = np.empty((len(table.stats), 0))
    values = np.concatenate([one.values for one in table.series], axis=1) if count else empty
    columns = [
        *texts,
        nanoarrow.c_array_from_buffers(nanoarrow.int32(), len(month), [None, month]),
        *(_numbers(np.ascontiguousarray(row)) for row in values),
    ]
    batch = nanoarrow.c_array_from_buffers(_schema(table, about), count * months, [None], children=columns)
    out = io.BytesIO()
    with StreamWriter.from_writable(out) as writer:
        writer.write_array(batch)
    return out.getvalue()


def _schema(table: Table, about: Mapping[str, str]) -> Any:
    from nanoarrow import Schema, Type, c_schema

    types = {"role": Type.STRING, "role_id": Type.STRING, "metric": Type.STRING, "month": Type.INT32}
    types.update(dict.fromkeys(table.stats, Type.DOUBLE))
    fields = [Schema(kind, name=name) for name, kind in types.items()]
    return c_schema(Schema(Type.STRUCT, fields=fields, metadata=dict(about)))


def _texts(given: Sequence[str | None], times: int) -> Any:
    """A column in which each text stands so many times."""
    from nanoarrow import c_array_from_buffers, string

    encoded = [(text or "").encode() for text in given]
    lengths = np.repeat([len(text) for text in encoded], times)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    known = np.repeat(np.array([text is not None for text in given], dtype=np.bool_), times)
    buffers = [_bits(known), offsets, b"".join(text * times for text in encoded)]
    return c_array_from_buffers(string(), len(lengths), buffers, null_count=int((~known).sum()))


def _numbers(values: Floats) -> Any:
    from nanoarrow import c_array_from_buffers, float64

    known = ~np.isnan(values)
    return c_array_from_buffers(float64(), len(values), [_bits(known), values], null_count=int((~known).sum()))


def _bits(known: Any) -> Any:
    return np.packbits(known, bitorder="little")
