"""Builds valid objects; a test states only what matters to it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from etter_common.context import Context
from etter_common.events.contracts.extraction import AcceptedRole, AcceptedTask, AcceptedWorkload, ExtractionAccepted
from etter_common.ids import new_id
from etter_core.roles import service as roles
from etter_core.roles.schemas import RoleCreate
from etter_core.workflows import service as workflows
from etter_core.workflows.schemas import TaskIn, WorkflowCreate, WorkloadIn


async def make_role(ctx: Context, **changes: Any) -> UUID:
    data = {
        "title": f"Payroll Specialist {new_id().hex[-6:]}",
        "department": "Finance",
        "headcount": 10,
        "salary": 50_000,
    }
    return (await roles.create(ctx, RoleCreate(**{**data, **changes}))).id


def workloads() -> list[WorkloadIn]:
    """One automatable, one augmentable and one human task."""
    return [
        WorkloadIn(
            name="Records",
            tasks=[
                TaskIn(statement="Enter hours and deductions into the payroll system", time_share=0.5, exposure="E1"),
                TaskIn(statement="Advise managers on pay rules", time_share=0.3, exposure="E2"),
            ],
        ),
        WorkloadIn(
            name="On site", tasks=[TaskIn(statement="Carry boxes to the archive", time_share=0.2, exposure="E0")]
        ),
    ]


async def make_workflow(ctx: Context, **changes: Any) -> UUID:
    role_id = await make_role(ctx, **changes)
    return (await workflows.create(ctx, WorkflowCreate(role_id=role_id, workloads=workloads()))).id


def accepted(*roles_: AcceptedRole, kind: str = "job_description", filename: str = "job.pdf") -> ExtractionAccepted:
    return ExtractionAccepted(
        extraction_id=new_id(),
        document_id=new_id(),
        filename=filename,
        kind=kind,
        accepted_by=new_id(),
        roles=list(roles_),
    )


def described(title: str, **changes: Any) -> AcceptedRole:
    """A role as a job description tells it."""
    tasks = [
        AcceptedTask(fact_id=new_id(), statement="Enter invoices into the ledger", time_share=0.6),
        AcceptedTask(fact_id=new_id(), statement="Advise managers on budgets"),
    ]
    given = {"workloads": [AcceptedWorkload(name="Ledger", tasks=tasks)], "skills": ["bookkeeping"], **changes}
    return AcceptedRole(fact_id=new_id(), title=title, **given)
