"""The whole platform for the journeys: started once by the runner that users start, in a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import httpx2
import pytest

from etter_common.crypto import new_token
from etter_devstack import daemon
from etter_devstack.demo.client import Client
from etter_devstack.demo.people import Person, seed
from etter_devstack.services import SERVICES
from etter_devstack.stack import Plan
from etter_devstack.state import Home, State

from .collector import Collector, collecting

ROOT = Path(__file__).resolve().parents[2]


def quiet(*_told: object, **_more: object) -> None:
    """Progress nobody watches."""


@contextmanager
def signed_in(stack: State, person: Person) -> Iterator[httpx2.Client]:
    """A plain client with the person's access token."""
    with httpx2.Client(base_url=stack.ingress_url, timeout=60) as client:
        credentials = {"email": person.email, "password": person.password}
        tokens = client.post("/api/auth/v1/sessions", json=credentials).json()["data"]
        client.headers["authorization"] = f"Bearer {tokens['access_token']}"
        yield client


@pytest.fixture(scope="session")
def home() -> Iterator[Home]:
    folder = Path(tempfile.mkdtemp(prefix="etter-e2e-"))
    yield Home(ROOT, folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def spans() -> Iterator[Collector]:
    """Where all services of the stack send their traces; they sample what a caller samples."""
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="session")
def stack(home: Home, spans: Collector) -> Iterator[State]:
    """Everything is up; its logs are shown when a journey fails to start it."""
    with pytest.MonkeyPatch.context() as environment:
        for service in SERVICES:
            environment.setenv(f"{service.upper()}_OTLP_ENDPOINT", spans.url)
            environment.setenv(f"{service.upper()}_TRACE_SAMPLE_RATIO", "0")
            environment.setenv(f"{service.upper()}_QUEUE_TIMEOUT_S", "30")  # a busy machine is not what is tested
        state = daemon.start(home, port=None, report=quiet)
    yield state
    daemon.stop(home)


@pytest.fixture(scope="session")
def people(home: Home, stack: State) -> dict[str, Person]:
    """The demo company's analyst, validator and CHRO."""
    return seed(home, {**os.environ, **Plan.running(home).backbone().environment("auth")})


@pytest.fixture(scope="session")
def city(home: Home, stack: State) -> dict[str, Person]:
    """A second company with people of its own, for real material."""
    cast = {part: Person(f"City {part}", f"{part}@city.example", [part], new_token()) for part in ("analyst", "chro")}
    spec = {"company": {"name": "City"}, "users": [asdict(person) for person in cast.values()]}
    environment = Plan.running(home).backbone().environment("auth")
    command = [sys.executable, "-m", "etter_auth.seed"]
    subprocess.run(command, input=json.dumps(spec), env=environment, text=True, check=True, capture_output=True)
    return cast


@pytest.fixture
def analyst(stack: State, people: dict[str, Person]) -> Iterator[Client]:
    with Client(stack.ingress_url, people["analyst"].email, people["analyst"].password) as client:
        yield client


@pytest.fixture
def chro(stack: State, people: dict[str, Person]) -> Iterator[Client]:
    with Client(stack.ingress_url, people["chro"].email, people["chro"].password) as client:
        yield client
