"""A confined process reads its document and nothing else: `taken_over` tries the rest, on the real kernel."""

from __future__ import annotations

import ctypes
import json
import platform
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from etter_extraction.confinement import _CALLS, _MACHINES
from etter_extraction.forking import ENVIRONMENT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines")

_FINE = ("document", "import", "tgkill_self")
_BY_LANDLOCK = ("secret", "folder_of_secrets", "environment")
_ERRORS = {
    **dict.fromkeys(("write", "overwrite", "truncate", "append", *_BY_LANDLOCK), "EACCES"),
    **dict.fromkeys(("tgkill_parent", "signal_by_owner", "limit_parent"), "EPERM"),
    "thread": "can't start new thread",
    "terminal": "ENOTTY",
}


class TakenOver:
    def __init__(self, folder: Path) -> None:
        self.document, self.secret = folder / "documents" / "one", folder / "secrets" / "key"
        self._cwd = folder / "cwd"
        for place in (self.document.parent, self.secret.parent, self._cwd):
            place.mkdir()
        self.document.write_text("a document")
        self.secret.write_text("a secret")

    def run(self, mode: str) -> subprocess.CompletedProcess[bytes]:
        script = Path(__file__).with_name("taken_over.py")
        command = [sys.executable, "-I", str(script), mode, str(self.document), str(self.secret)]
        return subprocess.run(command, cwd=self._cwd, capture_output=True, timeout=60, stdin=subprocess.DEVNULL)

    def endings(self, mode: str) -> dict[str, Any]:
        done = self.run(mode)
        assert done.returncode == 0, done.stderr.decode()
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


@pytest.fixture
def taken_over(tmp_path: Path) -> TakenOver:
    return TakenOver(tmp_path)


class TestConfine:
    @pytest.mark.parametrize("mode", ["confined", "contained", "old"])
    def test_only_reading_the_document_is_left(self, taken_over: TakenOver, mode: str) -> None:
        answer = taken_over.endings(mode)
        without = () if answer["files"] else _BY_LANDLOCK
        endings = {name: ending for name, ending in answer["endings"].items() if name not in without}
        assert endings == {name: "done" if name in _FINE else _ERRORS.get(name, "ENOSYS") for name in endings}
        assert (taken_over.document.read_text(), taken_over.secret.read_text()) == ("a document", "a secret")
        assert len(endings) > 40

    def test_unconfined_the_attempts_succeed(self, taken_over: TakenOver) -> None:
        assert set(taken_over.endings("free")["endings"].values()) == {"done"}

    @pytest.mark.skipif(platform.machine() != "x86_64", reason="machine code of one machine")
    def test_another_call_convention_ends_the_process(self, taken_over: TakenOver) -> None:
        # a kernel without 32-bit programs has no such call: a fault
        assert taken_over.run("i386").returncode in (-signal.SIGSYS, -signal.SIGSEGV)

    def test_files_are_confined_wherever_the_kernel_can(self, taken_over: TakenOver) -> None:
        version = ctypes.CDLL(None).syscall(*map(ctypes.c_long, (444, 0, 0, 1)))  # landlock_create_ruleset
        if version < 1:
            pytest.skip("this kernel has no Landlock")
        assert taken_over.endings("confined")["files"]

    def test_readers_leave_one_thread_to_confine(self) -> None:
        readers = Path(__file__).parents[1] / "etter_extraction/parsing/readers"
        names = ", ".join(f"etter_extraction.parsing.readers.{path.stem}" for path in readers.glob("[a-z]*.py"))
        script = f"import os, etter_extraction.zygote, {names}; print(len(os.listdir('/proc/self/task')))"
        assert subprocess.check_output([sys.executable, "-I", "-c", script], env=ENVIRONMENT).strip() == b"1"


class TestCalls:
    def test_no_number_stands_twice(self) -> None:
        for column, _ in _MACHINES.values():
            numbers = [both[column] for both in _CALLS.values() if both[column] is not None]
            assert len(numbers) == len(set(numbers))
