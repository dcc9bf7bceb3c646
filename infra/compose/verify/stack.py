"""The stack under test: compose.yaml as users start it, with stand-ins laid over it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from verify.shell import docker, run
from verify.transcript import CheckFailed

COMPOSE = Path(__file__).resolve().parents[1]
DATA = ("postgres", "nats", "objects")


@dataclass
class Stack:
    """`env` says which engine, and grows with what compose.yaml asks for."""

    folder: Path
    env: dict[str, str]
    replicas: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.env |= {
            "ETTER_SECRETS": str(self.folder / "secrets"),
            "ETTER_HTTP_PORT": str(_free_port()),
            "ETTER_LOG_LEVEL": "warning",
        }
        run(sys.executable, COMPOSE / "make_secrets.py", self.env["ETTER_SECRETS"])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.env['ETTER_HTTP_PORT']}"

    @property
    def files(self) -> list[str]:
        return ["-f", str(COMPOSE / "compose.yaml"), "-f", str(COMPOSE / "verify/standins/compose.yaml")]

    def compose(self, *arguments: str, stdin: str | None = None) -> str:
        return run(*command(), *self.files, *arguments, env=self.env, stdin=stdin)

    def up(self, *services: str, profile: str = "") -> None:
        """The one command; it returns when everything is healthy."""
        profiles = ["--profile", profile] if profile else []
        known = {name: count for name, count in self.replicas.items() if not services or name in services}
        scale = [part for name, count in known.items() for part in ("--scale", f"{name}={count}")]
        self.compose(*profiles, "up", "--detach", "--wait", "--wait-timeout", "600", *scale, *services)

    def down(self, *options: str) -> None:
        profiles = ("--profile", "backup", "--profile", "tools")
        self.compose(*profiles, "down", "--timeout", "30", "--remove-orphans", *options)

    def containers(self, service: str) -> list[str]:
        return self.compose("ps", "--quiet", service).split()

    def inspect(self, container: str, form: str) -> str:
        return docker("inspect", "--format", form, container, env=self.env).strip()

    def kill(self, container: str) -> None:
        """As the kernel would: the engine hears of it only afterwards."""
        os.kill(int(self.inspect(container, "{{.State.Pid}}")), signal.SIGKILL)

    def await_restart(self, container: str, *, timeout_s: float = 120) -> float:
        began = time.monotonic()
        while self.inspect(container, "{{.RestartCount}} {{.State.Health.Status}}") != "1 healthy":
            if time.monotonic() - began > timeout_s:
                raise CheckFailed(f"{container} was not restarted")
            time.sleep(0.2)
        return time.monotonic() - began

    def sql(self, query: str, database: str = "postgres") -> str:
        """As the superuser, inside the server's container."""
        script = 'PGPASSWORD=$(cat /run/secrets/postgres_password) psql -h 127.0.0.1 -U postgres -d "$0" -XAtc "$1"'
        return self.compose("exec", "-T", "postgres", "sh", "-c", script, database, query).strip()

    def operations(self, *arguments: str) -> str:
        return self.compose("run", "--rm", "--no-deps", "-T", "operations", *arguments)

    def memory(self) -> str:
        """Of each container, as the engine counts it."""
        told = docker("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}", env=self.env).splitlines()
        parts = (line.removeprefix("etter-").partition(" / ")[0].rpartition(" ") for line in sorted(told))
        return "memory: " + ", ".join(f"{name.removesuffix('-1')} {used}" for name, _, used in parts)

    def requests_by_replica(self, service: str) -> list[int]:
        """How many requests each replica has counted."""
        return [int(self._metric(replica)) for replica in self.containers(service)]

    def _metric(self, container: str) -> float:
        script = (
            "from urllib.request import urlopen; "
            "lines = urlopen('http://127.0.0.1:8000/metrics').read().decode().splitlines(); "
            "print(sum(float(line.split()[-1]) for line in lines if line.startswith('etter_http_requests_total')))"
        )
        return float(docker("exec", container, "python", "-c", script, env=self.env))

    def last_words(self) -> str:
        """For a check that has failed: what runs, and the end of the logs."""
        try:
            return self.compose("ps", "--all") + self.compose("logs", "--no-color", "--tail", "15")
        except CheckFailed as error:
            return str(error)

    def secret(self, name: str) -> str:
        return (Path(self.env["ETTER_SECRETS"]) / name).read_text(encoding="utf-8")

    def status(self, path: str) -> int:
        """Of a GET through the ingress, without signing in."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def remove_data(self) -> None:
        """Everything that would be lost with the machine; the backups are elsewhere."""
        for name in DATA:
            docker("volume", "rm", f"etter_{name}", env=self.env)

    def services(self) -> dict[str, dict[str, object]]:
        told: dict[str, dict[str, object]] = json.loads(self.compose("config", "--format", "json"))["services"]
        return told


def command() -> list[str]:
    """COMPOSE, where that is another name than Docker's own."""
    return shlex.split(os.environ.get("COMPOSE", "docker compose"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
