"""The main job as a customer does it, on our own examples and on real material."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from etter_devstack.demo.client import Client, eventually
from etter_devstack.demo.journey import main_job
from etter_devstack.demo.people import Person
from etter_devstack.demo.report import MONTHS
from etter_devstack.state import State

from .conftest import quiet

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "brightwater"
EXTRACTION, DASHBOARD = "/api/extraction/v1", "/api/core/v1/chro/dashboard"


def test_documents_become_a_scored_validated_and_simulated_company(stack: State, people: dict[str, Person]) -> None:
    documents = sorted(path for path in EXAMPLES.iterdir() if path.is_file())
    assert len({path.suffix for path in documents}) >= 6

    report = main_job(stack.ingress_url, people, documents, quiet)

    total = report.summary["total"]
    assert 38 <= total["roles"] <= 50
    assert 4_500 <= total["headcount"] <= 5_500
    assert total["scored_roles"] >= 0.9 * total["roles"]
    assert total["validated_roles"] == 1
    from_documents = [entry for entry in report.roles if entry["source"] == "document"]
    assert len(from_documents) >= len(documents) - 2
    for entry in report.roles:
        if entry["etter_score"] is not None:
            assert 0 <= entry["etter_score"] <= 100
            assert entry["outlook"] is None or entry["outlook"]["simulation_id"] == report.simulation_id
    assert sum(entry["outlook"] is not None for entry in report.roles) >= 0.9 * total["scored_roles"]
    assert [row["month"] for row in report.simulation] == list(MONTHS)
    for row in report.simulation:
        for figure in ("heads", "released_fte", "salary_cost"):
            assert row[figure]["p5"] <= row[figure]["p50"] <= row[figure]["p95"]
    assert report.simulation[-1]["released_fte"]["p50"] > report.simulation[0]["released_fte"]["p50"] > 0
    assert report.corrected_fact_id
    assert report.validated_workflow_id


@pytest.fixture(scope="module")
def chicago(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Path:
    """30,872 employees, one row each: semicolons, a byte-order mark, annual and hourly pay."""
    file = tmp_path_factory.mktemp("hris") / "chicago_employees_2023.csv"
    file.write_bytes(gzip.decompress((shared_data / "data/hris/chicago_employees_2023.csv.gz").read_bytes()))
    return file


def extract(analyst: Client, files: list[Path]) -> list[str]:
    ids = [analyst.upload(f"{EXTRACTION}/documents", file)["id"] for file in files]
    job = analyst.post(f"{EXTRACTION}/extraction-jobs", {"document_ids": ids})
    analyst.follow(f"{EXTRACTION}/extraction-jobs/{job['id']}", quiet)
    return ids


class TestRealMaterial:
    @pytest.fixture
    def analyst(self, stack: State, city: dict[str, Person]) -> Iterator[Client]:
        with Client(stack.ingress_url, city["analyst"].email, city["analyst"].password) as client:
            yield client

    @pytest.fixture
    def chro(self, stack: State, city: dict[str, Person]) -> Iterator[Client]:
        with Client(stack.ingress_url, city["chro"].email, city["chro"].password) as client:
            yield client

    def test_job_postings_become_roles(self, analyst: Client, chro: Client, shared_data: Path) -> None:
        files = sorted((shared_data / "corpus/jd").glob("*coll-m*.pdf")) + sorted(
            (shared_data / "corpus/jd").glob("dfe-*")
        )
        accepted: set[str] = set()
        for document in extract(analyst, files):
            extraction = analyst.get(f"{EXTRACTION}/documents/{document}/extraction")
            titles = [fact["value"] for fact in extraction["facts"] if fact["type"] == "title"]
            if extraction["kind"] == "job_description" and titles:
                analyst.post(f"{EXTRACTION}/extractions/{extraction['id']}/accept")
                accepted.add(titles[0])
        assert len(accepted) >= 0.7 * len(files)

        def all_there() -> bool | None:
            entries = chro.get_all(DASHBOARD, fields="title,source,etter_score")
            known = {entry["title"] for entry in entries if entry["source"] == "document"}
            return True if len(accepted - known) <= 1 else None

        eventually(all_there, "the accepted postings on the dashboard")

    def test_a_citys_employees_become_roles_with_headcount_and_pay(
        self, analyst: Client, chro: Client, chicago: Path
    ) -> None:
        (document,) = extract(analyst, [chicago])
        extraction = analyst.get(f"{EXTRACTION}/documents/{document}/extraction")
        roles = [fact["value"] for fact in extraction["facts"] if fact["type"] == "role"]
        assert extraction["kind"] == "headcount"
        assert sum(role["headcount"] for role in roles) == 30_872
        police = next(r for r in roles if r["title"].lower() == "police officer" and r["salary"])
        assert 80_000 < float(police["salary"]) < 120_000
        before = chro.get("/api/core/v1/chro/summary")["total"]["headcount"]
        analyst.post(f"{EXTRACTION}/extractions/{extraction['id']}/accept")
        eventually(
            lambda: True if chro.get("/api/core/v1/chro/summary")["total"]["headcount"] == before + 30_872 else None,
            "the city's people on the dashboard",
            timeout_s=60,
        )
