"""The dashboard: lines, totals, the newest simulation, and how soon a change shows."""

from __future__ import annotations

from functools import partial
from uuid import UUID

import pytest

from etter_common.context import Context
from etter_common.events.contracts.simulation import Quantiles, RoleOutlook, RunCompleted
from etter_common.events.envelope import Event
from etter_common.ids import new_id
from etter_common.messaging import Nats
from etter_common.testing.backbone import until
from etter_common.testing.client import CheckedClient
from etter_core.roles.schemas import MAX_HEADCOUNT
from etter_core.scores.scoring import PRODUCTIVE_HOURS
from etter_core.workflows import service as workflows
from etter_core.workflows.schemas import TaskIn, WorkflowCreate, WorkloadIn

from ..factories import accepted, described, make_role, make_workflow

pytestmark = pytest.mark.principal("chro")


async def entries(client: CheckedClient, **params: object) -> list[dict[str, object]]:
    found: list[dict[str, object]] = (await client.get("/chro/dashboard", params=params)).json()["data"]  # type: ignore[arg-type]
    return found


async def shows(client: CheckedClient, simulation_id: UUID) -> bool:
    """Whether the one line there is shows this simulation's outlook."""
    (entry,) = await entries(client)
    outlook = entry["outlook"]
    return bool(outlook) and outlook["simulation_id"] == str(simulation_id)  # type: ignore[index]


class TestDashboard:
    async def test_a_line_has_scores_hours_people_and_money(self, client: CheckedClient, ctx: Context) -> None:
        await make_workflow(ctx, title="Ledger Clerk", headcount=10, salary=50_000)
        await ctx.finish()
        (line,) = await entries(client)
        assert line["etter_score"] == pytest.approx(65)
        assert line["hours"] == 10 * PRODUCTIVE_HOURS
        assert line["freed_fte"] == pytest.approx(6.5)
        assert line["freed_hours"] == pytest.approx(6.5 * PRODUCTIVE_HOURS)
        assert (float(str(line["cost"])), float(str(line["freed_cost"]))) == (500_000, 325_000)

    async def test_the_largest_role_there_may_be_has_its_line(self, client: CheckedClient, ctx: Context) -> None:
        await make_workflow(ctx, title="Everybody", headcount=MAX_HEADCOUNT, salary="999999999999.99")
        await ctx.finish()
        (line,) = await entries(client)
        assert (line["headcount"], line["hours"]) == (MAX_HEADCOUNT, MAX_HEADCOUNT * PRODUCTIVE_HOURS)
        summary = (await client.get("/chro/summary")).json()["data"]
        assert summary["total"]["hours"] == MAX_HEADCOUNT * PRODUCTIVE_HOURS

    async def test_figures_have_no_digits_of_arithmetic(self, client: CheckedClient, ctx: Context) -> None:
        """3 × 0.65 is 1.9500000000000002 in binary."""
        await make_workflow(ctx, title="Ledger Clerk", headcount=3, salary=50_000)
        await ctx.finish()
        (line,) = await entries(client)
        total = (await client.get("/chro/summary")).json()["data"]["total"]
        assert (line["freed_fte"], total["freed_fte"]) == (1.95, 1.95)
        assert (line["freed_hours"], total["freed_hours"]) == (1.95 * PRODUCTIVE_HOURS, 1.95 * PRODUCTIVE_HOURS)

    async def test_a_role_nobody_described_is_a_line_without_scores(self, client: CheckedClient, ctx: Context) -> None:
        await make_role(ctx, title="Ledger Clerk")
        await ctx.finish()
        (line,) = await entries(client)
        assert (line["workflow_id"], line["etter_score"], line["freed_cost"]) == (None, None, None)

    async def test_money_is_computed_from_the_exact_share(self, client: CheckedClient, ctx: Context) -> None:
        role = await make_role(ctx, headcount=10, salary=50_000)
        tasks = [
            TaskIn(statement="Enter hours and deductions into the payroll system", time_share=0.4567, exposure="E1"),
            TaskIn(statement="Carry boxes to the archive", time_share=0.5433, exposure="E0"),
        ]
        await workflows.create(ctx, WorkflowCreate(role_id=role, workloads=[WorkloadIn(name="All", tasks=tasks)]))
        await ctx.finish()
        (line,) = await entries(client)
        assert line["freed_cost"] == "228350.00"

    async def test_filters_sorts_and_fields(self, client: CheckedClient, ctx: Context) -> None:
        await make_workflow(ctx, title="Ledger Clerk", department="Finance", headcount=3)
        await make_role(ctx, title="Baker", department="Kitchen", headcount=5)
        await ctx.finish()
        assert [e["title"] for e in await entries(client, sort="-headcount")] == ["Baker", "Ledger Clerk"]
        assert [e["title"] for e in await entries(client, status="scored")] == ["Ledger Clerk"]
        assert await entries(client, q="bak", fields="title") == [{"title": "Baker"}]
        assert await entries(client, q="%") == []


