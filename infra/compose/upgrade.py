"""`ETTER_VERSION=… python upgrade.py`: bring a running stack to another release, replica by replica.

First the one-shot jobs of the new release: its migrations work while the previous release is still running. Then each
service: one new replica is started and gets ready, one old replica is stopped, until none is old. Arguments go on to
`docker compose` before its commands (`-f compose.yaml -f tls.yaml`). Servers (PostgreSQL and so on) are left alone.
DOCKER and COMPOSE in the environment name other programs than `docker` and `docker compose`.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

JOBS = ("provision", "streams", "migrate-auth", "migrate-core", "migrate-extraction", "migrate-simulation")
SERVICES = ("auth", "core", "extraction", "simulation", "extraction-worker", "simulation-worker")
READY_S = 300  # a worker may compile before it is ready
DOCKER = shlex.split(os.environ.get("DOCKER", "docker"))
COMPOSE = shlex.split(os.environ.get("COMPOSE", "docker compose"))


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}:\n{(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


class Stack:
    def __init__(self, arguments: list[str]) -> None:
        self._compose = [*COMPOSE, *(arguments or ["-f", str(Path(__file__).with_name("compose.yaml"))])]

    def compose(self, *arguments: str) -> str:
        return run(*self._compose, *arguments)

    def replicas(self, service: str) -> list[str]:
        return self.compose("ps", "--quiet", service).split()

    def image(self, service: str) -> str:
        """The id of the image that a new replica would be made of."""
        name = json.loads(self.compose("config", "--format", "json"))["services"][service]["image"]
        return run(*DOCKER, "image", "inspect", "--format", "{{.Id}}", name).strip()

    def upgrade(self, service: str) -> int:
        """How many replicas were replaced."""
        image = self.image(service)
        old = [
            replica for replica in self.replicas(service)
            if run(*DOCKER, "inspect", "--format", "{{.Image}}", replica).strip() != image
        ]  # fmt: skip
        for replica in old:
            known = set(self.replicas(service))
            more = str(len(known) + 1)
            self.compose("up", "--detach", "--no-deps", "--no-recreate", "--scale", f"{service}={more}", service)
            for fresh in set(self.replicas(service)) - known:
                await_ready(fresh)
            run(*DOCKER, "stop", replica)  # by SIGTERM, and as long as `stop_grace_period` says
            run(*DOCKER, "rm", replica)
        return len(old)


def await_ready(replica: str) -> None:
    deadline = time.monotonic() + READY_S
    while (status := run(*DOCKER, "inspect", "--format", "{{.State.Health.Status}}", replica).strip()) != "healthy":
        if time.monotonic() > deadline or status == "unhealthy":
            log = subprocess.run(
                [*DOCKER, "logs", "--tail", "20", replica], capture_output=True, text=True, check=False
            )
            raise SystemExit(f"a new replica is {status}; the old ones go on. Its log ends:\n{log.stdout}{log.stderr}")
        time.sleep(0.5)


def main(arguments: list[str]) -> None:
    stack = Stack(arguments)
    for job in JOBS:
        stack.compose("run", "--rm", "--no-deps", "-T", job)
        sys.stdout.write(f"{job}: done\n")
    for service in SERVICES:
        began = time.monotonic()
        count = stack.upgrade(service)
        sys.stdout.write(f"{service}: {count} replaced in {time.monotonic() - began:.1f} s\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
