"""Which backups stay, and which one is taken."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from .conftest import run

NOW = datetime.now(UTC)


def backup(folder: Path, *parts: str, days_ago: float, wal: str = "0/2000028") -> str:
    finished = NOW - timedelta(days=days_ago)
    made = folder / f"{finished:%Y-%m-%dT%H-%M-%SZ}"
    made.mkdir(parents=True)
    told = {"format": 1, "finished_at": finished.isoformat(), "files": {}} | {key: {} for key in parts}
    if "postgres" in parts:
        told["postgres"] = {"log": [{"Start-LSN": wal}]}
    (made / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    return made.name


def names(folder: Path) -> set[str]:
    return {path.parent.name for path in folder.glob("*/manifest.json")}


def test_what_is_old_goes_with_its_log_but_the_newest_of_each_part_stays(tmp_path: Path) -> None:
    backup(tmp_path, "postgres", days_ago=50)
    base = backup(tmp_path, "postgres", "dumps", days_ago=40, wal="0/5000028")
    backup(tmp_path, "streams", days_ago=2)
    streams = [backup(tmp_path, "streams", days_ago=days) for days in (0.5, 0.1)]
    (tmp_path / "wal").mkdir()
    for number in (3, 4, 5, 6):
        (tmp_path / "wal" / f"00000001000000000000000{number}").touch()
    (tmp_path / "wal" / "00000002.history").touch()
    said = run("backup", "prune", "--to", tmp_path, "--keep-days", 30)
    assert "removed 2 backups, 2 segments of log" in said
    assert names(tmp_path) == {base, *streams}
    assert {file.name[-1] for file in (tmp_path / "wal").iterdir()} == {"5", "6", "y"}


def test_for_a_moment_the_newest_backup_before_it_is_taken(tmp_path: Path) -> None:
    backup(tmp_path, "postgres", days_ago=3)
    backup(tmp_path, "postgres", days_ago=1)
    moment = (NOW - timedelta(days=4)).isoformat()
    place = ("--from", tmp_path, "--data", tmp_path / "data")
    assert "has no backup with postgres finished by" in run("restore", "postgres", *place, "--time", moment, fails=True)


@pytest.mark.parametrize("content", ['{"format": 2}', "half a man", ""])
def test_what_is_no_finished_backup_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text(content, encoding="utf-8")
    assert "broken" in run("backup", "check", "--at", tmp_path, fails=True)
