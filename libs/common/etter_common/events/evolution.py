"""What a contract may become within its version: releases next to each other read each other's events.

A new field has a default, as the release before does not write it. Everything else stays as it is: an old reader needs
what it needed, and takes no value it did not know. What has to change gets a new version beside the old one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_WORDS: Final = frozenset({"title", "description", "default", "examples"})  # say nothing about what is valid

Json = Mapping[str, Any]


def breaks(released: Json, proposed: Json) -> list[str]:
    """What in an AsyncAPI document would break readers or writers of the released one; nothing if it may follow."""
    channels = [f"{name}: is gone" for name in released["channels"] if name not in proposed["channels"]]
    old, new = released["components"]["schemas"], proposed["components"]["schemas"]
    return channels + [line for name in old if name in new for line in _schema(name, old[name], new[name])]


def _schema(name: str, old: Json, new: Json) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    if _bare({**old, "properties": {}, "required": []}) != _bare({**new, "properties": {}, "required": []}):
        yield f"{name}: is of another kind"
    for field in before:
        if field not in after:
            yield f"{name}.{field}: is gone"
        elif _bare(before[field]) != _bare(after[field]):
            yield f"{name}.{field}: has other values"
        elif (field in old.get("required", ())) != (field in new.get("required", ())):
            yield f"{name}.{field}: is {'no longer' if field in old.get('required', ()) else 'now'} required"
    for field in after:
        if field not in before and field in new.get("required", ()):
            yield f"{name}.{field}: is new and has no default"


def _bare(schema: Any) -> Any:
    if isinstance(schema, Mapping):
        return {name: _bare(value) for name, value in schema.items() if name not in _WORDS}
    if isinstance(schema, list):
        return [_bare(value) for value in schema]
    return schema
