"""Real servers for a test run: one PostgreSQL and one Valkey for all workers, one NATS for each worker.

NATS is per worker because durable consumers are named by service, and two workers test the same service. Services under
test have one of their own (`service`).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from etter_common.events import provision
from etter_devstack.accounts import ROWS, Accounts, test_user
from etter_devstack.servers import TestServers

_ENV = "ETTER_TEST_SERVERS"
_shared = pytest.StashKey[ExitStack]()


@dataclass(frozen=True)
class Servers:
    """Where the run's servers answer. `postgres_dsn` is a superuser's, for making databases."""

    postgres_dsn: str
    redis_url: str
    nats_url: str


def pytest_configure(config: pytest.Config) -> None:
    """With several workers the controller starts what they share, before they start."""
    settings.register_profile("etter", deadline=None)  # a busy machine is no finding
    settings.load_profile("etter")
    if hasattr(config, "workerinput") or not getattr(config.option, "numprocesses", None):
        return
    stack = ExitStack()
    config.stash[_shared] = stack
    os.environ[_ENV] = json.dumps(asdict(_start(stack, "postgres", "valkey")))


def pytest_unconfigure(config: pytest.Config) -> None:
    stack = config.stash.get(_shared, None)
    if stack is not None:
        os.environ.pop(_ENV, None)
        stack.close()


@pytest.fixture(scope="session")
def worker(request: pytest.FixtureRequest) -> str:
    """`gw0`, `gw1` … or `main` without workers."""
    name: str = getattr(request.config, "workerinput", {}).get("workerid", "main")
    return name


@pytest.fixture(scope="session")
def servers(worker: str) -> Iterator[Servers]:
    """The run's PostgreSQL and Valkey (a numbered database of it per worker), and this worker's NATS."""
    with ExitStack() as stack:
        shared = os.environ.get(_ENV)
        if shared is None:
            yield _start(stack, "postgres", "valkey", "nats")
            return
        given = Servers(**json.loads(shared))
        own = _start(stack, "nats")
        number = int(worker.removeprefix("gw") or 0) % 16
        yield Servers(given.postgres_dsn, f"{given.redis_url.rstrip('/')}/{number}", own.nats_url)


@dataclass(frozen=True)
class OwnNats:
    """A NATS that no other test uses. `url` connects as the service under test, `operator_url` as who may do all."""

    url: str
    operator_url: str


@asynccontextmanager
async def own_nats(service: str) -> AsyncIterator[OwnNats]:
    """With the accounts of production, where the service has one, and all that is provisioned."""
    with ExitStack() as stack:
        if service not in {row.service for row in ROWS}:
            url = _start(stack, "nats").nats_url
            yield OwnNats(url, url)
            return
        users, config = Accounts.for_tests().with_test_users()
        port = int(_start(stack, "nats", accounts=config).nats_url.rpartition(":")[2])
        async with provision.connected(users.nats_url("provision", port)) as client:
            await provision.provision(client)
        yield OwnNats(users.nats_url(test_user(service), port), users.nats_url("operator", port))


@pytest.fixture(scope="session")
def nats_url(servers: Servers) -> str:
    return servers.nats_url


@pytest.fixture(scope="session")
def redis_url(servers: Servers) -> str:
    return servers.redis_url


@pytest.fixture(scope="session")
def repository_root() -> Path:
    return Path(__file__).resolve().parents[4]


@pytest.fixture(scope="session")
def shared_data(repository_root: Path) -> Path:
    """The folder of optional real input beside the repository; tests that need it skip without it."""
    folder = Path(os.environ.get("ETTER_SHARED", repository_root.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no real input data at {folder} (set ETTER_SHARED)")
    return folder


def _start(stack: ExitStack, *parts: str, accounts: str | None = None) -> Servers:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="etter-t-", ignore_cleanup_errors=True)))
    started = stack.enter_context(TestServers.start(folder, parts=parts, accounts=accounts))
    return Servers(started.postgres_dsn or "", started.redis_url or "", started.nats_url or "")
