"""The runner in the background: started, watched until everything is ready, and stopped from another process."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

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
    log = home.log("supervisor")
    arguments = [str(home.root), str(home.folder), str(port or 0)]
    with log.open("ab") as errors:
        child = subprocess.Popen(
            [sys.executable, "-m", "etter_devstack.daemon", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, start_new_session=True, cwd="/",
        )  # fmt: skip
    try:
        for message in _messages(child.stdout):
            if "change" in message:
                report(Change(**message["change"]))
            elif "error" in message:
                raise StartError(message["error"])
            elif state := home.running():
                if "already" in message:
                    raise AlreadyRunning(state)
                return state
    except KeyboardInterrupt:
        child.terminate()
        child.wait()
        raise
    raise StartError(f"the runner ended at once; {log} may tell why")


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


def _messages(stream: IO[bytes] | None) -> Iterator[dict[str, Any]]:
    for line in stream or ():  # Any: the messages `_say` writes
        yield json.loads(line)


def main() -> None:
    """The background process. It says what happens on standard output while somebody listens, and in its log."""
    root, folder, port = sys.argv[1:]

    def report(change: Change) -> None:
        moment = utc_now().isoformat(timespec="milliseconds")
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
