"""Contracts are promises to other releases: each has an example, and no change goes unseen."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from etter_common.events import asyncapi, contracts
from etter_common.events.envelope import Event, EventPayload
from etter_common.events.evolution import breaks
from etter_common.ids import new_id

DOCUMENT = Path(__file__).resolve().parents[4] / "docs" / "asyncapi.json"
KINDS = asyncapi.contract_types()


def test_the_stored_document_is_the_one_the_code_publishes() -> None:
    """`make specs` writes it anew, but nothing that breaks; read the difference before you commit it."""
    assert breaks(json.loads(DOCUMENT.read_bytes()), asyncapi.document()) == []
    if os.environ.get("ETTER_UPDATE_SNAPSHOTS"):
        asyncapi.write(DOCUMENT)
    assert DOCUMENT.read_text(encoding="utf-8") == asyncapi.render()


def test_every_reference_of_the_document_resolves() -> None:
    document = asyncapi.document()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                target: Any = document
                for part in node["$ref"].removeprefix("#/").split("/"):
                    target = target[part]
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(document)
    assert len(document["channels"]) == len(KINDS) > 20


def test_there_is_one_example_for_each_contract_and_no_other() -> None:
    folder = Path(contracts.__file__).parent / "examples"
    assert sorted(path.stem for path in folder.glob("*.json")) == [kind.type for kind in KINDS]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
class TestContract:
    def test_its_example_is_what_the_model_writes_and_its_schema_allows(self, kind: type[EventPayload]) -> None:
        stored = asyncapi.example(kind)
        payload = kind.model_validate(stored)
        assert json.loads(payload.model_dump_json()) == stored, "the example says all fields, in the model's form"
        document = asyncapi.document()
        schema = {"$ref": f"#/components/schemas/{kind.__name__}", "components": document["components"]}
        Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(stored)

    def test_it_survives_the_envelope(self, kind: type[EventPayload]) -> None:
        payload = kind.model_validate(asyncapi.example(kind))
        event = Event.of(payload, company_id=new_id(), aggregate_id=new_id())
        assert Event.read(event.headers(), event.body()) == event

    def test_a_reader_ignores_fields_of_a_later_release(self, kind: type[EventPayload]) -> None:
        stored = asyncapi.example(kind)
        assert kind.model_validate(stored | {"of_a_later_release": 1}) == kind.model_validate(stored)

    def test_its_type_names_its_publisher(self, kind: type[EventPayload]) -> None:
        service, noun, verb, version = kind.type.split(".")
        assert kind.__module__.endswith(f".{service}")
        assert noun.isidentifier()
        assert verb.endswith("ed")
        assert version == "v1"
