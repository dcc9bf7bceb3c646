"""Each alert says what it means, has a page that says what to do, and was tried both ways."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
import yaml

from . import existing
from .promql import labels_of

OBSERVABILITY = existing.ROOT / "infra" / "observability"
RUNBOOKS = existing.ROOT / "docs" / "operations" / "runbooks"
ALERTS = existing.alerts()
NAMES = [rule["alert"] for rule in ALERTS]
SECTIONS = ["Meaning", "Impact", "First look", "Remedy", "Escalation"]


@cache
def cases() -> list[dict[str, Any]]:  # Any: promtool's test files
    found = []
    for path in sorted((OBSERVABILITY / "prometheus" / "tests").glob("*.yaml")):
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]:
            found += test["alert_rule_test"]
    return found


@pytest.mark.parametrize("rule", ALERTS, ids=NAMES)
class TestAlert:
    def test_it_says_what_it_is(self, rule: dict[str, Any]) -> None:
        assert rule["labels"]["severity"] in {"critical", "warning", "none"}
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
        assert rule["annotations"]["runbook_url"] == f"https://etter.example/runbooks/{rule['alert']}"

    def test_promtool_sees_it_fire_and_sees_it_silent(self, rule: dict[str, Any]) -> None:
        outcomes = {bool(case["exp_alerts"]) for case in cases() if case["alertname"] == rule["alert"]}
        assert outcomes == ({True} if rule["alert"] == "EtterWatchdog" else {True, False})

    def test_its_page_has_every_part(self, rule: dict[str, Any]) -> None:
        text = (RUNBOOKS / f"{rule['alert']}.md").read_text(encoding="utf-8")
        assert text.startswith(f"# {rule['alert']}\n")
        assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == SECTIONS
        assert "```" in text, "a first look is a query or a command"


def test_every_page_has_its_alert() -> None:
    assert {path.stem for path in RUNBOOKS.glob("Etter*.md")} == set(NAMES)


def test_names_are_given_once() -> None:
    assert len(set(NAMES)) == len(NAMES)


def test_alertmanager_names_only_alerts_that_exist() -> None:
    text = (OBSERVABILITY / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"\bEtter[A-Z]\w+", text))
    assert named
    assert named <= set(NAMES)


def test_what_inhibits_shares_its_labels_with_what_is_inhibited() -> None:
    """Two alerts that both lack a label count as equal in it, and one service would silence another's."""
    labels = {rule["alert"]: existing_labels(rule) for rule in ALERTS}
    config = yaml.safe_load((OBSERVABILITY / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8"))
    for rule in config["inhibit_rules"]:
        names = re.findall(r"Etter[A-Z]\w+", str(rule["source_matchers"]) + str(rule["target_matchers"]))
        for name in names:
            assert set(rule["equal"]) <= labels[name], (name, rule["equal"])


def existing_labels(rule: dict[str, Any]) -> set[str]:
    return set(labels_of(rule["expr"], existing.known())) | set(rule["labels"])
