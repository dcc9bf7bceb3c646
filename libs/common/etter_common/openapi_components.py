"""What several operations have in common is written once, in the document's components, and referred to."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

Json = dict[str, Any]  # of a document that FastAPI has made
_Place = tuple[Any, Any]  # a list or an object, and where in it

_SECTIONS: Final = ("parameters", "responses", "examples")


def share(document: Json) -> None:
    """Move parameters, problems and their examples into components, in place; the operations keep references."""
    found: dict[str, list[tuple[str, _Place]]] = {section: [] for section in _SECTIONS}
    for operation in _operations(document):
        parameters = operation.get("parameters", [])
        found["parameters"] += [
            (_parameter_name(one, operation), (parameters, at)) for at, one in enumerate(parameters)
        ]
        for status, response in operation["responses"].items():
            for media in response.get("content", {}).values():
                examples = media.get("examples", {})
                found["examples"] += [(code, (examples, code)) for code in examples]
                if status >= "400":
                    found["responses"].append((_response_name(status, examples), (operation["responses"], status)))
    for section in reversed(_SECTIONS):
        document["components"][section] = _moved(found[section], f"#/components/{section}/")


def resolved(document: Json, node: Json) -> Json:
    """The object itself, where `node` may be a reference into the document."""
    while "$ref" in node:
        _, *path = node["$ref"].split("/")
        node = document
        for part in path:
            node = node[part]
    return node


def parameters_of(document: Json, operation: Json) -> dict[str, Json]:
    """The operation's parameters by name, references resolved."""
    parameters = [resolved(document, parameter) for parameter in operation.get("parameters", ())]
    return {parameter["name"]: parameter for parameter in parameters}


def _moved(found: list[tuple[str, _Place]], base: str) -> Json:
    """The components by name. A name belongs to the first object that asks for it; another one stays where it is."""
    components: Json = {}
    keys = [name + json.dumps(where[at], sort_keys=True) for name, (where, at) in found]
    times = Counter(keys)
    for key, (name, (where, at)) in zip(keys, found, strict=True):
        if times[key] > 1 and components.setdefault(name, where[at]) == where[at]:
            where[at] = {"$ref": base + name}
    return components


def _operations(document: Json) -> Iterator[Json]:
    for item in document["paths"].values():
        yield from item.values()


def _parameter_name(parameter: Json, operation: Json) -> str:
    if parameter["name"] == "fields":
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        reference = str(schema["anyOf"][0]["$ref"]).rsplit("/", 1)[1]
        kind = reference.removeprefix("Page_").removeprefix("Data_").removeprefix("list_")
        return f"FieldsOf{kind.rstrip('_')}"
    if parameter["name"] == "sort":
        return "SortBy" + "".join(_camel(name) for name in parameter["schema"]["items"]["enum"][::2])
    return _camel(parameter["name"])


def _response_name(status: str, codes: Json) -> str:
    return f"Problem{status}" + "".join(_camel(code) for code in codes)


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in re.split("[-_]", name))
