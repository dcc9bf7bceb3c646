"""Takes accepted facts over: a role is found by title or made, its work described by the document or its occupation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from etter_common.context import Context
from etter_common.events.contracts.extraction import AcceptedRole, ExtractionAccepted
from etter_core.occupations import service as occupations
from etter_core.roles import service as roles
from etter_core.roles.models import Role
from etter_core.workflows import service as workflows
from etter_core.workflows.building import Draft, DraftTask, DraftWorkload
from etter_core.workflows.models import Workflow

REFERENCE_WORKLOAD = "Reference tasks"


async def take_over(ctx: Context, accepted: ExtractionAccepted) -> None:
    """Create or update the roles of one accepted extraction, and their workflows.

    What the document does not say leaves a known role as it is. Tasks from a document replace those of the reference
    occupation, never the other way round.
    """
    found = await _roles(ctx, accepted.roles)
    known = await workflows.of_roles(ctx, [role.id for role, _ in found])
    drafts = await _drafts(ctx, found, known, accepted.filename)
    await workflows.put_all(
        ctx, [(role, drafts[role.id], known.get(role.id)) for role, _ in found if role.id in drafts]
    )


async def _roles(ctx: Context, facts: Sequence[AcceptedRole]) -> list[tuple[Role, AcceptedRole]]:
    merged = _by_key(facts)
    existing = await roles.find_or_add(ctx, list(merged))
    pairs: list[tuple[Role, AcceptedRole]] = []
    seen: dict[int, int] = {}
    for key, fact in merged.items():
        role = existing[key]
        for name, value in _given(fact, role).items():
            setattr(role, name, value)
        if id(role) in seen:  # two spellings of one role in one document: their people are added up
            role.headcount = seen[id(role)] + (fact.headcount or 0)
        else:
            pairs.append((role, fact))
        seen[id(role)] = role.headcount
    await roles.map_to_occupations(ctx, [role for role, _ in pairs if role.occupation_code is None])
    await roles.changed(ctx, *(role for role, _ in pairs))
    return pairs


def _by_key(facts: Sequence[AcceptedRole]) -> dict[tuple[str, str], AcceptedRole]:
    """One entry per (title, department) as written first; a later mention of the same role is merged into it."""
    merged: dict[tuple[str, str], AcceptedRole] = {}
    spelling: dict[tuple[str, str], tuple[str, str]] = {}
    for fact in facts:
        written = (fact.title.strip(), (fact.department or "").strip())
        key = spelling.setdefault((written[0].lower(), written[1].lower()), written)
        merged[key] = merged[key].model_copy(update=_said(fact)) if key in merged else fact
    return merged


def _said(fact: AcceptedRole) -> dict[str, Any]:
    return {name: value for name, value in fact.model_dump(exclude={"fact_id"}).items() if value not in (None, [])}


def _given(fact: AcceptedRole, role: Role) -> dict[str, Any]:
    """The columns of a role that the document states; a posting's range never replaces what people are paid."""
    names = ["level", "location", "headcount"]
    if not fact.workloads or role.salary is None:
        names += ["salary", "currency"]
    return {name: getattr(fact, name) for name in names if getattr(fact, name) is not None}


async def _drafts(
    ctx: Context,
    found: Sequence[tuple[Role, AcceptedRole]],
    known: Mapping[Any, Workflow],
    filename: str,
) -> dict[Any, Draft]:
    """What each role's workflow becomes; roles whose workflow stays have no entry."""
    drafts = {role.id: _from_document(fact, filename) for role, fact in found if fact.workloads}
    without = [role for role, _ in found if role.id not in drafts and role.id not in known and role.occupation_code]
    reference = await occupations.reference_work(ctx, {str(role.occupation_code) for role in without})
    for role in without:
        if work := reference.get(str(role.occupation_code)):
            tasks = [DraftTask(t.statement, t.time_share, t.exposure, t.label_source) for t in work.tasks]
            workload = DraftWorkload(REFERENCE_WORKLOAD, tasks)
            drafts[role.id] = Draft("occupation", str(role.occupation_code), [workload], work.skills)
    return drafts


def _from_document(fact: AcceptedRole, filename: str) -> Draft:
    workloads = [
        DraftWorkload(w.name, [DraftTask(t.statement, t.time_share, fact_id=t.fact_id) for t in w.tasks])
        for w in fact.workloads
    ]
    return Draft("document", filename, workloads, fact.skills)
