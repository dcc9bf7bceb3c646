"""What may follow a released contract, rule by rule."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from etter_common.events import asyncapi
from etter_common.events.envelope import MAX_BYTES, Event, EventTooLarge
from etter_common.events.evolution import breaks
from etter_common.ids import new_id
from etter_common.testing.sample import ThingMade

Schema = dict[str, Any]
RELEASED: dict[str, Any] = {
    "channels": {"core.role.made.v1": {}},
    "components": {
        "schemas": {
            "RoleMade": {
                "type": "object",
                "title": "RoleMade",
                "required": ["title"],
                "properties": {
                    "title": {"type": "string", "title": "Title"},
                    "kind": {"enum": ["a", "b"], "default": "a"},
                },
            }
        }
    },
}


def changed(change: Callable[[Schema], object]) -> list[str]:
    proposed = copy.deepcopy(RELEASED)
    change(proposed["components"]["schemas"]["RoleMade"])
    return breaks(RELEASED, proposed)


class TestBreaks:
    @pytest.mark.parametrize(
        "change",
        [
            lambda role: role["properties"].update(level={"type": "string", "default": ""}),
            lambda role: role.update(description="better words"),
            lambda role: role["properties"]["title"].update(description="better words", examples=["x"]),
        ],
        ids=["a new field with a default", "words", "words of a field"],
    )
    def test_what_may_follow(self, change: Callable[[Schema], object]) -> None:
        assert changed(change) == []

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            (lambda role: role["properties"].pop("kind"), "RoleMade.kind: is gone"),
            (lambda role: role["properties"]["title"].update(type="integer"), "RoleMade.title: has other values"),
            (lambda role: role["properties"]["title"].update(maxLength=9), "RoleMade.title: has other values"),
            (lambda role: role["properties"]["kind"]["enum"].append("c"), "RoleMade.kind: has other values"),
            (lambda role: role["required"].remove("title"), "RoleMade.title: is no longer required"),
            (lambda role: role["required"].append("kind"), "RoleMade.kind: is now required"),
            (
                lambda role: (role["properties"].update(level={}), role["required"].append("level")),
                "RoleMade.level: is new and has no default",
            ),
            (lambda role: role.update(type="array"), "RoleMade: is of another kind"),
        ],
    )
    def test_what_needs_a_new_version(self, change: Callable[[Schema], object], why: str) -> None:
        assert changed(change) == [why]

    def test_a_contract_does_not_go_away(self) -> None:
        assert breaks(RELEASED, {**RELEASED, "channels": {}}) == ["core.role.made.v1: is gone"]


def test_what_breaks_is_not_written(tmp_path: Path) -> None:
    released = asyncapi.document()
    schema = next(s for s in released["components"]["schemas"].values() if s.get("properties"))
    schema["properties"]["once_there"] = {"type": "string"}
    path = tmp_path / "asyncapi.json"
    path.write_text(json.dumps(released), encoding="utf-8")
    [why] = asyncapi.write(path)
    assert why.endswith("once_there: is gone")
    assert json.loads(path.read_bytes()) == released


class TestEnvelope:
    @pytest.mark.parametrize("name", ["ce-subject", "ce-id", "ce-time", "ce-type"])
    def test_an_event_without_its_attributes_is_a_value_error(self, name: str) -> None:
        event = Event.of(ThingMade(thing_id=new_id(), name="x"), company_id=new_id(), aggregate_id=new_id())
        headers = {key: value for key, value in event.headers().items() if key != name}
        with pytest.raises(ValueError, match=name if name != "ce-type" else "unknown event type"):
            Event.read(headers, event.body())

    def test_one_too_large_for_nats_is_refused_before_it_is_written(self) -> None:
        event = Event.of(ThingMade(thing_id=new_id(), name="x" * MAX_BYTES), company_id=None, aggregate_id=new_id())
        with pytest.raises(EventTooLarge, match="at most 900000"):
            event.body()
