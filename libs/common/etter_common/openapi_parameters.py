"""What the platform's own parameters may hold: `fields` and `sort` by the resource, headers by their grammar.

`fields` and `sort` are one string each to the routes; the document shows them as comma-separated arrays, which is the
form in which OpenAPI can list the allowed names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from etter_common.etags import MAX_TAGS_LENGTH, TAGS
from etter_common.fieldsets import MAX_FIELDS
from etter_common.idempotency import KEY, MAX_KEY_LENGTH

Json = dict[str, Any]  # of a document that FastAPI has made
Members = Mapping[str, Any]  # names of a resource's fields, each with those below it

IDEMPOTENCY_KEY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "the same key and body give the same answer; concurrent duplicates do the work once",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": KEY.pattern},
}
IF_NONE_MATCH: Final[Json] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "tags the client has; 304 if one of them is still right. A tag of another form matches nothing",
    "schema": {"type": "string", "pattern": TAGS.pattern},
}
_COMMA_SEPARATED: Final[Json] = {"style": "form", "explode": False}


def describe(operation: Json, schemas: Json) -> None:
    """Say in place what the operation's parameters may hold."""
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _without_null(parameter["schema"])
        parameter["schema"].pop("title", None)
        if parameter["name"] == "fields":
            parameter |= {**_COMMA_SEPARATED, "schema": _fields(members_of(operation, schemas))}
            parameter.setdefault("description", f"names of fields, at most {MAX_FIELDS}; `a.b` is a field of `a`")
        elif parameter["name"] == "sort":
            parameter |= _COMMA_SEPARATED
        elif parameter["name"].lower() == "if-match":
            parameter["schema"] = {"type": "string", "pattern": TAGS.pattern, "maxLength": MAX_TAGS_LENGTH}


def members_of(operation: Json, schemas: Json) -> Members:
    """Names of the fields of what the operation answers with, as far down as they go."""
    media = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return _members(_resolved(media, schemas)["properties"]["data"], schemas, ())


def _fields(members: Members) -> Json:
    names: Json = {"type": "string", "enum": list(members)}
    if any(members.values()):
        names = {"type": "string", "pattern": f"^{_pattern(members)}$"}
    return {"type": "array", "items": names, "minItems": 1, "maxItems": MAX_FIELDS}


def _pattern(members: Members) -> str:
    """An expression for the dotted names; members with the same fields below them share a branch."""
    by_rest: dict[str, list[str]] = {}
    for name, below in members.items():
        by_rest.setdefault(rf"(\.{_pattern(below)})?" if below else "", []).append(re.escape(name))
    branches = [("|".join(names) if not rest else f"({'|'.join(names)}){rest}") for rest, names in by_rest.items()]
    return f"({'|'.join(branches)})"


def _members(schema: Json, schemas: Json, seen: tuple[str, ...]) -> Members:
    if "$ref" in schema:
        name = schema["$ref"]
        return {} if name in seen else _members(_resolved(schema, schemas), schemas, (*seen, name))
    if "properties" in schema:
        return {name: _members(below, schemas, seen) for name, below in schema["properties"].items()}
    branches = [*schema.get("anyOf", ()), *([schema["items"]] if isinstance(schema.get("items"), dict) else ())]
    return next((found for branch in branches if (found := _members(branch, schemas, seen))), {})


def _resolved(schema: Json, schemas: Json) -> Json:
    found: Json = schemas[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
    return found


def _without_null(schema: Json) -> Json:
    """A parameter that is left out is not null: no text in a URL or a header is."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    return {**kinds[0], **rest} if len(kinds) == 1 else dict(schema)
