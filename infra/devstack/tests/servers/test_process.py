"""A child process of ours."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from etter_devstack.servers.process import StartError

from ..processes import is_gone, python, script, until

SLEEP = "import time; print('up', flush=True); time.sleep(60)"
PARENT = """
import sys, time
from pathlib import Path
from etter_devstack.servers.process import Process
child = Process([sys.executable, "-c", "import time; time.sleep(60)"], log=Path(sys.argv[1]))
print(child.pid, flush=True)
time.sleep(60)
"""


class TestProcess:
    def test_dies_with_a_killed_parent(self, tmp_path: Path) -> None:
        with script(PARENT, str(tmp_path / "child.log")) as parent:
            assert parent.stdout is not None
            pid = int(parent.stdout.readline())
            assert not is_gone(pid)
            parent.kill()
        until(lambda: is_gone(pid))

    def test_stop_kills_what_does_not_listen(self, tmp_path: Path) -> None:
        deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SLEEP
        process = python(deaf, log=tmp_path / "deaf.log")
        process.wait_until(lambda: "up" in process.tail())
        process.stop(grace_s=0.2)
        assert process.exit_code == -signal.SIGKILL

    def test_stop_takes_the_whole_group(self, tmp_path: Path) -> None:
        forking = "import os; pid = os.fork(); print(os.getpid(), flush=True);" + SLEEP
        process = python(forking, log=tmp_path / "group.log")
        process.wait_until(lambda: process.tail().count("up") == 2)
        pids = [int(line) for line in process.tail().splitlines() if line.isdigit()]
        process.stop()
        until(lambda: all(is_gone(pid) for pid in pids))

    def test_an_end_at_once_is_told_with_the_logs_end(self, tmp_path: Path) -> None:
        process = python("raise SystemExit('no such flag')", log=tmp_path / "broken.log")
        with pytest.raises(StartError, match=r"broken ended at once \(exit code 1\):\nno such flag"):
            process.wait_until(lambda: False)

    def test_one_that_is_never_ready_is_told(self, tmp_path: Path) -> None:
        process = python(SLEEP, log=tmp_path / "slow.log")
        with pytest.raises(StartError, match="slow did not get ready in 0 s"):
            process.wait_until(lambda: False, timeout_s=0)
        process.kill()

    def test_is_head_of_its_own_group(self, tmp_path: Path) -> None:
        """So that Ctrl-C in a terminal reaches the runner alone, which ends the others in order."""
        process = python(SLEEP, log=tmp_path / "group.log")
        assert os.getpgid(process.pid) == process.pid
        process.kill()
