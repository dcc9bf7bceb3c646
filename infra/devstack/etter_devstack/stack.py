"""The whole platform of one folder: what is started, on which ports, with which environment, in which order."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from etter_common.events import provision
from etter_devstack import databases
from etter_devstack.accounts import Accounts
from etter_devstack.routes import table
from etter_devstack.servers import ingress, nats, postgres, valkey
from etter_devstack.servers.ports import PortClaims, checks
from etter_devstack.servers.process import Process, Server, StartError
from etter_devstack.services import PROGRAMS, SERVICES, Backbone, Program, Service
from etter_devstack.state import Home
from etter_devstack.supervisor import Part

DEFAULT_PORT = 8080
SERVERS = ("postgres", "valkey", "nats")
_ROOM = 8 * 1024 * 1024  # free on the disk; with less a restart would not help
PATIENCE_S = 180  # a worker may compile before it is ready
DATABASES = ("postgres", "databases")
_NEEDED = (*SERVERS, "databases", "streams")


@dataclass(frozen=True)
class Plan:
    """A folder's stack: which parts, on which ports. `reload` names a service that restarts when its code changes."""

    home: Home
    ports: dict[str, int]
    only: tuple[str, ...] = ()
    reload: str | None = None

    @classmethod
    def running(cls, home: Home) -> Plan:
        """Of the stack that runs there."""
        return cls(home, home.ports())

    @classmethod
    def of(
        cls, home: Home, claims: PortClaims, *, port: int | None = None, only: tuple[str, ...] = (),
        reload: str | None = None,
    ) -> Plan:  # fmt: skip
        """A new one, on the ports of the last run where they are free; `only` some parts, when it names any.

        `port` is the ingress's; asked for and taken is an error. The ports are ours for as long as the claims.
        """
        last = {"ingress": DEFAULT_PORT} | home.ports()
        if port is not None and not claims.claim(port):
            raise StartError(f"port {port} is taken; leave PORT out to get a free one, or choose another")
        ports = {"ingress": port or claims.free_port(last["ingress"])}
        for name in (*SERVERS, *(program.name for program in PROGRAMS)):
            ports[name] = claims.free_port(last.get(name))
        home.keep_ports(ports)
        return cls(home, ports, only, reload)

    @property
    def ingress_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['ingress']}"

    @property
    def admin_dsn(self) -> str:
        return f"postgresql://postgres:{self.home.secret('postgres')}@127.0.0.1:{self.ports['postgres']}/postgres"

    def urls(self) -> dict[str, str]:
        """Where each part answers."""
        schemes = {"postgres": "postgresql", "valkey": "redis", "nats": "nats"}
        return {name: f"{schemes.get(name, 'http')}://127.0.0.1:{port}" for name, port in self.ports.items()}

    def health_urls(self) -> dict[str, str]:
        """What answers 200 when a part is ready, for those that speak HTTP."""
        found = {program.name: f"{self.urls()[program.name]}/health/ready" for program in PROGRAMS}
        return found | {"ingress": f"{self.ingress_url}/healthz"}

    def backbone(self) -> Backbone:
        targets = databases.targets(self.home)
        objects = self.home.data / "objects"
        objects.mkdir(parents=True, exist_ok=True)
        users = Accounts.of(self.home)
        return Backbone(
            database_urls={name: target.url(self.admin_dsn) for name, target in targets.items()},
            migration_urls={name: target.migration_url(self.admin_dsn) for name, target in targets.items()},
            secret_keys={name: self.home.secret(f"key-{name}") for name in SERVICES},
            redis_urls={user: users.valkey_url(user, self.ports["valkey"]) for user in users.valkey},
            nats_urls={user: users.nats_url(user, self.ports["nats"]) for user in users.nats},
            object_store=objects,
        )

    def operator_url(self) -> str:
        """NATS as a user who may do everything; for commands, not for services."""
        return Accounts.of(self.home).nats_url("operator", self.ports["nats"])

    def parts(self) -> list[Part]:
        """The ingress needs nobody, so it starts with the servers."""
        return [part for part in self._all_parts() if not self.only or part.name in self.only]

    def _all_parts(self) -> Iterator[Part]:
        yield Part("postgres", self._postgres)
        yield Part("databases", self._databases, after=("postgres",))
        yield Part("valkey", self._valkey)
        yield Part("nats", self._nats, is_stuck=self._jetstream_is_stuck)
        yield Part("streams", self._streams, after=("nats",))
        yield Part("ingress", self._ingress)
        backbone = self.backbone()
        for program in PROGRAMS:
            yield Part(program.name, partial(self._service, program, backbone), _NEEDED, PATIENCE_S)

    async def _postgres(self) -> Server:
        cluster = await asyncio.to_thread(
            postgres.prepare, self.home.data / "postgres", password=self.home.secret("postgres")
        )
        return postgres.launch(cluster, log=self.home.log("postgres"), port=self.ports["postgres"])

    async def _databases(self) -> None:
        targets = databases.targets(self.home)
        names = await databases.behind(self.home.root, targets, self.admin_dsn)
        if names:
            await asyncio.to_thread(databases.migrate, self.home.root, names, targets, self.admin_dsn)

    async def _valkey(self) -> Server:
        acl = Accounts.of(self.home).valkey_acl
        return valkey.launch(
            self.home.data / "valkey", log=self.home.log("valkey"), port=self.ports["valkey"], acl=acl
        )  # fmt: skip

    async def _nats(self) -> Server:
        users = Accounts.of(self.home).nats_config
        return nats.launch(self.home.data / "nats", log=self.home.log("nats"), port=self.ports["nats"], accounts=users)

    async def _streams(self) -> None:
        url = Accounts.of(self.home).nats_url("provision", self.ports["nats"])
        async with provision.connected(url) as client:
            await provision.provision(client)

    def _jetstream_is_stuck(self) -> bool:
        """All services reach NATS, and one of them cannot store: its disk was full, and has room again."""
        if shutil.disk_usage(self.home.data).free < _ROOM:
            return False
        reports = [checks(self.health_urls()[name]) for name in SERVICES]
        stuck = any(not report.get(name, True) for report in reports for name in ("jetstream", "outbox"))
        return stuck and all(report.get("nats", True) for report in reports)

    async def _ingress(self) -> Server:
        routes = table.load(self.home.root / "infra" / "ingress" / "routes.toml")
        return ingress.launch(
            self.home.folder / "ingress", log=self.home.log("ingress"), table=routes, port=self.ports["ingress"],
            backends={name: [self.urls()[name]] for name in SERVICES},
        )  # fmt: skip

    async def _service(self, program: Program, backbone: Backbone) -> Server:
        port = self.ports[program.name]
        more = {"WORKER_PORT": str(port)} if program.is_worker else {}
        process = Process(
            program.command(port, reload=self._watched(program)),
            log=self.home.log(program.name),
            env=backbone.environment(program.service, user=program.name, **more),
        )
        return Service(process, self.urls()[program.name])

    def _watched(self, program: Program) -> tuple[Path, ...]:
        if program.name != self.reload:
            return ()
        return self.home.root / "services" / program.service, self.home.root / "libs" / "common"
