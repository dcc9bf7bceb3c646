"""The dashboards in the repository are those of the code, and each panel says in which unit and what to do."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest
import yaml
from infra.observability.boards import BOARDS
from infra.observability.generated import DASHBOARDS, ROOT, files
from infra.observability.panels import Board, rendered

from . import existing

GENERATED = files()
OBSERVABILITY = ROOT / "infra" / "observability"


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_written_files_are_those_of_the_code(path: Any) -> None:
    assert path.read_text(encoding="utf-8") == GENERATED[path], "run `make observability` and review the change"


def test_no_dashboard_is_left_over() -> None:
    assert {path.stem for path in DASHBOARDS.iterdir()} == set(BOARDS)


def test_names_are_given_once() -> None:
    assert len({board.uid for board in BOARDS.values()} | {b.title for b in BOARDS.values()}) == 2 * len(BOARDS)


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
class TestBoard:
    def test_each_panel_says_what_it_shows_and_what_to_do(self, board: Board) -> None:
        titles = [panel.title for row in board.rows for panel in row.panels]
        assert len(set(titles)) == len(titles)
        for panel in (panel for row in board.rows for panel in row.panels):
            assert len(panel.description) >= 25, panel.title
            assert panel.unit, panel.title
            assert panel.queries, panel.title

    def test_the_runbooks_it_names_exist(self, board: Board) -> None:
        names = {rule["alert"] for rule in existing.alerts()}
        assert set(re.findall(r"Etter[A-Z]\w+", json.dumps(rendered(board)))) <= names

    def test_panels_lie_side_by_side(self, board: Board) -> None:
        places = [panel["gridPos"] for panel in rendered(board)["panels"]]
        assert all(place["x"] + place["w"] <= 24 for place in places)
        for one, other in itertools.combinations(places, 2):
            beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
            below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
            assert beside or below, (one, other)

    def test_its_data_sources_are_provisioned(self, board: Board) -> None:
        path = OBSERVABILITY / "grafana" / "provisioning" / "datasources" / "datasources.yaml"
        uids = {source["uid"] for source in yaml.safe_load(path.read_text(encoding="utf-8"))["datasources"]}
        targets = [target for panel in rendered(board)["panels"] for target in panel.get("targets", [])]
        assert targets
        assert {target["datasource"]["uid"] for target in targets} <= uids
