"""A mapping of bounded size."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


class Bounded(Generic[KeyT, ValueT]):
    """Holds at most `most` values; those put in longest ago go first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[KeyT, ValueT] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: KeyT) -> bool:
        return key in self._values

    def get(self, key: KeyT) -> ValueT | None:
        return self._values.get(key)

    def put(self, key: KeyT, value: ValueT) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)
