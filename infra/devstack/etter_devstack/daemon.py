"""The runner in the background: started, watched until everything is ready, and stopped from another process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import IO

import psutil

from etter_common.clock import utc_now
from etter_devstack import preflight, runner
from etter_devstack.leftovers import stop_leftovers
from etter_devstack.runner import AlreadyRunning, Report
from etter_devstack.servers.process import StartError
from etter_devstack.stack import Plan
from etter_devstack.state import Home, State
from etter_devstack.supervisor import Change

_STOP_S = 60


def start(home: Home, *, port: int | None, report: Report) -> State:
    """Start a runner in a session of its own and wait until everything is ready, telling `report` on the way."""
    preflight.check(home)
    pid, said = _spawn(home, port)
    try:
        with said:
            return _watched(said, home, report)
    except KeyboardInterrupt:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
        raise


def _spawn(home: Home, port: int | None) -> tuple[int, IO[bytes]]:
    """The background process and what it says. No `Popen`: nobody here waits for its end."""
    ours, its = os.pipe()
    errors = os.open(home.log("supervisor"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    arguments = [sys.executable, "-m", "etter_devstack.daemon", str(home.root), str(home.folder), str(port or 0)]
    pid = os.posix_spawn(
        sys.executable,
        arguments,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, its, 1),
            (os.POSIX_SPAWN_DUP2, errors, 2),
        ],
    )
    os.close(its)
    os.close(errors)
    return pid, os.fdopen(ours, "rb")


def _watched(said: IO[bytes], home: Home, report: Report) -> State:
    """Pass on what it says until everything is ready."""
    for line in said:
        message = json.loads(line)
        if "change" in message:
            report(Change(**message["change"]))
        elif "error" in message:
            raise StartError(message["error"])
        elif state := home.running():
            if "already" in message:
                raise AlreadyRunning(state)
            return state
    raise StartError(f"the runner ended at once; {home.logs / 'supervisor.log'} may tell why")


def stop(home: Home) -> bool:
    """Stop this folder's stack, and what a killed runner left; false when nothing ran."""
    state = home.running()
    process = state.supervisor.process if state else None
    if process is None:
        return stop_leftovers(home)
    process.terminate()
    try:
        process.wait(timeout=_STOP_S)
    except psutil.TimeoutExpired:
        process.kill()
    stop_leftovers(home)
    return True


def main() -> None:
    """The background process. It says what happens on standard output while somebody listens, and in its log."""
    root, folder, port = sys.argv[1:]
    os.setsid()
    os.chdir("/")

    def report(change: Change) -> None:
        moment = utc_now().isoformat(timespec="milliseconds")
        with contextlib.suppress(OSError):  # the disk of the log may be full
            sys.stderr.write(f"{moment} {change.name} {change.how} {change.note}".rstrip() + "\n")
            sys.stderr.flush()
        _say(change=asdict(change))

    async def ready(_plan: Plan) -> None:
        _say(ready=True)

    try:
        runner.run(Home(Path(root), Path(folder)), report=report, port=int(port) or None, when_ready=ready)
    except AlreadyRunning:
        _say(already=True)
    except StartError as error:
        _say(error=str(error))


def _say(**message: object) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
