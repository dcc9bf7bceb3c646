"""What operations share is written once."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from etter_common.openapi_components import resolved, share


def parameter(name: str, maximum: int) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "integer", "maximum": maximum}}


def document(*parameters: dict[str, Any]) -> dict[str, Any]:
    operations = {f"/{at}": {"get": {"parameters": [one], "responses": {}}} for at, one in enumerate(parameters)}
    return {"paths": operations, "components": {}}


def test_only_what_occurs_twice_moves() -> None:
    found = document(parameter("limit", 5), parameter("limit", 5), parameter("every", 5))
    share(found)
    assert found["components"]["parameters"] == {"Limit": parameter("limit", 5)}
    assert found["paths"]["/1"]["get"]["parameters"] == [{"$ref": "#/components/parameters/Limit"}]
    assert found["paths"]["/2"]["get"]["parameters"] == [parameter("every", 5)]


def test_a_name_means_one_thing() -> None:
    found = document(*(parameter("limit", maximum) for maximum in (5, 5, 9, 9)))
    share(found)
    assert resolved(found, found["paths"]["/0"]["get"]["parameters"][0]) == parameter("limit", 5)
    assert found["paths"]["/3"]["get"]["parameters"] == [parameter("limit", 9)]


def test_every_reference_leads_somewhere(app: FastAPI) -> None:
    whole = app.openapi()

    def references(node: Any) -> None:
        if isinstance(node, dict):
            assert resolved(whole, node) is not None
            for below in node.values():
                references(below)
        elif isinstance(node, list):
            for below in node:
                references(below)

    references(whole)
