"""What the document says of `fields`, `sort` and the platform's headers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from etter_common import openapi_parameters
from etter_common.fieldsets import MAX_FIELDS, MAX_LENGTH
from etter_common.openapi_components import parameters_of

SCHEMAS: dict[str, Any] = {
    "Data_Person_": {"properties": {"data": {"$ref": "#/components/schemas/Person"}}},
    "Person": {
        "properties": {
            "id": {"type": "string"},
            "home": {"anyOf": [{"$ref": "#/components/schemas/Place"}, {"type": "null"}]},
            "work": {"$ref": "#/components/schemas/Place"},
            "friends": {"type": "array", "items": {"$ref": "#/components/schemas/Person"}},
        }
    },
    "Place": {"properties": {"street": {"type": "string"}, "town": {"type": "string"}}},
}


def read(*parameters: dict[str, Any]) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Data_Person_"}
    answer = {"content": {"application/json": {"schema": schema}}}
    return {"responses": {"200": answer}, "parameters": list(parameters)}


def shown(name: str) -> Draft202012Validator:
    parameter: dict[str, Any] = {
        "name": name,
        "in": "query",
        "schema": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    }
    openapi_parameters.describe(read(parameter), SCHEMAS)
    assert (parameter["style"], parameter["explode"]) == ("form", False)
    return Draft202012Validator(parameter["schema"])


class TestFields:
    @pytest.mark.parametrize("name", ["id", "home", "home.town", "work.street", "friends"])
    def test_a_field_is_valid_and_what_lies_below_it(self, name: str) -> None:
        assert shown("fields").is_valid([name])

    @pytest.mark.parametrize("name", ["", "town", "home.", "home.id", "id.town", "friends.id", "ID"])
    def test_anything_else_is_not(self, name: str) -> None:
        assert not shown("fields").is_valid([name])

    def test_there_is_one_and_at_most_so_many(self) -> None:
        validator = shown("fields")
        assert validator.is_valid(["id"] * MAX_FIELDS)
        assert not validator.is_valid([])
        assert not validator.is_valid(["id"] * (MAX_FIELDS + 1))

    def test_as_many_of_the_longest_names_fit(self) -> None:
        assert MAX_FIELDS * (len("attributed_structural_saving_per_year.") * 2) < MAX_LENGTH


@pytest.fixture
def listed(app: FastAPI) -> dict[str, Any]:
    document = app.openapi()
    return parameters_of(document, document["paths"]["/api/sample/v1/things"]["get"])


class TestSort:
    @pytest.mark.parametrize("sort", [["name"], ["-name", "size"], ["rank", "-size", "created_at", "name"]])
    def test_columns_in_either_direction(self, listed: dict[str, Any], sort: list[str]) -> None:
        assert Draft202012Validator(listed["sort"]["schema"]).is_valid(sort)

    @pytest.mark.parametrize("sort", [[], ["id"], ["name", "name"], ["name", "-name"], ["--name"]])
    def test_no_other_and_none_twice(self, listed: dict[str, Any], sort: list[str]) -> None:
        assert not Draft202012Validator(listed["sort"]["schema"]).is_valid(sort)


def test_no_parameter_may_be_null(app: FastAPI) -> None:
    document = app.openapi()
    for item in document["paths"].values():
        for operation in item.values():
            for name, parameter in parameters_of(document, operation).items():
                assert {"type": "null"} not in parameter["schema"].get("anyOf", ()), name


@pytest.mark.parametrize("tags", ["*", '"7"', 'W/"7"', '"7", "8.1f"', '""'])
def test_entity_tags_match_the_pattern(tags: str) -> None:
    assert re.search(openapi_parameters.IF_NONE_MATCH["schema"]["pattern"], tags)


@pytest.mark.parametrize("tags", ["7", "", "null", '"7', '"a b"', '"7" "8"', "*, *"])
def test_what_is_no_list_of_tags_does_not(tags: str) -> None:
    assert not re.search(openapi_parameters.IF_NONE_MATCH["schema"]["pattern"], tags)


@pytest.mark.parametrize(("key", "is_valid"), [("a", True), ("a b", True), (" a", False), ("ä", False), ("", False)])
def test_idempotency_keys_are_printable_ascii(key: str, is_valid: bool) -> None:
    assert Draft202012Validator(openapi_parameters.IDEMPOTENCY_KEY["schema"]).is_valid(key) is is_valid
