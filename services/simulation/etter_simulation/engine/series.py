"""Tables of rows [month, series, iteration]: as they are played, as they are stored, and several as one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from etter_simulation.engine.bitpacking import Packed, packed
from etter_simulation.engine.statistics import Floats, Ints, Tally, describe, tally

Map: TypeAlias = Callable[..., Iterable[Any]]
"""`map`, or an executor's."""


class Table(ABC):
    """What all tables can; each knows its `shape` and how to `read_into`."""

    shape: tuple[int, int, int]

    @abstractmethod
    def read_into(self, rows: Ints, first_series: int, first_iteration: int) -> None:
        """Write series from `first_series` on, as many as `rows` has, to its columns from `first_iteration` on.

        The series of a month follow those of the month before. What belongs together (a role's) is read together.
        """

    @cached_property
    def rows(self) -> Ints:
        return self._of(slice(0, self.shape[0] * self.shape[1])).reshape(self.shape)

    @cached_property
    def sums(self) -> Tally:
        """By month and series."""
        return tally(self.rows.reshape(-1, self.shape[2]))

    def describe(self, place: slice, scale: Floats) -> Floats:
        """[series, `STATS`] of some of the series of all months."""
        rows = self._of(place)
        return describe(rows, tally(rows), scale)

    def packed(self, sources: Ints, map_: Map = map) -> Packed:
        """To be stored; see `bitpacking`."""
        return packed(self.rows.reshape(-1, self.shape[2]), sources, map_)

    def _of(self, place: slice) -> Ints:
        rows = np.empty((place.stop - place.start, self.shape[2]), dtype=np.int64)
        self.read_into(rows, place.start, 0)
        return rows


class Block(Table):
    """Rows as they are."""

    def __init__(self, rows: Ints) -> None:
        self.rows = rows
        self.shape = (rows.shape[0], rows.shape[1], rows.shape[2])

    def read_into(self, rows: Ints, first_series: int, first_iteration: int) -> None:
        rows[:, first_iteration : first_iteration + self.shape[2]] = self._of(
            slice(first_series, first_series + len(rows))
        )

    def _of(self, place: slice) -> Ints:
        return self.rows.reshape(-1, self.shape[2])[place]


class Stored(Table):
    """Packed rows, which are unpacked where and when they are read."""

    def __init__(self, months: int, kept: Packed) -> None:
        self._kept = kept
        self.shape = (months, len(kept.kinds) // months, kept.iterations)

    def read_into(self, rows: Ints, first_series: int, first_iteration: int) -> None:
        self._kept.read_into(rows, first_series, first_iteration)


class Joined(Table):
    """Iterations of several tables of the same months one after another; none is copied before it is read."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._tables = tables
        months, series, _ = tables[0].shape
        self.shape = (months, series, sum(table.shape[2] for table in tables))

    def read_into(self, rows: Ints, first_series: int, first_iteration: int) -> None:
        for table in self._tables:
            table.read_into(rows, first_series, first_iteration)
            first_iteration += table.shape[2]
