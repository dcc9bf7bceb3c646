"""Links: where an id that an operation gives out may go next (OpenAPI 3.1 §4.8.20), found from the routes themselves.

`POST /roles` leads to `/roles/{role_id}` and what lies below it by its path, and to every body with a `role_id` or
`role_ids` by its name. Where the answer has an `ETag`, an operation that needs `If-Match` gets it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Json = dict[str, Any]  # of a document that FastAPI has made

_ID: Final = "$response.body#/data/id"
_PARAMETER: Final = re.compile(r"\{([^{}]+)\}")
_SUFFIXES: Final = ("Out", "Made", "Line")
_WORD_START: Final = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True)
class _Operation:
    method: str
    path: str
    value: Json

    @property
    def parameters(self) -> list[str]:
        return _PARAMETER.findall(self.path)


def add(document: Json) -> None:
    """Give every operation that answers with one thing its links, in place."""
    schemas = document["components"]["schemas"]
    operations = [
        _Operation(method, path, value) for path, item in document["paths"].items() for method, value in item.items()
    ]
    for source in operations:
        found = _given(source, schemas)
        if found is not None:
            response, model = found
            names = set(_names(source, model, operations))
            if source.method == "get" and names & set(source.parameters):
                continue  # whoever asks by this id has it
            links = dict(_links(source, names, schemas[model], operations, schemas, "ETag" in response["headers"]))
            if links:
                response["links"] = links


def _given(source: _Operation, schemas: Json) -> tuple[Json, str] | None:
    """The answer that holds one thing with an id, and the name of its schema."""
    for status in ("200", "201", "202"):
        response = source.value["responses"].get(status, {})
        schema = response.get("content", {}).get("application/json", {}).get("schema", {})
        schema = schema["anyOf"][0] if "anyOf" in schema else schema  # the other has what `fields` leaves of it
        wrapped = schemas.get(_name(schema), {}).get("properties", {}).get("data", {})
        model = _name(wrapped)
        if "id" in schemas.get(model, {}).get("properties", {}):
            return response, model
    return None


def _names(source: _Operation, model: str, operations: list[_Operation]) -> Iterator[str]:
    """What paths and bodies call this id: the parameter after the collection's path, and the noun of the schema."""
    if source.method == "post" and not source.parameters:
        for other in operations:
            head, _, rest = other.path.removeprefix(source.path).partition("}")
            if other.path.startswith(source.path) and head.startswith("/{") and not rest.count("{"):
                yield head[2:]
    noun = next((model.removesuffix(suffix) for suffix in _SUFFIXES if model.endswith(suffix)), model)
    yield _WORD_START.sub("_", noun).lower() + "_id"


def _links(
    source: _Operation, names: set[str], model: Json, operations: list[_Operation], schemas: Json, has_etag: bool
) -> Iterator[tuple[str, Json]]:
    for target in operations:
        given = {name: _value_of(name, names, source, model) for name in target.parameters}
        body = dict(_body(target, names, schemas))
        if target.value is source.value or None in given.values() or not (set(given) & names or body):
            continue
        parameters = {f"path.{name}": value for name, value in given.items()}
        if has_etag and "if-match" in {parameter["name"].lower() for parameter in target.value.get("parameters", ())}:
            parameters["header.If-Match"] = "$response.header.ETag"
        link: Json = {"operationId": target.value["operationId"]}
        yield target.value["operationId"], link | _unless_empty(parameters=parameters, requestBody=body)


def _value_of(name: str, names: set[str], source: _Operation, model: Json) -> str | None:
    """Where the value of a path parameter comes from: this id, this request's path, or the first thing inside."""
    if name in names:
        return _ID
    if name in source.parameters:
        return f"$request.path.{name}"
    inside = f"{name.removesuffix('_id')}s"
    return f"$response.body#/data/{inside}/0/id" if inside in model["properties"] else None


def _body(target: _Operation, names: set[str], schemas: Json) -> Iterator[tuple[str, Any]]:
    schema = target.value.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    properties: Mapping[str, Any] = schemas.get(_name(schema), {}).get("properties", {})
    for name in names & set(properties):
        yield name, _ID
    for name in {f"{one}s" for one in names} & set(properties):
        yield name, [_ID]
    for name, property_ in properties.items():
        inside: Mapping[str, Any] = schemas.get(_name(property_.get("items", {})), {}).get("properties", {})
        for below in names & set(inside):
            yield name, [{below: _ID}] * property_.get("minItems", 1)


def _unless_empty(**parts: Json) -> Json:
    return {name: part for name, part in parts.items() if part}


def _name(reference: Json) -> str:
    return str(reference.get("$ref", "")).rsplit("/", 1)[-1]
