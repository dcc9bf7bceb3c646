"""What the JSON schema of a request says beyond its fields: the rules between its members."""

from __future__ import annotations

from typing import Any, Final

from pydantic import JsonValue

NAME_PATTERN: Final = r"^[^\x00-\x1f]*[^\x00-\x1f\s\x85][^\x00-\x1f]*$"
"""One line with something in it."""

PLAN_NEEDS_ENABLED: Final[dict[str, JsonValue]] = {
    "if": {"required": ["plan"], "properties": {"plan": {"type": "array"}}},
    "then": {"required": ["enabled"], "properties": {"enabled": {"const": True}}},
}


def show_type_as_optional(schema: dict[str, Any]) -> None:
    schema["required"].remove("Type")
    labelled = {"required": ["exposure"], "properties": {"exposure": {"type": "string"}}}
    schema["anyOf"] = [{"required": ["Type"]}, labelled]


def _never(**members: JsonValue) -> JsonValue:
    """These members are not such at the same time."""
    return {"not": {"required": list(members), "properties": members}}


def _having(**members: str) -> JsonValue:
    return {"type": "object", "required": list(members), "properties": {k: {"const": v} for k, v in members.items()}}


RULES: Final[list[JsonValue]] = [
    _never(engine={"const": "agent"}, uncertainty={"minProperties": 1}),
    _never(backfill=_having(policy="to_original"), layoffs=_having(policy="surplus")),
]
"""Of JSON Schema, between the members of a request; a preset can break the second, too."""
