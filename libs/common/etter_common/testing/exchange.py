"""Bodies for whole-surface tests: an operation's example, each time with another of its values exchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Schema = Mapping[str, Any]
_BRANCHES: Final = ("anyOf", "oneOf", "allOf")
_DEEPEST: Final = 8


@dataclass(frozen=True)
class Exchange:
    """Puts `value` wherever `fits` says so of a leaf's schema; with `as_key` also in the place of a free name."""

    value: str
    fits: Callable[[Schema], bool]
    components: Schema
    as_key: bool = False

    def bodies(self, operation: Mapping[str, Any]) -> Iterator[Any]:
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            schema = content["application/json"]["schema"]
            yield from self._within(schema, self._example(schema), 0)

    def _within(self, schema: Schema, value: Any, depth: int) -> Iterator[Any]:
        schema = self._resolved(schema)
        branches = [branch for key in _BRANCHES for branch in schema.get(key, ())]
        if depth > _DEEPEST:
            return
        for branch in branches:
            yield from self._within(branch, value, depth + 1)
        if schema.get("type") == "object":
            yield from self._within_object(schema, value if isinstance(value, dict) else {}, depth)
        elif schema.get("type") == "array":
            items = schema.get("items", {})
            first, *others = value if isinstance(value, list) and value else [self._example(items)]
            for inner in self._within(items, first, depth + 1):
                yield [inner, *others]
        elif not branches and self.fits(schema):
            yield self.value

    def _within_object(self, schema: Schema, value: dict[str, Any], depth: int) -> Iterator[Any]:
        for name, part in schema.get("properties", {}).items():
            for inner in self._within(part, value.get(name, self._example(part)), depth + 1):
                yield {**value, name: inner}
        if self.as_key and schema.get("additionalProperties", False) is not False:
            yield {**value, self.value: next(iter(value.values()), self.value)}

    def _example(self, schema: Schema) -> Any:
        return next(iter(self._resolved(schema).get("examples", ())), None)

    def _resolved(self, schema: Schema) -> Schema:
        found: Schema = self.components[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        return found
