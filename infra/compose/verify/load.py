"""Steady load through the ingress: people who read what a console reads, and write roles.

No read is sent twice. A write carries an idempotency key, and is sent again with it when its answer did not come or
said 502, 503 or 504, as the API asks its clients to; how many were is told.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx2

from etter_devstack.demo.client import Client
from etter_devstack.demo.people import Person
from verify.transcript import CheckFailed, Transcript, expect

READS = (
    "/api/core/v1/roles?limit=20",
    "/api/core/v1/chro/summary",
    "/api/core/v1/workflows?limit=20",
    "/api/auth/v1/me",
    "/api/extraction/v1/documents?limit=20",
    "/api/simulation/v1/simulations?limit=5",
)
_WRITE_EVERY = 5
_PAUSE_S = 0.1
_AGAIN = (502, 503, 504)
_TRIES = 6
_FRESH_S = 240  # a token is good for longer


@dataclass
class Seen:
    statuses: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)
    written: set[str] = field(default_factory=set)
    sent_again: Counter[str] = field(default_factory=Counter)


class Load:
    """Runs beside the block of a `with`."""

    def __init__(self, url: str, people: list[Person]) -> None:
        self._url = url
        self._people = people
        self._end = threading.Event()
        self._lock = threading.Lock()
        self.seen = Seen()
        self._threads = [threading.Thread(target=self._work, args=(person,), daemon=True) for person in people]
        self._began = 0.0
        self._seconds = 0.0

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(120)
        self._seconds = time.monotonic() - self._began

    def run_for(self, seconds: float) -> None:
        """Go on for a while, unless it has failed already."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.seen.failures:
            time.sleep(0.1)

    def _work(self, person: Person) -> None:
        try:
            self._session(person)
        except Exception as error:  # a thread's end would else go unseen
            self._failed(f"{person.email}: {type(error).__name__}: {error}")

    def _session(self, person: Person) -> None:
        headers: dict[str, str] = {}
        signed_in = float("-inf")
        with httpx2.Client(base_url=self._url, timeout=60) as client:
            for number in count():
                if self._end.is_set():
                    return
                if time.monotonic() - signed_in > _FRESH_S:
                    headers, signed_in = self._sign_in(client, person), time.monotonic()
                if number % _WRITE_EVERY == 0:
                    self._write(client, headers)
                else:
                    self._once(client, "GET", READS[number % len(READS)], headers=headers)
                time.sleep(_PAUSE_S)

    def _sign_in(self, client: httpx2.Client, person: Person) -> dict[str, str]:
        body = {"email": person.email, "password": person.password}
        answer = self._once(client, "POST", "/api/auth/v1/sessions", json=body)
        if answer is None or answer.is_error:
            raise CheckFailed("no sign-in")
        return {"Authorization": f"Bearer {answer.json()['data']['access_token']}"}

    def _write(self, client: httpx2.Client, headers: dict[str, str]) -> None:
        key = uuid4().hex
        role = {"title": f"Load {key}", "department": "Load"}
        for attempt in range(_TRIES):
            is_last = attempt == _TRIES - 1
            answer = self._once(
                client, "POST", "/api/core/v1/roles", json=role, headers={**headers, "Idempotency-Key": key},
                may_repeat=not is_last,
            )  # fmt: skip
            if answer is not None and answer.status_code == 201:
                with self._lock:
                    self.seen.written.add(answer.json()["data"]["id"])
                return
            if answer is not None and answer.status_code not in _AGAIN:
                return
            with self._lock:
                self.seen.sent_again[str(answer.status_code) if answer is not None else "no answer"] += 1
            time.sleep(0.2 * (attempt + 1))

    def _once(
        self, client: httpx2.Client, method: str, path: str, *, may_repeat: bool = False, **more: Any
    ) -> httpx2.Response | None:  # Any: what httpx2 takes
        began = time.monotonic()
        try:
            answer = client.request(method, path, **more)
        except httpx2.HTTPError as error:
            if not may_repeat:
                self._failed(f"{method} {path}: {type(error).__name__}: {error}")
            return None
        with self._lock:
            self.seen.latencies_s.append(time.monotonic() - began)
            self.seen.statuses[f"{method} {answer.status_code}"] += 1
        if answer.is_error and not (may_repeat and answer.status_code in _AGAIN):
            self._failed(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        return answer

    def _failed(self, what: str) -> None:
        with self._lock:
            self.seen.failures.append(what)

    def judge(self, transcript: Transcript, *, may_send_again: bool) -> None:
        """Zero failed requests, and every write that was acknowledged is there."""
        seen = self.seen
        ordered = sorted(seen.latencies_s)
        expect(ordered, "no request was answered")
        p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
        told = ", ".join(f"{number} {name}" for name, number in seen.statuses.most_common())
        transcript.say(
            f"{len(ordered)} requests in {self._seconds:.0f} s ({told}); failed: {len(seen.failures)}; "
            f"p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, longest {ordered[-1] * 1000:.0f} ms"
        )
        transcript.say(f"writes sent again with their key: {dict(seen.sent_again) or 'none'}")
        expect(not seen.failures, "\n".join(seen.failures[:10]))
        expect(may_send_again or not seen.sent_again, "a write had to be sent again")
        with Client(self._url, self._people[0].email, self._people[0].password) as client:
            there = {role["id"] for role in client.get_all("/api/core/v1/roles", fields="id")}
        lost = seen.written - there
        transcript.say(f"{len(seen.written)} acknowledged writes, {len(lost)} of them lost")
        expect(not lost, f"lost: {sorted(lost)[:5]}")
