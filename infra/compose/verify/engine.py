"""A Docker Engine of our own: started on a socket and in folders below one folder, stopped by its pid."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from verify.shell import docker
from verify.transcript import CheckFailed

_START_S, _STOP_S = 60, 60


@contextmanager
def engine(folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which `docker` speaks to it. With DOCKER_HOST given, that one is used and left alone."""
    if "DOCKER_HOST" in os.environ:
        yield {}
        return
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        raise CheckFailed("name an engine by DOCKER_HOST, or be root on a machine that has dockerd")
    socket = f"unix://{folder}/docker.sock"
    log = (folder / "dockerd.log").open("ab")
    # no bridge of its own: stacks have their networks, builds the host's
    daemon = subprocess.Popen(
        [
            "dockerd", "--host", socket, "--data-root", str(folder / "data"), "--exec-root", str(folder / "exec"),
            "--pidfile", str(folder / "dockerd.pid"), "--bridge", "none",
        ],
        stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        _await(daemon, socket, folder / "dockerd.log")
        yield {"DOCKER_HOST": socket}
    finally:
        _stop(daemon)
        log.close()
        _unmount(folder)


def _await(daemon: subprocess.Popen[bytes], socket: str, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        with contextlib.suppress(CheckFailed):
            docker("version", env={"DOCKER_HOST": socket})
            return
        if daemon.poll() is not None or time.monotonic() > deadline:
            raise CheckFailed(f"dockerd does not start:\n{log.read_text(encoding='utf-8')[-2000:]}")
        time.sleep(0.2)


def _stop(daemon: subprocess.Popen[bytes]) -> None:
    """It ends its containers and containerd, too."""
    daemon.terminate()
    try:
        daemon.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _unmount(folder: Path) -> None:
    """What a killed engine leaves mounted would keep the folder from being removed."""
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    for target in sorted((line.split()[1] for line in mounts), reverse=True):
        if target.startswith(f"{folder}/"):
            subprocess.run(["umount", "--lazy", target], check=False, capture_output=True)
