"""`python -m infra.observability.trace`: the main job on a stack of its own, shown as the traces that it leaves.

The services send their spans by OTLP, as they would to a collector; here they are received and drawn as trees. Times
are milliseconds after the trace began. Statements that follow one another under the same name are one line.
"""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import httpx2
from tests.e2e.collector import Collector, Received, collecting

from etter_devstack import daemon
from etter_devstack.demo.client import Client, eventually
from etter_devstack.demo.people import Person, seed
from etter_devstack.services import SERVICES
from etter_devstack.stack import Plan
from etter_devstack.state import Home

ROOT: Final = Path(__file__).resolve().parents[2]
DOCUMENT: Final = ROOT / "examples" / "brightwater" / "accounts-payable-clerk.xlsx"
EXTRACTION, SIMULATIONS = "/api/extraction/v1", "/api/simulation/v1/simulations"
SETTLED_S: Final = 12.0
"""Spans go out every five seconds; after so long without a new one the trace is whole."""


def main() -> None:
    with collecting() as spans, tempfile.TemporaryDirectory(prefix="etter-trace-") as folder:
        for service in SERVICES:
            os.environ[f"{service.upper()}_OTLP_ENDPOINT"] = spans.url
            os.environ[f"{service.upper()}_TRACE_SAMPLE_RATIO"] = "0"  # but what a caller samples
        home = Home(ROOT, Path(folder))
        state = daemon.start(home, port=None, report=lambda *_told, **_more: None)
        try:
            person = seed(home, {**os.environ, **Plan.running(home).backbone().environment("auth")})["analyst"]
            for title, work in (("A document becomes a scored role", extract), ("A simulation", simulate)):
                with caller(state.ingress_url, person) as (http, follower, trace_id):
                    work(http, follower)
                print(f"# {title}\n\n{tree(whole(spans, trace_id))}\n")
        finally:
            daemon.stop(home)


@contextmanager
def caller(url: str, person: Person) -> Iterator[tuple[httpx2.Client, Client, str]]:
    """Signed in, every request a part of one sampled trace; and one beside it, not traced, to follow jobs with."""
    with httpx2.Client(base_url=url, timeout=60) as http, Client(url, person.email, person.password) as follower:
        body = {"email": person.email, "password": person.password}
        tokens = http.post("/api/auth/v1/sessions", json=body).json()["data"]
        trace_id = secrets.token_hex(16)
        http.headers["authorization"] = f"Bearer {tokens['access_token']}"
        http.headers["traceparent"] = f"00-{trace_id}-{secrets.token_hex(8)}-01"
        yield http, follower, trace_id


def extract(http: httpx2.Client, follower: Client) -> None:
    """Upload, extract, accept; core takes the role over and scores it, simulation learns of it."""
    with DOCUMENT.open("rb") as content:
        document = _data(http.post(f"{EXTRACTION}/documents", files={"file": (DOCUMENT.name, content)}))["id"]
    job = _data(http.post(f"{EXTRACTION}/extraction-jobs", json={"document_ids": [document]}))["id"]
    follower.follow(f"{EXTRACTION}/extraction-jobs/{job}", lambda _event: None)
    extraction = follower.get(f"{EXTRACTION}/documents/{document}/extraction")["id"]
    _data(http.post(f"{EXTRACTION}/extractions/{extraction}/accept"))
    eventually(lambda: follower.get("/api/core/v1/roles") or None, "core has the role")


def simulate(http: httpx2.Client, follower: Client) -> None:
    """A request that brings its own role: what was extracted above has no heads yet."""
    work = [
        {"Name": "Check invoices", "Type": "Auto", "Skill": 0.7, "Time": 0.6},
        {"Name": "Talk to suppliers", "Type": "Non-Auto", "Skill": 0.5, "Time": 0.4},
    ]
    role = {"role": "Accounts Payable Clerk", "count": 40, "salary": 45_000, "workloads": work}
    settings = {"automation_factor": 0.5, "n_iterations": 1000, "steps": 60, "seed": 7}
    run = _data(http.post(SIMULATIONS, json={"name": "Half of it automated", "roles": [role], **settings}))["id"]
    follower.follow(f"{SIMULATIONS}/{run}", lambda _event: None)


def _data(response: httpx2.Response) -> Any:  # Any: JSON
    response.raise_for_status()
    return response.json()["data"]


def whole(spans: Collector, trace_id: str) -> list[Received]:
    found: list[Received] = []
    changed = time.monotonic()
    while time.monotonic() - changed < SETTLED_S:
        time.sleep(0.5)
        now = spans.of_trace(trace_id)
        if len(now) != len(found):
            found, changed = now, time.monotonic()
    return found


def tree(spans: Iterable[Received]) -> str:
    """Each span below its parent, in the order of their beginnings."""
    ordered = sorted(spans, key=lambda span: span.began_ns)
    known = {span.span_id for span in ordered}
    start = ordered[0].began_ns
    below: dict[str, list[Received]] = {}
    for span in ordered:
        below.setdefault(span.parent_id if span.parent_id in known else "", []).append(span)
    lines = [f"{'begins':>9} {'takes':>9}"]
    _draw(below, "", 0, start, lines)
    return "\n".join(lines)


def _draw(below: dict[str, list[Received]], parent: str, depth: int, start: int, lines: list[str]) -> None:
    for (name, is_leaf), group in groupby(below.get(parent, []), lambda s: (s.name, s.span_id not in below)):
        same = list(group)
        for span, count in [(same[0], len(same))] if is_leaf else [(span, 1) for span in same]:
            took = sum(s.ended_ns - s.began_ns for s in same) if is_leaf else span.ended_ns - span.began_ns
            times = f"{(span.began_ns - start) / 1e6:9.1f} {took / 1e6:9.1f}"
            who = "" if depth and is_leaf else f"{span.service.removeprefix('etter-')}: "
            lines.append(f"{times}  {'   ' * depth}{who}{name}{f' ×{count}' if count > 1 else ''}")
            _draw(below, span.span_id, depth + 1, start, lines)


if __name__ == "__main__":
    main()
