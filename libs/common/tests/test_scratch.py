"""Temporary folders: private, gone afterwards, and gone after whoever was killed, but nobody else's."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from etter_common.scratch import scratch_folder, sweep

HOLDS_ONE = """
from etter_common.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "document").write_text("a customer's")
    print(folder, flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@contextmanager
def holder(temporary: Path) -> Generator[tuple[subprocess.Popen[str], Path]]:
    """Another process, and the folder it has."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS_ONE],
        env={**os.environ, "TMPDIR": str(temporary)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


class TestScratchFolder:
    def test_it_is_private_and_goes_with_the_block(self) -> None:
        with scratch_folder() as folder:
            assert folder.stat().st_mode & 0o777 == 0o700
            (folder / "inner").mkdir()
        assert not folder.exists()

    def test_an_exception_passes_and_leaves_nothing(self, temporary: Path) -> None:
        with pytest.raises(ValueError, match="mine"), scratch_folder():
            raise ValueError("mine")
        assert list(temporary.iterdir()) == []

    def test_one_that_is_swept_before_it_is_held_is_made_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made: list[str] = []
        make = tempfile.mkdtemp

        def swept_at_once(**given: str) -> str:
            made.append(make(**given))
            if len(made) == 1:
                Path(made[0]).rmdir()
            return made[-1]

        monkeypatch.setattr(tempfile, "mkdtemp", swept_at_once)
        with scratch_folder() as folder:
            assert (str(folder), folder.exists()) == (made[1], True)


class TestSweep:
    def test_what_a_killed_process_left_is_removed(self, temporary: Path) -> None:
        with holder(temporary) as (process, folder):
            process.kill()
            process.wait()
            assert (folder / "document").exists()
            sweep()
            assert not folder.exists()

    def test_what_a_living_process_reads_stays(self, temporary: Path) -> None:
        with holder(temporary) as (_, folder), scratch_folder() as own:
            sweep()
            assert (folder / "document").exists()
            assert own.exists()

    def test_other_things_stay(self, temporary: Path) -> None:
        other, elsewhere = temporary / "etter-other", temporary / "kept"
        other.mkdir()
        elsewhere.mkdir()
        (temporary / "etter-scratch-link").symlink_to(elsewhere)
        (temporary / "etter-scratch-file").touch()
        sweep()
        assert (other.exists(), elsewhere.exists()) == (True, True)
