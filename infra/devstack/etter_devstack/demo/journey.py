"""The main job of Etter, step by step, as its users do it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from etter_devstack.demo.client import Client, Json, eventually
from etter_devstack.demo.people import COMPANY, Person
from etter_devstack.demo.report import MONTHS, Report

ITERATIONS, STEPS, AUTOMATION, SEED = 200, 120, 0.5, 7
DASHBOARD, SUMMARY = "/api/core/v1/chro/dashboard", "/api/core/v1/chro/summary"
EXTRACTION, SIMULATIONS = "/api/extraction/v1", "/api/simulation/v1/simulations"


class Say(Protocol):
    """Told how far a step is: `share` 0..1."""

    def __call__(self, step: str, share: float, note: str = "") -> None: ...


@dataclass(frozen=True)
class Cast:
    """The three people of the main job, signed in."""

    analyst: Client
    validator: Client
    chro: Client


@dataclass
class Accepted:
    """What core will get to know: from which files, of how many people."""

    descriptions: set[str] = field(default_factory=set)
    headcount: int = 0
    corrected_fact_id: str | None = None


def main_job(url: str, people: Mapping[str, Person], documents: Sequence[Path], say: Say) -> Report:
    """Documents in, facts corrected and accepted, roles scored and validated, the company simulated."""
    began = time.monotonic()
    with ExitStack() as stack:
        cast = _sign_in(url, people, stack)
        say("Sign in", 1, ", ".join(person.name for person in people.values()))
        uploaded = _upload(cast.analyst, documents, say)
        job = _extract(cast.analyst, list(uploaded), say)
        accepted = _review(cast.analyst, uploaded, say)
        _await_roles(cast.chro, accepted, say)
        validated = _validate(cast.validator, say)
        simulation = _simulate(cast.analyst, say)
        _await_outlook(cast.chro, simulation["id"], say)
        return _report(
            cast.chro, simulation["id"], began=began, documents=list(uploaded), job=job,
            corrected=accepted.corrected_fact_id, validated=validated,
        )  # fmt: skip


def earlier_result(url: str, people: Mapping[str, Person]) -> Report | None:
    """What the newest run of the main job on this data came to, if there was one."""
    began = time.monotonic()
    with ExitStack() as stack:
        chro = _sign_in(url, people, stack).chro
        newest = chro.get(SIMULATIONS, limit=1, sort="-created_at", status="succeeded", source="current")
        return _report(chro, newest[0]["id"], began=began) if newest else None


def _sign_in(url: str, people: Mapping[str, Person], stack: ExitStack) -> Cast:
    clients = {part: stack.enter_context(Client(url, person.email, person.password)) for part, person in people.items()}
    return Cast(**clients)


def _upload(analyst: Client, documents: Sequence[Path], say: Say) -> dict[str, str]:
    """File names by document id."""
    uploaded: dict[str, str] = {}
    for file in documents:
        say("Upload", len(uploaded) / len(documents), file.name)
        document = analyst.upload(f"{EXTRACTION}/documents", file)
        uploaded[document["id"]] = document["filename"]
    say("Upload", 1, f"{len(uploaded)} documents")
    return uploaded


def _extract(analyst: Client, ids: Sequence[str], say: Say) -> str:
    job: str = analyst.post(f"{EXTRACTION}/extraction-jobs", {"document_ids": list(ids)})["id"]
    done = analyst.follow(f"{EXTRACTION}/extraction-jobs/{job}", _under_way("Extract", say))
    read = sum(result["status"] == "extracted" for result in done["results"])
    say("Extract", 1, f"{read} of {len(ids)} documents could be read")
    return job


def _under_way(step: str, say: Say) -> Callable[[Json], None]:
    """Tells a job's events; its end is told by who waits for it."""
    return lambda event: say(step, min(event["progress"], 0.99), event["stage"] or event["status"])


def _review(analyst: Client, uploaded: Mapping[str, str], say: Say) -> Accepted:
    """Correct one fact, accept what is of use, reject the rest."""
    accepted = Accepted()
    for number, (document, filename) in enumerate(uploaded.items()):
        extraction, etag = analyst.get_versioned(f"{EXTRACTION}/documents/{document}/extraction")
        path = f"{EXTRACTION}/extractions/{extraction['id']}"
        facts = extraction["facts"]
        say("Review", number / len(uploaded), filename)
        if not any(fact["type"] in ("title", "role") for fact in facts):
            analyst.post(f"{path}/reject")
            continue
        accepted.corrected_fact_id = accepted.corrected_fact_id or _correct_one(analyst, path, facts, etag)
        analyst.post(f"{path}/accept")
        accepted.headcount += sum(fact["value"]["headcount"] or 0 for fact in facts if fact["type"] == "role")
        if extraction["kind"] == "job_description":
            accepted.descriptions.add(filename)
    say("Review", 1, f"{len(uploaded)} extractions reviewed, one fact corrected")
    return accepted


