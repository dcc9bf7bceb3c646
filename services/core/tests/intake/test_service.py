"""Accepted facts become roles, workflows and scores."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from etter_common.context import Context
from etter_common.events.contracts.extraction import AcceptedRole
from etter_common.ids import new_id
from etter_core.intake import service
from etter_core.roles.models import Role
from etter_core.workflows import document
from etter_core.workflows.models import Workflow

from ..factories import accepted, described


async def roles(ctx: Context) -> list[Role]:
    await ctx.session.flush()
    return list(await ctx.session.scalars(select(Role).where(Role.company_id == ctx.company_id).order_by(Role.title)))


async def workflow_of(ctx: Context, title: str) -> Workflow:
    statement = select(Workflow).join(Role, Role.id == Workflow.role_id)
    return (await ctx.session.scalars(statement.where(Role.title == title))).one()


def counted(title: str, **facts: object) -> AcceptedRole:
    return AcceptedRole(fact_id=new_id(), title=title, **facts)


class TestTakeOver:
    async def test_a_job_description_becomes_a_scored_workflow_with_its_provenance(self, ctx: Context) -> None:
        await service.take_over(ctx, accepted(described("Ledger Clerk", department="Finance"), filename="ledger.pdf"))
        workflow = await workflow_of(ctx, "Ledger Clerk")
        tasks = [task for workload in document.read(workflow.workloads) for task in workload.tasks]
        assert (workflow.source, workflow.source_ref, workflow.status) == ("document", "ledger.pdf", "scored")
        assert [task.time_share for task in tasks] == [pytest.approx(0.6), pytest.approx(0.4)]
        assert all(task.fact_id for task in tasks)
        assert workflow.etter_score is not None

    async def test_a_counted_role_gets_the_work_of_its_occupation(self, ctx: Context) -> None:
        facts = counted("Payroll Specialist", department="Finance", headcount=12, salary=Decimal(52000), currency="USD")
        await service.take_over(ctx, accepted(facts, kind="headcount"))
        (role,) = await roles(ctx)
        workflow = await workflow_of(ctx, "Payroll Specialist")
        assert (role.occupation_code, role.headcount, role.salary) == ("43-3051.00", 12, Decimal(52000))
        assert (workflow.source, workflow.source_ref) == ("occupation", "43-3051.00")

    async def test_document_and_sheet_meet_in_one_role_in_either_order(self, ctx: Context) -> None:
        sheet = accepted(counted("HR Adviser", department="People", headcount=9), kind="headcount")
        job = accepted(described("HR Advisor"))
        await service.take_over(ctx, sheet)
        await service.take_over(ctx, job)
        await service.take_over(ctx, sheet)
        (role,) = await roles(ctx)
        workflow = await workflow_of(ctx, role.title)
        assert (role.department, role.headcount) == ("People", 9)
        assert workflow.source == "document"

    async def test_what_a_document_does_not_say_is_kept(self, ctx: Context) -> None:
        await service.take_over(ctx, accepted(counted("Buyer", headcount=4, salary=Decimal(60000)), kind="headcount"))
        await service.take_over(ctx, accepted(described("Buyer")))
        (role,) = await roles(ctx)
        assert (role.headcount, role.salary) == (4, Decimal(60000))

    async def test_what_people_are_paid_beats_what_a_posting_offers(self, ctx: Context) -> None:
        sheet = accepted(counted("Buyer", headcount=4, salary=Decimal(60000)), kind="headcount")
        posting = accepted(described("Buyer", salary=Decimal(55000)))
        for facts in (posting, sheet, posting):
            await service.take_over(ctx, facts)
        (role,) = await roles(ctx)
        assert role.salary == Decimal(60000)

    async def test_levels_stay_apart(self, ctx: Context) -> None:
        await service.take_over(ctx, accepted(counted("Driver I"), counted("Driver II"), kind="headcount"))
        assert [role.title for role in await roles(ctx)] == ["Driver I", "Driver II"]

    async def test_an_unknown_kind_of_role_is_kept_without_a_workflow(self, ctx: Context) -> None:
        await service.take_over(ctx, accepted(counted("Zorblax Whisperer", headcount=1), kind="headcount"))
        (role,) = await roles(ctx)
        assert role.occupation_code is None
        assert (await ctx.session.scalars(select(Workflow).where(Workflow.company_id == ctx.company_id))).all() == []

    async def test_a_thousand_roles_are_taken_over_with_few_statements(self, ctx: Context) -> None:
        many = [counted(f"Clerk {i // 26}-{chr(97 + i % 26)}", department="Office", headcount=1) for i in range(500)]
        await service.take_over(ctx, accepted(*many, kind="headcount"))
        assert len(await roles(ctx)) == 500

    async def test_two_spellings_of_a_role_in_one_sheet_are_added_up(self, ctx: Context) -> None:
        spellings = (counted("Sales-Assistant", headcount=3), counted("Sales Assistant", headcount=4))
        await service.take_over(ctx, accepted(*spellings, kind="headcount"))
        (role,) = await roles(ctx)
        assert role.headcount == 7
