"""What the command says."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from etter_devstack.logs import readable
from etter_devstack.state import Home

from .test_runner import running


def etter(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it, with next to no environment."""
    environment = {"ETTER_FOLDER": str(home.folder), "PATH": os.environ["PATH"], "COLUMNS": "200"}
    command = [sys.executable, "-m", "etter_devstack.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


class TestStatus:
    def test_nothing_runs(self, home: Home) -> None:
        told = etter(home, "status")
        assert (told.returncode, told.stdout) == (3, "Nothing is running; start it: make up\n")
        assert json.loads(etter(home, "status", "--json").stdout) == {"running": False}

    def test_each_part_with_url_pid_health_and_log(self, home: Home) -> None:
        with running(home):
            told = json.loads(etter(home, "status", "--json").stdout)
            assert (told["running"], told["ready"]) == (True, True)
            assert told["url"].startswith("http://127.0.0.1:")
            assert {part["name"]: part["health"] for part in told["parts"]} == {"valkey": "running", "nats": "running"}
            assert set(told["parts"][0]) == {"name", "url", "pid", "health", "restarts", "log"}


class TestUp:
    def test_a_second_one_says_where_the_first_is(self, home: Home) -> None:
        with running(home):
            for arguments in (["up"], ["up", "--detach"], ["run"]):
                told = etter(home, *arguments)
                assert told.returncode == 0
                assert told.stdout.startswith("Etter already runs in this folder, at http://127.0.0.1:")

    def test_a_port_that_is_taken(self, home: Home) -> None:
        with running(home):
            port = str(home.ports()["valkey"])
            other = Home(home.root, home.folder.parent / "other")
            told = etter(other, "up", "--port", port)
        assert told.returncode == 1
        assert told.stderr.startswith(f"etter: port {port} is taken")
        assert "Traceback" not in told.stderr


class TestLogs:
    def test_the_end_of_a_log(self, home: Home) -> None:
        home.make()
        home.log("core").write_text("one\ntwo\nthree\n", encoding="utf-8")
        assert etter(home, "logs", "core", "-n", "2").stdout == "two\nthree\n"

    def test_an_unknown_name_lists_the_known(self, home: Home) -> None:
        home.make()
        home.log("core").touch()
        told = etter(home, "logs", "cor")
        assert (told.returncode, told.stderr) == (1, "etter: there is no log of 'cor'; there are: core\n")

    def test_nothing_outside_the_folder(self, home: Home) -> None:
        home.make()
        (home.folder / "secret.log").touch()
        assert etter(home, "logs", "../secret").returncode == 1


class TestNotRunning:
    @pytest.mark.parametrize("command", ["seed", "demo", "dlq list"])
    def test_what_needs_a_stack_says_so(self, home: Home, command: str) -> None:
        told = etter(home, *command.split())
        assert (told.returncode, told.stderr) == (1, "etter: Etter is not running here; start it first: make up\n")

    def test_nothing_to_stop(self, home: Home) -> None:
        assert etter(home, "down").stdout == "Nothing was running.\n"

    def test_data_is_removed_when_asked(self, home: Home) -> None:
        home.make()
        etter(home, "down", "--data")
        assert not home.folder.exists()


class TestReadable:
    def test_structured_lines_become_text(self) -> None:
        line = {"timestamp": "2026-11-23T19:27:33.732Z", "level": "info", "event": "lease_taken", "lease": "relay"}
        assert readable(json.dumps(line)) == "19:27:33.732 info    lease_taken lease=relay"

    @pytest.mark.parametrize("line", ["Traceback (most recent call last):", "[1, 2]", '{"a": 1}', ""])
    def test_others_stay(self, line: str) -> None:
        assert readable(line) == line
