"""Workflows over HTTP: scoring, review, history."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from etter_common.context import Context
from etter_common.ids import new_id
from etter_common.testing.client import CheckedClient

from ..factories import make_role, make_workflow, workloads

pytestmark = pytest.mark.principal("analyst")
Clients = Callable[..., CheckedClient]


async def get(client: CheckedClient, path: str) -> dict[str, object]:
    response = await client.get(path)
    assert response.status_code == 200, response.text
    data: dict[str, object] = response.json()["data"]
    return data


class TestCreate:
    async def test_a_described_role_is_classed_and_scored_at_once(self, client: CheckedClient, ctx: Context) -> None:
        role = await make_role(ctx)
        await ctx.finish()
        body = {"role_id": str(role), "workloads": [w.model_dump(mode="json") for w in workloads()]}
        response = await client.post("/workflows", json=body)
        made = response.json()["data"]
        assert response.status_code == 201
        assert made["etter_score"] == pytest.approx(65)  # 0.5 automated, 0.3 augmented at half
        assert [w["type"] for w in made["workloads"]] == ["Auto", "Non-Auto"]

    async def test_a_second_workflow_of_a_role_is_refused(self, client: CheckedClient, ctx: Context) -> None:
        role = await make_role(ctx)
        await ctx.finish()
        body = {"role_id": str(role), "workloads": [w.model_dump(mode="json") for w in workloads()]}
        await client.post("/workflows", json=body)
        assert (await client.post("/workflows", json=body)).json()["code"] == "WORKFLOW_EXISTS"

    async def test_shares_have_to_sum_to_one(self, client: CheckedClient, ctx: Context) -> None:
        role = await make_role(ctx)
        await ctx.finish()
        tasks = [{"statement": "Enter data", "time_share": 0.4}]
        body = {"role_id": str(role), "workloads": [{"name": "All", "tasks": tasks}]}
        response = await client.post("/workflows", json=body)
        assert (response.status_code, response.json()["code"]) == (422, "TIME_SHARES_DO_NOT_SUM")


class TestScore:
    async def test_the_points_of_all_tasks_sum_to_the_score(self, client: CheckedClient, ctx: Context) -> None:
        workflow = await make_workflow(ctx)
        await ctx.finish()
        score = await get(client, f"/workflows/{workflow}/score")
        assert sum(c["points"] for c in score["contributions"]) == pytest.approx(score["score"])  # type: ignore[attr-defined]
        assert score["automate_share"] == pytest.approx(0.5)


class TestValidate:
    async def test_a_review_gives_the_validated_score_and_history(
        self, client: CheckedClient, as_role: Clients, ctx: Context
    ) -> None:
        workflow = await make_workflow(ctx)
        await ctx.finish()
        validator = as_role("validator")
        read = await validator.get(f"/workflows/{workflow}")
        task = read.json()["data"]["workloads"][0]["tasks"][0]
        correction = {"task_id": task["id"], "exposure": "E0", "impact_class": "human", "comment": "needs a person"}
        response = await validator.post(
            f"/workflows/{workflow}/validations",
            json={"corrections": [correction], "comment": "otherwise fine"},
            headers={"If-Match": read.headers["etag"]},
        )
        done = response.json()["data"]
        assert response.status_code == 201
        assert (done["etter_score"], done["validated_score"]) == (pytest.approx(65), pytest.approx(15))
        assert done["workloads"][0]["tasks"][0]["exposure"] == "E1"  # the system's label stays beside the review
        history = (await client.get(f"/workflows/{workflow}/history")).json()["data"]
        assert [line["action"] for line in history] == ["validated", "created"]
        assert history[0]["detail"]["corrections"][0]["comment"] == "needs a person"
        mine = (await validator.get("/me/workflow-history")).json()["data"]
        assert [line["action"] for line in mine] == ["validated"]

    async def test_history_names_the_key_that_acted_and_its_maker(self, as_key: Clients, ctx: Context) -> None:
        workflow = await make_workflow(ctx)
        await ctx.finish()
        maker = new_id()
        key = as_key("validator", user=maker)
        done = await key.post(f"/workflows/{workflow}/validations", json={}, headers={"If-Match": "*"})
        assert done.status_code == 201
        [line, _] = (await key.get(f"/workflows/{workflow}/history")).json()["data"]
        assert (line["action"], line["user_id"]) == ("validated", str(maker))
        assert UUID(line["detail"]["api_key_id"]).hex in key.headers["authorization"]

    async def test_another_label_alone_changes_the_score(self, as_role: Clients, ctx: Context) -> None:
        workflow = await make_workflow(ctx)
        await ctx.finish()
        validator = as_role("validator")
        task = (await validator.get(f"/workflows/{workflow}")).json()["data"]["workloads"][0]["tasks"][0]
        body = {"corrections": [{"task_id": task["id"], "exposure": "E0"}]}
        done = await validator.post(f"/workflows/{workflow}/validations", json=body, headers={"If-Match": "*"})
        assert done.json()["data"]["validated_score"] == pytest.approx(15)

    async def test_a_foreign_task_is_refused(self, as_role: Clients, ctx: Context) -> None:
        workflow = await make_workflow(ctx)
        await ctx.finish()
        response = await as_role("validator").post(
            f"/workflows/{workflow}/validations",
            json={"corrections": [{"task_id": str(workflow), "exposure": "E0"}]},
            headers={"If-Match": "*"},
        )
        assert (response.status_code, response.json()["code"]) == (422, "UNKNOWN_TASKS")

    async def test_a_lost_race_is_told(self, as_role: Clients, ctx: Context) -> None:
        workflow = await make_workflow(ctx)
        await ctx.finish()
        validator = as_role("validator")
        etag = (await validator.get(f"/workflows/{workflow}")).headers["etag"]
        url = f"/workflows/{workflow}/validations"
        assert (await validator.post(url, json={}, headers={"If-Match": etag})).status_code == 201
        assert (await validator.post(url, json={}, headers={"If-Match": etag})).status_code == 412

    async def test_rescoring_takes_an_earlier_review_back(
        self, client: CheckedClient, as_role: Clients, ctx: Context
    ) -> None:
        workflow = await make_workflow(ctx)
        await ctx.finish()
        await as_role("validator").post(f"/workflows/{workflow}/validations", json={}, headers={"If-Match": "*"})
        await client.post(f"/workflows/{workflow}/score")
        assert (await get(client, f"/workflows/{workflow}"))["validated_score"] is None


class TestSubmit:
    async def test_a_scored_workflow_is_handed_in(self, client: CheckedClient, ctx: Context) -> None:
        workflow = await make_workflow(ctx)
        await ctx.finish()
        response = await client.post(f"/workflows/{workflow}/submissions", json={"comment": "please look"})
        assert (response.status_code, response.json()["data"]["status"]) == (201, "submitted")


class TestDelete:
    async def test_the_role_stays(self, client: CheckedClient, ctx: Context) -> None:
        workflow = await make_workflow(ctx)
        await ctx.finish()
        role = (await get(client, f"/workflows/{workflow}"))["role_id"]
        assert (await client.delete(f"/workflows/{workflow}", headers={"If-Match": "*"})).status_code == 204
        assert (await client.get(f"/workflows/{workflow}")).status_code == 404
        assert (await client.get(f"/roles/{role}")).status_code == 200


class TestRead:
    async def test_metadata_and_lists(self, client: CheckedClient, ctx: Context) -> None:
        workflow = await make_workflow(ctx, title="Ledger Clerk", department="Finance")
        await ctx.finish()
        frame = await get(client, f"/workflows/{workflow}/metadata")
        assert (frame["role_title"], frame["workloads"], frame["tasks"]) == ("Ledger Clerk", 2, 3)
        page = (await client.get("/workflows", params={"department": "Finance", "sort": "-etter_score"})).json()
        assert [line["role_title"] for line in page["data"]] == ["Ledger Clerk"]
        assert (await client.get("/workflows", params={"department": "Elsewhere"})).json()["data"] == []