def _correct_one(analyst: Client, path: str, facts: Sequence[Json], etag: str) -> str | None:
    """Make the wording of one task plainer, as a person would."""
    fact = next((fact for fact in facts if fact["type"] == "task"), None)
    if fact is None:
        return None
    corrected = {"value": f"{fact['value'].rstrip('.;, ')} and keep a record of it."}
    analyst.patch(f"{path}/facts/{fact['id']}", corrected, if_match=etag)
    return str(fact["id"])


def _await_roles(chro: Client, accepted: Accepted, say: Say) -> None:
    """By event: extraction tells core what was accepted, core makes the roles and scores their work."""

    def there() -> bool | None:
        lines = chro.get_all("/api/core/v1/workflows", fields="source_ref")
        described = accepted.descriptions & {line["source_ref"] for line in lines}
        total = chro.get(SUMMARY)["total"]
        all_there = described == accepted.descriptions and total["headcount"] >= accepted.headcount
        share = 1 if all_there else 0.99 * len(described) / max(len(accepted.descriptions), 1)
        say("Score", share, f"{total['scored_roles']} roles, {total['headcount']:,} people on the dashboard")
        return all_there or None

    eventually(there, "the accepted roles on the dashboard")


def _validate(validator: Client, say: Say) -> str | None:
    """Correct the longest exposed task of the highest scored role that a document describes, and sign off."""
    entries = validator.get_all(DASHBOARD, status="scored", sort="-etter_score")
    entry = next((entry for entry in entries if entry["source"] == "document"), None)
    if entry is None:
        say("Validate", 1, "nothing to validate")
        return None
    path = f"/api/core/v1/workflows/{entry['workflow_id']}"
    workflow, etag = validator.get_versioned(path)
    tasks = [task for workload in workflow["workloads"] for task in workload["tasks"] if task["exposure"] != "E0"]
    longest = max(tasks, key=lambda task: float(task["time_share"]))
    judgement = {"exposure": "E0", "impact_class": "human", "comment": "needs somebody on the spot"}
    review = {"corrections": [{"task_id": longest["id"], **judgement}], "comment": "agreed otherwise"}
    done = validator.post(f"{path}/validations", review, if_match=etag)
    say("Validate", 1, f"{entry['title']}: {done['etter_score']:.1f} → {done['validated_score']:.1f}")
    return str(workflow["id"])


def _simulate(analyst: Client, say: Say) -> Json:
    request = {
        "name": "Half of what can be automated", "roles": "current", "automation_factor": AUTOMATION,
        "n_iterations": ITERATIONS, "steps": STEPS, "seed": SEED,
    }  # fmt: skip
    simulation = analyst.post(SIMULATIONS, request)
    done = analyst.follow(f"{SIMULATIONS}/{simulation['id']}", _under_way("Simulate", say))
    say("Simulate", 1, f"{done['roles']} roles, {ITERATIONS} iterations of {STEPS} months")
    return done


def _await_outlook(chro: Client, simulation_id: str, say: Say) -> None:
    """By event: simulation tells core its headline figures."""

    def there() -> bool | None:
        outlooks = [entry["outlook"] for entry in chro.get_all(DASHBOARD, fields="outlook")]
        return any(outlook and outlook["simulation_id"] == simulation_id for outlook in outlooks) or None

    eventually(there, "the simulation on the dashboard")
    say("Dashboard", 1, "shows the newest simulation of each role")


def _report(
    chro: Client, simulation_id: str, *, began: float, documents: Sequence[str] = (), job: str | None = None,
    corrected: str | None = None, validated: str | None = None,
) -> Report:  # fmt: skip
    results = chro.get(f"{SIMULATIONS}/{simulation_id}/results", fields="months,company")
    return Report(
        company=COMPANY,
        summary=chro.get(SUMMARY),
        roles=chro.get_all(DASHBOARD, sort="-freed_fte"),
        simulation_id=simulation_id,
        simulation=[_month(results, month) for month in MONTHS if month in results["months"]],
        document_ids=documents,
        extraction_job_id=job,
        corrected_fact_id=corrected,
        validated_workflow_id=validated,
        seconds=round(time.monotonic() - began, 2),
    )


def _month(results: Json, month: int) -> Json:
    """The company's figures of one month over all iterations; salaries by the month, net since the beginning."""
    at = results["months"].index(month)
    metrics = {"heads": "heads", "released_fte": "released_fte", "salary_cost": "payroll", "net_to_date": "cum_net"}
    return {"month": month} | {
        name: {quantile: results["company"][metric][quantile][at] for quantile in ("p5", "p50", "p95")}
        for name, metric in metrics.items()
    }
