"""Every query of a rule, a dashboard or a runbook asks for what the services really tell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from infra.observability.boards import BOARDS

from . import existing
from .promql import labels_of, matchers, problems

RUNBOOKS = existing.ROOT / "docs" / "operations" / "runbooks"
PANELS = {
    f"{name}: {panel.title}": panel
    for name, board in BOARDS.items()
    for row in board.rows
    for panel in row.panels
    if panel.kind != "logs"
}
PAGES = sorted(RUNBOOKS.glob("*.md"))
_NOT_OURS = ("route", "job", "rule_group", "alertname", "alertstate")
QUERIES = [
    *(rule["expr"] for group in existing.groups() for rule in group["rules"]),
    *(query for panel in PANELS.values() for query in panel.queries.values()),
]


def snippets(page: Path) -> list[str]:
    blocks = re.findall(r"```promql\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [query for block in blocks for query in re.split(r"\n\s*\n", block.strip())]


def not_there(query: str) -> list[str]:
    return problems(query, existing.known())


class TestMetricsAndLabels:
    """A failure lists what is asked for and does not exist, by where it is asked for."""

    def test_of_rules(self) -> None:
        rules = [rule for group in existing.groups() for rule in group["rules"]]
        assert [(rule["expr"], found) for rule in rules if (found := not_there(rule["expr"]))] == []

    def test_of_panels(self) -> None:
        asked = [(title, query) for title, panel in PANELS.items() for query in panel.queries.values()]
        assert [(title, found) for title, query in asked if (found := not_there(query))] == []

    def test_of_runbooks(self) -> None:
        asked = [(page.stem, query) for page in PAGES for query in snippets(page)]
        assert len(asked) > len(PAGES)
        assert [(name, found) for name, query in asked if (found := not_there(query))] == []

    def test_of_a_dashboards_variables(self) -> None:
        asked = [v["query"]["query"] for board in BOARDS.values() for v in board.variables]
        assert asked
        for query in asked:
            match = re.fullmatch(r"label_values\((.+), (\w+)\)", query)
            assert match, query
            assert problems(match[1], existing.known()) == []
            assert match[2] in labels_of(match[1], existing.known())


class TestTexts:
    def test_legends_name_labels_that_are_there(self) -> None:
        for title, panel in PANELS.items():
            for legend, query in panel.queries.items():
                assert set(re.findall(r"\{\{(\w+)\}\}", legend)) <= labels_of(query, existing.known()), title

    def test_annotations_name_labels_that_are_there(self) -> None:
        for rule in existing.alerts():
            named = set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())))
            assert named <= labels_of(rule["expr"], existing.known()) | set(rule["labels"]), rule["alert"]


class TestValues:
    """A renamed outcome or status would leave a query silent for ever, not wrong."""

    def test_a_matcher_names_values_that_code_gives(self) -> None:
        assert [found for query in QUERIES for found in _not_given(query)] == []

    def test_one_that_nothing_gives_is_found(self) -> None:
        assert _not_given('etter_jobs_finished_total{status="well_ended"}')
        assert _not_given('etter_http_request_seconds_bucket{le="0.3"}')
        assert _not_given('etter_auth_sign_ins_total{outcome=~"refused|well_ended"}')


class TestLogs:
    def test_a_query_names_events_that_code_logs(self) -> None:
        of_pages = [page.read_text(encoding="utf-8") for page in PAGES]
        of_boards = [
            query for board in BOARDS.values() for row in board.rows for p in row.panels for query in p.queries.values()
        ]
        named = {part for text in of_pages + of_boards for match in re.findall(r'event =~ "([^"]+)"', text)
                 for part in match.split("|")}  # fmt: skip
        assert named
        assert [part for part in sorted(named) if not _is_given(part, is_pattern=True)] == []


def _not_given(query: str) -> list[str]:
    found = []
    for metric, label, value, is_pattern in matchers(query):
        if label == "le":
            given = not value or value in existing.bounds()
        elif label in _NOT_OURS or value in ("", ".*"):
            given = True
        else:
            parts = value.split("|") if is_pattern and "(" not in value else [value]
            given = all(_is_given(part, is_pattern=is_pattern) for part in parts)
        if not given:
            found.append(f"nothing gives {metric} the {label} {value!r}")
    return found


def _is_given(value: str, *, is_pattern: bool) -> bool:
    if not is_pattern:
        return value in existing.values()
    return any(re.fullmatch(value, known) for known in existing.values())


class TestTheCheckItself:
    KNOWN = {"a_total": frozenset({"x", "y", "le"}), "b": frozenset({"x"})}  # noqa: RUF012 - read only

    @pytest.mark.parametrize(
        ("query", "problem"),
        [
            ("rate(c_total[5m])", "no metric c_total"),
            ('rate(a_total{z="1"}[5m])', "a_total has no label z"),
            ("sum by (z) (rate(a_total[5m]))", "nothing below has the label z it is grouped by"),
            ("a_total / on (y) b", "the right side has no label y"),
            ("histogram_quantile(0.9, sum by (x) (rate(a_total[5m])))", "histogram_quantile of something without le"),
        ],
    )
    def test_it_finds(self, query: str, problem: str) -> None:
        assert problem in problems(query, self.KNOWN)

    def test_it_follows_labels(self) -> None:
        query = "topk(3, histogram_quantile(0.9, sum by (x, le) (rate(a_total[5m])))) * on (x) group_left () b"
        assert problems(query, self.KNOWN) == []
        assert labels_of(query, self.KNOWN) == {"x"}
