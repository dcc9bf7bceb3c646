"""One run of schemathesis against a served application."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from etter_common.server import Protocol

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Bounds:
    """How much is tried: examples an operation, seconds in all, and the seed that repeats a run."""

    examples: int
    seconds: int
    seed: int
    is_long: bool

    @classmethod
    def of_environment(cls) -> Bounds:
        """Small and repeatable, if `make fuzz` does not ask for more."""
        is_long = "ETTER_FUZZ_EXAMPLES" in os.environ
        examples = int(os.environ.get("ETTER_FUZZ_EXAMPLES", "5"))
        seconds = int(os.environ.get("ETTER_FUZZ_SECONDS", "0"))
        return cls(examples, seconds, int(os.environ.get("ETTER_FUZZ_SEED", "1")), is_long)


@dataclass(frozen=True)
class Outcome:
    passed: bool
    report: str


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """The test run keeps its own."""


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The address of the application behind the server it has in production."""
    config = uvicorn.Config(
        app, port=0, http=Protocol, lifespan="off", access_log=False, log_config=None, proxy_headers=False,
        server_header=False,
    )  # fmt: skip
    server = _Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        await server.shutdown()


def configure(
    folder: Path, *, tokens: Mapping[str, str], peers: Sequence[str], ids: Mapping[str, Sequence[str]], own: str
) -> Path:
    """The configuration of one run. `tokens` are bearer tokens by name, the first is tried first; `peers` are those
    who must not see each other's objects; `ids` are stored objects by path parameter; `own` is the service's part."""
    users = [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {token}"}]}
        for name, token in tokens.items()
    ]
    (folder / "auth.json").write_text(json.dumps({"auth": users}))
    parts = [f"hooks = {json.dumps(str(_HERE / 'hooks.py'))}", (_HERE / "schemathesis.toml").read_text(), own]
    parts.append(f'[auth.wfc]\npath = "auth.json"\npeers = {json.dumps(list(peers))}\nrefresh_interval = 86400')
    parts += [f"[dictionaries.{name}]\nvalues = {json.dumps([*map(_typed, values)])}" for name, values in ids.items()]
    parts.append('[dictionaries.any_version]\nvalues = ["*"]')
    bound = {f"path.{name}": name for name in ids} | {"header.If-Match": "any_version"}
    parts.append("[parameters]")
    parts += [f'"{place}" = {{ dictionary = "{name}", probability = 0.5 }}' for place, name in bound.items()]
    file = folder / "schemathesis.toml"
    file.write_text("\n".join(parts))
    return file


def _typed(value: str) -> str | int:
    return int(value) if value.isdigit() else value


def _refusable(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document without the one pattern whose breach is not refused: a tag that nobody made matches nothing, and
    the read answers as if it had not been given (RFC 9110 §13.1.2)."""
    shown: dict[str, Any] = copy.deepcopy(dict(document))
    del shown["components"]["parameters"]["IfNoneMatch"]["schema"]["pattern"]
    return shown


async def run(document: Mapping[str, Any], url: str, config: Path, bounds: Bounds) -> Outcome:
    """Send what the document allows and forbids; the report is schemathesis' own."""
    (config.parent / "openapi.json").write_text(json.dumps(_refusable(document)))
    command = [
        "--config-file", str(config), "run", "openapi.json", "--url", url, "--max-examples", str(bounds.examples),
        "--seed", str(bounds.seed), "--generation-database", "none",
        *(("--max-time", str(bounds.seconds)) if bounds.seconds else ()),
    ]  # fmt: skip
    report = config.parent / "report.txt"
    with report.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "schemathesis.cli", *command,
            cwd=config.parent, stdout=output, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    return Outcome(process.returncode == 0, report.read_text())
