"""Who was shut out stays out: at auth whatever NATS does, elsewhere as soon as it goes on, and on open streams too."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from etter_devstack.demo.client import eventually
from etter_devstack.demo.people import Person
from etter_devstack.state import Home, State

from .conftest import signed_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
SESSION, KEYS, SIMULATIONS = "/api/auth/v1/sessions/current", "/api/auth/v1/api-keys", "/api/simulation/v1/simulations"
ELSEWHERE = ("/api/core/v1/roles", "/api/extraction/v1/documents", SIMULATIONS)
AT_AUTH = ("/api/auth/v1/me", "/api/auth/v1/users", "/api/auth/v1/users/autocomplete?q=a", "/api/auth/v1/roles")
WORKLOADS = [{"Name": f"Part {n}", "Type": "Auto", "Skill": 0.5, "Time": 0.1} for n in range(10)]
LONG = {
    "name": "Long",
    "automation_factor": 0.5,
    "n_iterations": 1600,
    "steps": 240,
    "roles": [{"role": f"Clerk {n}", "count": 400, "salary": 50_000, "workloads": WORKLOADS} for n in range(150)],
}


@contextmanager
def nats_hangs(home: Home) -> Iterator[None]:
    running = home.read_state()
    assert running is not None
    os.kill(running.parts["nats"].pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(running.parts["nats"].pid, signal.SIGCONT)


def answers(client: httpx2.Client, path: str, status: int) -> None:
    eventually(lambda: client.get(path).status_code == status or None, f"{path}: {status}", timeout_s=30)


def test_auth_refuses_at_once_while_nats_hangs_and_the_others_when_it_goes_on(
    home: Home, stack: State, people: dict[str, Person]
) -> None:
    with (
        signed_in(stack, people["chro"]) as admin,
        signed_in(stack, people["chro"]) as leaver,
        httpx2.Client(base_url=stack.ingress_url, timeout=60) as system,
    ):
        made = admin.post(KEYS, json={"name": "HR system", "role": "analyst"}).json()["data"]
        system.headers["authorization"] = f"Bearer {made['secret']}"
        for path in ELSEWHERE + AT_AUTH[1:]:
            answers(system, path, 200)
        for path in ELSEWHERE + AT_AUTH:
            assert leaver.get(path).status_code == 200, path
        with nats_hangs(home):
            assert leaver.delete(SESSION).status_code == 204
            assert admin.delete(f"{KEYS}/{made['id']}").status_code == 204
            for path in AT_AUTH:
                assert leaver.get(path).status_code == 401, path
            for path in AT_AUTH[1:]:
                assert system.get(path).status_code == 401, path
            for path in ELSEWHERE:
                assert admin.get(path).status_code == 200, f"{path} goes on with what it knows"
        for path in ELSEWHERE:
            answers(leaver, path, 401)
            answers(system, path, 401)


def test_a_stream_ends_with_its_session_and_the_job_goes_on(stack: State, people: dict[str, Person]) -> None:
    with signed_in(stack, people["analyst"]) as stays, signed_in(stack, people["analyst"]) as leaver:
        job = stays.post(SIMULATIONS, json=LONG).json()["data"]["id"]
        opened = threading.Event()
        events: list[str] = []

        def follow() -> None:
            with leaver.stream("GET", f"{SIMULATIONS}/{job}/events", timeout=300) as stream:
                for line in stream.iter_lines():
                    events.append(line)
                    opened.set()

        following = threading.Thread(target=follow)
        following.start()
        assert opened.wait(60)
        assert leaver.delete(SESSION).status_code == 204
        following.join(60)
        assert not following.is_alive(), "the stream has ended"
        assert stays.get(f"{SIMULATIONS}/{job}").json()["data"]["status"] in ("queued", "running")
        assert "event: finished" not in events
        assert leaver.get(f"{SIMULATIONS}/{job}/events").status_code == 401
        assert stays.post(f"{SIMULATIONS}/{job}/cancel").status_code == 202
