"""Traefik started with what the table renders: here, and from compose's very files with addresses of this machine."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from etter_devstack.routes import files, table
from etter_devstack.servers import ingress
from etter_devstack.servers.ports import answers, free_port

from ..conftest import ROOT

Address = tuple[str, int]
Backends = Mapping[str, list[str]]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


def fetch(address: Address, method: str, path: str, *, tls: ssl.SSLContext | None = None, **more: Any) -> Answer:
    with _connect(address, tls) as connection:
        connection.request(method, path, **more)
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())


@contextmanager
def _connect(address: Address, tls: ssl.SSLContext | None) -> Iterator[http.client.HTTPConnection]:
    host, port = address
    plain = http.client.HTTPConnection(host, port, timeout=60)
    connection = http.client.HTTPSConnection(host, port, timeout=60, context=tls) if tls else plain
    try:
        yield connection
    finally:
        connection.close()


@dataclass(frozen=True)
class Gate:
    form: str
    address: Address
    secure: Address | None = None
    inner: Address | None = None
    config: Path | None = None

    def call(self, method: str, path: str, **more: Any) -> Answer:
        return fetch(self.address, method, path, **more)

    @contextmanager
    def connection(self) -> Iterator[http.client.HTTPConnection]:
        with _connect(self.address, None) as connection:
            yield connection


@contextmanager
def local(folder: Path, backends: Backends) -> Iterator[Gate]:
    port = free_port()
    routes = table.load(ROOT / files.TABLE)
    started = ingress.launch(folder, log=folder / "log", table=routes, backends=backends, port=port)
    try:
        started.process.wait_until(started.is_ready)
        yield Gate("local", ("127.0.0.1", port))
    finally:
        started.stop()


@contextmanager
def compose(folder: Path, backends: Backends, *, certificate: tuple[Path, Path] | None = None) -> Iterator[Gate]:
    suffix = "-tls" if certificate else ""
    static, dynamic = (
        yaml.safe_load((ROOT / "infra" / "compose" / "ingress" / f"{name}{suffix}.yaml").read_text(encoding="utf-8"))
        for name in ("traefik", "dynamic")
    )
    at = {name: ("127.0.0.1", free_port()) for name in static["entryPoints"]}
    for name, entry in static["entryPoints"].items():
        entry["address"] = f"127.0.0.1:{at[name][1]}"
    static["providers"]["file"]["filename"] = str(folder / "dynamic.yaml")
    for service in dynamic["http"]["services"].values():
        given = [urlsplit(server["url"]) for server in service["loadBalancer"]["servers"]]
        assert {url.port for url in given} == {8000}
        service["loadBalancer"]["servers"] = [{"url": url} for name in given for url in backends[str(name.hostname)]]
    if certificate:
        given = dynamic["tls"]["stores"]["default"]["defaultCertificate"]
        given["certFile"], given["keyFile"] = map(str, certificate)
    process = ingress.start(folder, log=folder / "log", static=static, dynamic=dynamic)
    try:
        process.wait_until(lambda: answers(f"http://127.0.0.1:{at['inner'][1]}/ping"))
        yield Gate("compose", at["web"], at.get("secure"), at["inner"], folder / "traefik.yaml")
    finally:
        process.stop()
