"""`.env.example` names every setting, with its true default, and can be used as it stands."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from etter_auth.settings import AuthSettings
from etter_common.settings import ServiceSettings
from etter_core.settings import CoreSettings
from etter_extraction.settings import ExtractionSettings
from etter_simulation.settings import SimulationSettings

from .conftest import ROOT

SERVICES: list[type[ServiceSettings]] = [AuthSettings, CoreSettings, ExtractionSettings, SimulationSettings]
LINE = re.compile(r"^(?P<optional># )?(?P<name>[A-Z][A-Z0-9_]+)=(?P<value>.*)$", re.MULTILINE)
TEXT = (ROOT / ".env.example").read_text(encoding="utf-8")
SHOWN = {match["name"]: (match["value"], bool(match["optional"])) for match in LINE.finditer(TEXT)}


def variables(settings: type[ServiceSettings]) -> dict[str, Any]:
    """The variables of a service with their fields."""
    return {f"{settings.service}_{name}".upper(): field for name, field in settings.model_fields.items()}


def written(default: object) -> str:
    """A default as the environment would say it."""
    if isinstance(default, tuple):
        return json.dumps(list(default))
    return "" if default is None else str(default)


def test_names_are_those_of_the_settings() -> None:
    assert set(SHOWN) == {name for settings in SERVICES for name in variables(settings)}


@pytest.mark.parametrize("settings", SERVICES, ids=lambda settings: settings.service)
def test_optional_ones_show_their_default(settings: type[ServiceSettings]) -> None:
    optional = {name: field for name, field in variables(settings).items() if SHOWN[name][1]}
    assert {name: SHOWN[name][0] for name in optional} == {
        name: written(field.default) for name, field in optional.items()
    }


@pytest.mark.parametrize("settings", SERVICES, ids=lambda settings: settings.service)
def test_it_can_be_used_as_it_stands(settings: type[ServiceSettings], monkeypatch: pytest.MonkeyPatch) -> None:
    given = {name: value for name, (value, optional) in SHOWN.items() if not optional}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    read = settings()
    assert read.environment == "production"
    assert read.database_url == given[f"{settings.service.upper()}_DATABASE_URL"]
