"""The command: what it prints, and its words for what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from etter_core import import_onet
from etter_core.occupations import onet

from .occupations import releases


class TestSummary:
    def test_counts_what_was_read(self, tmp_path: Path) -> None:
        release = onet.read_release(releases.write(tmp_path / "db"), lambda _step: None)
        found = import_onet.summary(release, changed=True, seconds=1.23)
        counted = {name: found[name] for name in ("changed", "seconds", "occupations", "titles", "tasks", "skills")}
        assert counted == {"changed": True, "seconds": 1.2, "occupations": 2, "titles": 5, "tasks": 3, "skills": 1}
        assert "CC BY 4.0" in json.dumps(found)


class TestMain:
    def test_what_is_no_release_is_said_in_words(self, tmp_path: Path) -> None:
        command = [sys.executable, "-m", "etter_core.import_onet", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("etter-core: the release lacks Occupation Data.txt")
        assert "Traceback" not in done.stderr

    def test_a_path_is_needed(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.setattr(sys, "argv", ["import_onet"])
        with pytest.raises(SystemExit):
            import_onet.main()
        assert "path" in capsys.readouterr().err
