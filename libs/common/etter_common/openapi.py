"""What FastAPI's document does not know of: the headers and statuses the layer around every route adds.

`complete` works on the finished document, so that no route has to remember any of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from etter_common import openapi_components, openapi_links, openapi_parameters
from etter_common.errors import (
    AppError,
    Conflict,
    IdempotencyKeyReused,
    InvalidIdempotencyKey,
    SessionRequired,
    UnsupportedMediaType,
)
from etter_common.responses import PROBLEM_MEDIA_TYPE, Problem, documented

Json = dict[str, Any]  # of a document that FastAPI has made

# name and description of what a route takes in `Authorization: Bearer`
_OF_A_SESSION: Final = "an access token of `POST /api/auth/v1/sessions`"
SCHEME: Final = "HTTPBearer", f"{_OF_A_SESSION}, or an API key of `POST /api/auth/v1/api-keys`"
SESSION_SCHEME: Final = "SessionBearer", f"{_OF_A_SESSION}; an API key is refused"

_HEADERS: Final[Json] = {
    "X-Request-ID": ("names this request in logs and problems", {"type": "string"}),
    "ETag": ("strong tag of this representation", {"type": "string", "pattern": '^".*"$'}),
    "RateLimit": ("what is left of the limit counted last", {"type": "string"}),
    "RateLimit-Policy": ("the limit counted last", {"type": "string"}),
    "Retry-After": ("seconds until another try makes sense", {"type": "string", "pattern": "^[0-9]+$"}),
    "WWW-Authenticate": ("the scheme to use", {"type": "string"}),
}
_LIMITS: Final = ("RateLimit", "RateLimit-Policy")
_OF_STATUS: Final = {"401": ("WWW-Authenticate",), "429": ("Retry-After",), "503": ("Retry-After",)}
_NARROWED: Final = "Narrowed"


def complete(document: Json) -> None:
    """Add what the platform does to each operation, in place."""
    components = document.setdefault("components", {})
    components["headers"] = {
        name: {"description": text, "required": True, "schema": schema} for name, (text, schema) in _HEADERS.items()
    }
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"] |= {**problem.pop("$defs"), "Problem": problem}
    for schema in components["schemas"].values():
        _restore_nulls(schema)
    for method, operation in _operations(document):
        if method == "get":
            _complete_read(operation)
        else:
            _complete_write(operation, takes_key=method == "post" and "security" in operation)
            _add_tag(operation, components["schemas"])
        if any(SESSION_SCHEME[0] in scheme for scheme in operation.get("security", ())):
            _add_errors(operation, SessionRequired)
        openapi_parameters.describe(operation, components["schemas"])
        _allow_narrowing(operation, components["schemas"])
        for status, response in operation["responses"].items():
            always = ("X-Request-ID", *_OF_STATUS.get(status, _LIMITS if status < "400" else ()))
            response.setdefault("headers", {}).update({name: _reference(name) for name in always})
    openapi_links.add(document)
    openapi_components.share(document)


def _operations(document: Json) -> Iterator[tuple[str, Json]]:
    for item in document["paths"].values():
        yield from item.items()


def _reference(header: str) -> Json:
    return {"$ref": f"#/components/headers/{header}"}


def _restore_nulls(schema: Json) -> None:
    """FastAPI leaves every null out of the document, those in examples too."""
    for example in schema.get("examples", ()):
        if isinstance(example, dict):
            example |= {name: None for name in schema.get("required", ()) if name not in example}


def _complete_read(operation: Json) -> None:
    found = operation["responses"].get("200")
    if found is None or "text/event-stream" in found["content"]:
        return
    operation.setdefault("parameters", []).append(dict(openapi_parameters.IF_NONE_MATCH))
    operation["responses"]["304"] = {"description": "The client has it already"}
    for status in ("200", "304"):
        operation["responses"][status]["headers"] = {"ETag": _reference("ETag")}


def _allow_narrowing(operation: Json, schemas: Json) -> None:
    """With `fields` an answer may hold less than all members."""
    if any(parameter["name"] == "fields" for parameter in operation.get("parameters", ())):
        media = operation["responses"]["200"]["content"]["application/json"]
        media["schema"] = {"anyOf": [media["schema"], _narrowed_body(media["schema"], schemas)]}


def _complete_write(operation: Json, *, takes_key: bool) -> None:
    errors: list[type[AppError]] = [Conflict]
    if takes_key:
        errors += [IdempotencyKeyReused, InvalidIdempotencyKey]
    if "application/json" in operation.get("requestBody", {}).get("content", {}):
        errors.append(UnsupportedMediaType)
    _add_errors(operation, *errors)
    if takes_key:
        operation.setdefault("parameters", []).append(dict(openapi_parameters.IDEMPOTENCY_KEY))
    if "428" in operation["responses"]:
        for parameter in operation["parameters"]:
            parameter["required"] = parameter["required"] or parameter["name"].lower() == "if-match"


def _add_tag(operation: Json, schemas: Json) -> None:
    """What was written and has a version is tagged with it, ready for the next `If-Match`."""
    for status, response in operation["responses"].items():
        schema = response.get("content", {}).get("application/json", {}).get("schema", {})
        data = schemas[_name(schema)]["properties"].get("data", {}) if status < "300" and "$ref" in schema else {}
        if "$ref" in data and "version" in schemas[_name(data)].get("properties", {}):
            response.setdefault("headers", {})["ETag"] = _reference("ETag")


def _add_errors(operation: Json, *errors: type[AppError]) -> None:
    for status, response in documented(*errors).items():
        _merge(operation["responses"], str(status), response)


def _merge(responses: Json, status: str, added: Json) -> None:
    """Errors beside those that are there."""
    examples = added["content"][PROBLEM_MEDIA_TYPE]["examples"]
    if status not in responses:
        responses[status] = added
        return
    there = responses[status]["content"][PROBLEM_MEDIA_TYPE]["examples"]
    new = {code: example for code, example in examples.items() if code not in there}
    there.update(new)
    words = [f"`{code}` {example['summary']}" for code, example in new.items()]
    responses[status]["description"] = "; ".join([responses[status]["description"], *words])


def _narrowed_body(schema: Json, schemas: Json) -> Json:
    """A `Data` or `Page` of the same thing with some of its members: what `fields` asks for."""
    whole = schemas[_name(schema)]
    data = dict(whole["properties"]["data"])
    if data.get("type") == "array":
        data["items"] = _narrowed(data["items"], schemas)
    else:
        data = _narrowed(data, schemas)
    return {"type": "object", "required": whole["required"], "properties": {**whole["properties"], "data": data}}


def _narrowed(schema: Json, schemas: Json) -> Json:
    """The schema with every member of every object in it left to choice."""
    if "$ref" in schema:
        name = _name(schema) + _NARROWED
        if name not in schemas and "properties" in schemas[_name(schema)]:
            schemas[name] = {}  # for one that holds itself
            schemas[name] = _without_required(schemas[_name(schema)], schemas)
        return {"$ref": f"#/components/schemas/{name}"} if name in schemas else schema
    if "anyOf" in schema:
        return {**schema, "anyOf": [_narrowed(each, schemas) for each in schema["anyOf"]]}
    if "items" in schema:
        return {**schema, "items": _narrowed(schema["items"], schemas)}
    return schema


def _without_required(whole: Json, schemas: Json) -> Json:
    kept = {name: value for name, value in whole.items() if name != "required"}
    members = {name: _narrowed(member, schemas) for name, member in whole["properties"].items()}
    return {**kept, "title": whole.get("title", "") + _NARROWED, "properties": members}


def _name(reference: Json) -> str:
    return str(reference["$ref"]).rsplit("/", 1)[1]
