"""Values of the wrong JSON type for every field that a schema describes, and whether its model refuses them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

Path = tuple[str | int, ...]
_NUMBERS = ("5", " 5 ", "1e2", "1_0", "")
_TEXTS = {"date": (5, True, "5"), "date-time": (5, 5.5, True, "5"), "time": (5, True, "5"), "uuid": (5, True, "5")}


def mistyped(schema: Mapping[str, Any]) -> Iterator[tuple[Path, object]]:
    """Where to put what: booleans and texts for numbers, numbers for booleans, times and ids."""
    yield from _below(schema, schema.get("$defs", {}), (), frozenset())


def refuses(adapter: TypeAdapter[Any], path: Path, value: object) -> bool:
    """Whether the model names the very place where the value is; whatever else misses does not matter."""
    given: Any = value
    for step in reversed(path):
        given = [given] if isinstance(step, int) else {step: given}
    try:
        adapter.validate_python(given)
    except ValidationError as error:
        return any(_lies_on(path, wrong["loc"]) for wrong in error.errors() if wrong["type"] != "missing")
    return False


def _lies_on(path: Path, place: tuple[str | int, ...]) -> bool:
    """Whether all steps are in the place, in order; between them it may name parts of unions."""
    rest = iter(place)
    return all(step in rest for step in path)


def _below(
    schema: Mapping[str, Any], known: Mapping[str, Any], path: Path, seen: frozenset[str]
) -> Iterator[tuple[Path, object]]:
    forms = list(_forms(schema, known))
    if path:
        yield from ((path, value) for value in _wrong(forms))
    for form in forms:
        name = str(form.get("title"))
        if name in seen:
            continue
        deeper = seen | {name} if "properties" in form else seen
        for field, inner in form.get("properties", {}).items():
            yield from _below(inner, known, (*path, field), deeper)
        if isinstance(items := form.get("items"), dict):
            yield from _below(items, known, (*path, 0), deeper)


def _forms(schema: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The schemas of which one has to fit."""
    if "$ref" in schema:
        yield from _forms(known[schema["$ref"].rpartition("/")[2]], known)
        return
    parts = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
    if not parts:
        yield schema
    for part in parts:
        yield from _forms(part, known)


def _wrong(forms: list[Mapping[str, Any]]) -> Iterator[object]:
    """Values that none of the forms takes."""
    kinds = {form.get("type") for form in forms}
    if None in kinds and not all("enum" in form or "const" in form for form in forms):
        return  # anything goes
    patterns = [form.get("pattern", "") for form in forms if form.get("type") == "string"]
    if kinds & {"integer", "number"}:
        yield from () if "boolean" in kinds else (True, False)
        yield from (text for text in _NUMBERS if not any(_fits(pattern, text) for pattern in patterns))
    elif "boolean" in kinds:
        yield from (0, 1, "true", "yes")
    elif "string" in kinds:
        formats = [form.get("format") for form in forms if form.get("type") == "string"]
        yield from _TEXTS.get(str(formats[0]), (5, True)) if len(set(formats)) == 1 else ()


def _fits(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None
