"""The whole platform as children of this process: started in order, ready when it says so, gone when it goes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from etter_devstack import databases
from etter_devstack.servers import ingress, nats, postgres, valkey
from etter_devstack.servers.ports import answers, free_port
from etter_devstack.servers.process import Process, StartError
from etter_devstack.services import PARTS, SERVICES, Backbone, Part
from etter_devstack.state import Home, Running, State

READY_TIMEOUT_S = 60
GRACE_S = 12
Report = Callable[[str, str], None]
"""Told the name of a part and how it is: "starting", "ready on …"."""


@dataclass
class Stack:
    """What runs. `children` are watched: the stack falls when one of them does."""

    ingress_url: str = ""
    parts: list[Running] = field(default_factory=list)
    children: dict[str, Process] = field(default_factory=dict)

    def fallen(self) -> str | None:
        """The name of a part that has ended, if one has."""
        return next((name for name, child in self.children.items() if not child.running), None)

    def add(self, name: str, process: Process, *, url: str, health: str | None = None) -> None:
        self.children[name] = process
        self.parts.append(Running.of(name, process.pid, url=url, log=process.log, health=health))


@contextmanager
def running(home: Home, *, port: int | None = None, report: Report = lambda _name, _how: None) -> Iterator[Stack]:
    """Start everything below `home` and stop it, services first, at the end of the block.

    `port` is the ingress's; when it is asked for and taken, that is an error. Raises `StartError` in plain words.
    """
    stack, ports = Stack(), home.ports()
    if port is not None and free_port(port) != port:
        raise StartError(f"port {port} is taken; choose another: PORT=8181 make run")
    with ExitStack() as until:
        backbone = _servers(home, stack, ports, until, report)
        _start_parts(home, stack, ports, backbone, until, report)
        backends = {part.name: [part.url] for part in stack.parts if part.name in SERVICES}
        report("ingress", "starting")
        gate = ingress.start(
            home.folder / "ingress", log=home.log("ingress"), routes=home.root / "infra/ingress/routes.toml",
            backends=backends, port=port or ports.get("ingress"),
        )  # fmt: skip
        until.callback(gate.stop)
        stack.add("ingress", gate.process, url=gate.url, health=f"{gate.url}/healthz")
        stack.ingress_url, ports["ingress"] = gate.url, gate.port
        report("ingress", f"ready at {gate.url}")
        home.keep_ports(ports)
        yield stack


def state_of(stack: Stack, home: Home) -> State:
    supervisor = Running.of("supervisor", os.getpid(), url="", log=home.logs / "supervisor.log")
    return State(supervisor, stack.ingress_url, stack.parts)


def _servers(home: Home, stack: Stack, ports: dict[str, int], until: ExitStack, report: Report) -> Backbone:
    report("postgres", "starting")
    password = home.secret("postgres")
    db = postgres.start(
        home.folder / "postgres", log=home.log("postgres"), password=password, port=ports.get("postgres")
    )
    until.callback(db.stop)
    stack.add("postgres", db.process, url=f"postgresql://127.0.0.1:{db.port}")
    report("postgres", f"ready on port {db.port}")
    cache = valkey.start(home.folder / "valkey", log=home.log("valkey"), port=ports.get("valkey"))
    until.callback(cache.stop)
    stack.add("valkey", cache.process, url=cache.url)
    report("valkey", f"ready on port {cache.port}")
    bus = nats.start(home.folder / "nats", log=home.log("nats"), port=ports.get("nats"))
    until.callback(bus.stop)
    stack.add("nats", bus.process, url=bus.url)
    report("nats", f"ready on port {bus.port}")
    ports |= {"postgres": db.port, "valkey": cache.port, "nats": bus.port}
    targets = databases.targets(home)
    report("databases", "migrating")
    changed = databases.prepare(home.root, db.dsn, targets)
    report("databases", f"migrated: {', '.join(changed)}" if changed else "up to date")
    return Backbone(
        database_urls={name: target.url(db.dsn) for name, target in targets.items()},
        migration_urls={name: target.migration_url(db.dsn) for name, target in targets.items()},
        redis_url=cache.url,
        nats_url=bus.url,
        object_store=_folder(home.folder / "objects"),
        secret_keys={name: home.secret(f"key-{name}") for name in SERVICES},
    )


def _start_parts(
    home: Home, stack: Stack, ports: dict[str, int], backbone: Backbone, until: ExitStack, report: Report
) -> None:
    """Start all services and workers at once, then wait for each."""
    started: list[tuple[Part, Process, str]] = []
    for part in PARTS:
        port = ports[part.name] = free_port(ports.get(part.name))
        environment = {**_inherited(), **backbone.environment(part, port)}
        process = Process(part.command(port), log=home.log(part.name), env=environment)
        until.callback(process.stop, grace_s=GRACE_S)
        started.append((part, process, f"http://127.0.0.1:{port}"))
        report(part.name, "starting")
    for part, process, url in started:
        process.wait_until(lambda url=url: answers(f"{url}/health/ready"), timeout_s=READY_TIMEOUT_S)  # type: ignore[misc]  # bound now
        stack.add(part.name, process, url=url, health=f"{url}/health/ready")
        report(part.name, f"ready at {url}")


def _inherited() -> dict[str, str]:
    """The environment without settings that somebody's shell may hold for another stack."""
    prefixes = tuple(f"{name.upper()}_" for name in SERVICES)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    return {**kept, "PYTHONUNBUFFERED": "1"}


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path
