"""At the edge: nothing inner is reachable, bad uploads leave no trace, a killed worker loses nothing."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import httpx2
import pytest

from etter_devstack.demo.client import Client, eventually
from etter_devstack.demo.people import Person
from etter_devstack.stack import Plan
from etter_devstack.state import Home, State

from .collector import Collector
from .conftest import quiet, signed_in

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
DOCUMENTS, JOBS = "/api/extraction/v1/documents", "/api/extraction/v1/extraction-jobs"


@pytest.fixture
def http(stack: State, people: dict[str, Person]) -> Iterator[httpx2.Client]:
    """Signed in as the analyst, without the manners of a client library."""
    with signed_in(stack, people["analyst"]) as client:
        yield client


def upload(http: httpx2.Client, name: str, content: bytes) -> httpx2.Response:
    return http.post(DOCUMENTS, files={"file": (name, content)})


class TestEdge:
    @pytest.mark.parametrize(
        "path", ["/metrics", "/health/ready", "/health/live", "/api/core/metrics", "/api/core/health/ready", "/"]
    )
    def test_nothing_inner_is_reachable(self, http: httpx2.Client, path: str) -> None:
        assert http.get(path).status_code == 404

    def test_health_says_up_or_down_only(self, http: httpx2.Client) -> None:
        response = http.get("/healthz")
        assert (response.status_code, response.text) == (200, "OK")

    def test_keys_are_at_the_origins_root(self, http: httpx2.Client) -> None:
        assert http.get("/.well-known/jwks.json").json()["keys"][0]["kty"] == "OKP"

    def test_every_service_shows_its_openapi(self, http: httpx2.Client) -> None:
        for service in ("auth", "core", "extraction", "simulation"):
            assert http.get(f"/api/{service}/openapi.json").json()["openapi"].startswith("3.1")


class TestUploads:
    @pytest.mark.parametrize(
        ("name", "content", "status", "code"),
        [
            ("large.pdf", b"%PDF-1.7\n" + bytes(60 * 1024 * 1024), 413, {"PAYLOAD_TOO_LARGE", "DOCUMENT_TOO_LARGE"}),
            ("empty.pdf", b"", 422, {"DOCUMENT_EMPTY"}),
            ("program.pdf", b"MZ\x90\x00" + bytes(2000), 415, {"DOCUMENT_TYPE_NOT_ALLOWED"}),
            ("program.exe", b"MZ\x90\x00" + bytes(2000), 415, {"DOCUMENT_TYPE_NOT_ALLOWED"}),
            ("broken.docx", b"PK\x03\x04" + bytes(500), 422, {"DOCUMENT_DAMAGED"}),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_is_no_document_gets_its_own_error_and_leaves_no_trace(
        self, http: httpx2.Client, home: Home, name: str, content: bytes, status: int, code: set[str]
    ) -> None:
        before = http.get(DOCUMENTS, params={"include_total": True, "limit": 1}).json()["meta"]["total"]
        kept = set((home.data / "objects").rglob("*.*"))
        response = upload(http, name, content)
        assert response.status_code == status, response.text
        assert response.json()["code"] in code
        assert http.get(DOCUMENTS, params={"include_total": True, "limit": 1}).json()["meta"]["total"] == before
        assert set((home.data / "objects").rglob("*.*")) == kept

    def test_a_broken_pdf_fails_alone(self, http: httpx2.Client, analyst: Client) -> None:
        broken = upload(http, "broken.pdf", b"%PDF-1.7\n" + b"garbage " * 50).json()["data"]["id"]
        good = upload(http, "clerk.txt", b"Job title: Ledger Clerk\n\nDuties\n- Enter invoices\n").json()["data"]["id"]
        job = http.post(JOBS, json={"document_ids": [broken, good]}).json()["data"]["id"]
        ended = analyst.follow(f"{JOBS}/{job}", quiet)
        results = {result["document_id"]: result for result in ended["results"]}
        assert results[broken]["error_code"] == "DOCUMENT_DAMAGED"
        assert results[good]["status"] == "extracted"
        assert http.get(f"{DOCUMENTS}/{broken}/extraction").json()["code"] == "EXTRACTION_NOT_FOUND"


class TestWorkers:
    def test_a_worker_killed_in_the_middle_of_a_job_loses_nothing(
        self, home: Home, http: httpx2.Client, analyst: Client, tmp_path: Path
    ) -> None:
        ids = []
        for number in range(12):
            text = f"Job title: Clerk {number}\n\nDuties\n- Enter invoices into ledger {number}\n"
            ids.append(upload(http, f"clerk-{number}.txt", text.encode()).json()["data"]["id"])
        job = http.post(JOBS, json={"document_ids": ids}).json()["data"]["id"]
        killed = threading.Event()

        def kill_once(event: dict[str, object]) -> None:
            if event["status"] == "running" and float(str(event["progress"])) > 0 and not killed.is_set():
                killed.set()
                running = home.read_state()
                assert running is not None
                os.kill(running.parts["extraction-worker"].pid, signal.SIGKILL)

        ended = analyst.follow(f"{JOBS}/{job}", kill_once)
        assert killed.is_set()
        assert ended["status"] == "succeeded"
        assert sorted(result["document_id"] for result in ended["results"]) == sorted(ids)


class TestTraces:
    def test_one_trace_leads_from_the_request_to_the_last_statement_of_another_service(
        self, http: httpx2.Client, analyst: Client, spans: Collector
    ) -> None:
        trace_id = secrets.token_hex(16)
        http.headers["traceparent"] = f"00-{trace_id}-{secrets.token_hex(8)}-01"
        document = upload(http, "buyer.txt", b"Job title: Buyer\n\nDuties\n- Order parts from suppliers\n").json()
        job = http.post(JOBS, json={"document_ids": [document["data"]["id"]]}).json()["data"]["id"]
        analyst.follow(f"{JOBS}/{job}", quiet)
        extraction = http.get(f"{DOCUMENTS}/{document['data']['id']}/extraction").json()["data"]["id"]
        assert http.post(f"/api/extraction/v1/extractions/{extraction}/accept").status_code == 200
        wanted = {
            ("etter-extraction", "POST /api/extraction/v1/extraction-jobs"): "INSERT extraction_jobs",
            ("etter-extraction", "job extraction"): "UPDATE extraction_jobs",
            ("etter-core", "handle extraction.extraction.accepted.v1"): "INSERT workflows",
        }
        eventually(lambda: True if set(wanted) <= named(spans, trace_id) else None, "the trace is whole", timeout_s=60)
        found = spans.of_trace(trace_id)
        for (service, name), statement in wanted.items():
            [outer] = [span for span in found if (span.service, span.name) == (service, name)]
            assert statement in {span.name for span in found if span.parent_id == outer.span_id}


def named(spans: Collector, trace_id: str) -> set[tuple[str, str]]:
    return {(span.service, span.name) for span in spans.of_trace(trace_id)}


class TestSessions:
    def test_a_signed_out_token_ends_in_every_service_within_moments(
        self, stack: State, people: dict[str, Person]
    ) -> None:
        with httpx2.Client(base_url=stack.ingress_url) as http:
            credentials = {"email": people["chro"].email, "password": people["chro"].password}
            tokens = http.post("/api/auth/v1/sessions", json=credentials).json()["data"]
            http.headers["authorization"] = f"Bearer {tokens['access_token']}"
            assert http.get("/api/core/v1/chro/summary").status_code == 200
            assert http.delete("/api/auth/v1/sessions/current").status_code == 204
            for path in ("/api/core/v1/roles", DOCUMENTS, "/api/simulation/v1/simulations"):
                eventually(
                    lambda path=path: True if http.get(path).status_code == 401 else None,  # type: ignore[misc]
                    f"{path} refuses the token",
                    timeout_s=10,
                )


class TestCompanies:
    def test_one_that_leaves_takes_all_of_its_own_along_and_leaves_nothing(
        self, home: Home, stack: State, tmp_path: Path
    ) -> None:
        environment = {**os.environ, "ETTER_FOLDER": str(home.folder)}

        def etter(*arguments: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-m", "etter_devstack.cli", *arguments]
            return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)

        root = seeded(home, "Operator", "super_admin")
        leaving = seeded(home, "Leaving", "analyst")
        with signed_in(stack, root) as operator, signed_in(stack, leaving) as analyst:
            companies = operator.get("/api/auth/v1/companies").json()["data"]
            own = next(company for company in companies if company["name"] == "Leaving")
            assert upload(analyst, "clerk.txt", b"Job title: Clerk\n\nDuties\n- Enter invoices\n").status_code == 201
        archive = tmp_path / "archive"
        exported = etter("export-company", own["id"], "--to", str(archive))
        assert (exported.returncode, exported.stderr) == (0, "")
        with zipfile.ZipFile(archive / "extraction.zip") as extraction, zipfile.ZipFile(archive / "auth.zip") as auth:
            assert [name for name in extraction.namelist() if name.endswith("/clerk.txt")]
            assert leaving.email.encode() in auth.read("users.ndjson")
            assert b"$argon2" not in auth.read("passwords.ndjson")
        assert etter("erasure", own["id"]).returncode == 4
        with signed_in(stack, root) as operator:
            headers = {"if-match": f'"{own["version"]}"'}
            assert operator.delete(f"/api/auth/v1/companies/{own['id']}", headers=headers).status_code == 204
        eventually(lambda: etter("erasure", own["id"]).returncode == 0 or None, "all have answered", timeout_s=60)
        assert not (home.data / "objects" / own["id"]).exists()
        assert "there is no company" in etter("export-company", own["id"], "--to", str(tmp_path / "again")).stderr


def seeded(home: Home, company: str, role: str) -> Person:
    """Somebody of a company that is made for it."""
    person = Person(f"{company} {role}", f"{role}@{company.lower()}.example", [role], secrets.token_urlsafe(12))
    spec = {"company": {"name": company}, "users": [asdict(person)]}
    command, environment = [sys.executable, "-m", "etter_auth.seed"], Plan.running(home).backbone().environment("auth")
    subprocess.run(command, input=json.dumps(spec), env=environment, text=True, check=True, capture_output=True)
    return person