class TestSummary:
    async def test_totals_add_up(self, client: CheckedClient, ctx: Context) -> None:
        await make_workflow(ctx, title="Ledger Clerk", department="Finance", headcount=10, salary=50_000)
        await make_role(ctx, title="Baker", department="Kitchen", headcount=30, salary=40_000)
        await make_role(ctx, title="Seller", department="Kitchen", headcount=1, salary=1, currency="EUR")
        await ctx.finish()
        summary = (await client.get("/chro/summary")).json()["data"]
        total = summary["total"]
        assert (total["roles"], total["scored_roles"], total["headcount"], total["scored_headcount"]) == (3, 1, 41, 10)
        assert (float(total["cost"]), float(total["freed_cost"])) == (1_700_000, 325_000)
        assert summary["other_currencies"] == ["EUR"]
        assert total["etter_score"] == pytest.approx(65)
        assert [d["headcount"] for d in summary["departments"]] == [10, 31]
        assert sum(c["share"] for c in summary["impact_classes"]) == pytest.approx(1)
        assert [b["roles"] for b in summary["distribution"]] == [0, 0, 0, 0, 0, 0, 1, 0, 0, 0]

    async def test_an_empty_company_has_totals_too(self, client: CheckedClient) -> None:
        summary = (await client.get("/chro/summary")).json()["data"]
        assert (summary["total"]["roles"], summary["total"]["etter_score"]) == (0, None)


async def hear(operator: Nats, event: Event) -> None:
    """As another service publishes it."""
    await operator.jetstream().publish(event.subject, event.body(), headers=event.headers())


class TestEvents:
    async def test_an_accepted_extraction_comes_onto_the_dashboard(
        self, client: CheckedClient, operator: Nats, company_id: UUID
    ) -> None:
        assert await entries(client) == []
        payload = accepted(described("Ledger Clerk"))
        await hear(operator, Event.of(payload, company_id=company_id, aggregate_id=payload.extraction_id))

        async def is_there() -> bool:
            return bool(await entries(client))

        await until(is_there)

    async def test_the_newest_simulation_of_a_role_is_shown(
        self, client: CheckedClient, operator: Nats, ctx: Context, company_id: UUID
    ) -> None:
        role = await make_role(ctx, title="Ledger Clerk")
        await ctx.finish()
        figures = Quantiles(p5=8, p50=9, p95=10)
        for _ in range(2):
            line = RoleOutlook(
                role_id=role, title="Ledger Clerk", month=12, heads=figures, released_fte=figures, salary_cost=figures
            )
            gone = line.model_copy(update={"role_id": new_id()})
            run = RunCompleted(simulation_id=new_id(), name="x", automation_factor=0.5, steps=12, outlook=[line, gone])
            await hear(operator, Event.of(run, company_id=company_id, aggregate_id=run.simulation_id))
            await until(partial(shows, client, run.simulation_id))
        (entry,) = await entries(client)
        assert entry["outlook"]["months"][0]["heads"] == {"p5": 8.0, "p50": 9.0, "p95": 10.0}  # type: ignore[index]
