"""Every read can be narrowed: the lists' own tests hold theirs, these are the others."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from etter_common.context import Context
from etter_common.testing.client import CheckedClient

from .factories import make_workflow

pytestmark = pytest.mark.principal("analyst")

READS = [
    ("/chro/summary", {"fields": "currency,total.headcount"}, {"currency", "total"}),
    ("/departments", {"fields": "name,headcount"}, {"name", "headcount"}),
    ("/roles/autocomplete", {"q": "clerk", "fields": "title"}, {"title"}),
    ("/tasks/autocomplete", {"q": "a", "fields": "statement"}, {"statement"}),
    ("/skills/autocomplete", {"q": "a", "fields": "name"}, {"name"}),
    ("/workflows/{workflow_id}/metadata", {"fields": "role_title"}, {"role_title"}),
    ("/workflows/{workflow_id}/score", {"fields": "score,contributions.points"}, {"score", "contributions"}),
]


@pytest.fixture
async def workflow_id(ctx: Context) -> UUID:
    made = await make_workflow(ctx, title="Ledger Clerk", headcount=10, salary=50_000)
    await ctx.finish()
    return made


@pytest.mark.parametrize(("path", "params", "names"), READS, ids=[path for path, _, _ in READS])
async def test_it_holds_what_was_asked_for(
    client: CheckedClient, workflow_id: UUID, path: str, params: dict[str, str], names: set[str]
) -> None:
    data: Any = (await client.get(path.format(workflow_id=workflow_id), params=params)).json()["data"]
    rows = data if isinstance(data, list) else [data]
    assert rows
    assert all(set(row) == names for row in rows)


async def test_below_the_first_level_too(client: CheckedClient, workflow_id: UUID) -> None:
    summary = (await client.get("/chro/summary", params={"fields": "total.headcount"})).json()["data"]
    assert summary == {"total": {"headcount": 10}}
    score = (await client.get(f"/workflows/{workflow_id}/score", params={"fields": "contributions.points"})).json()
    assert all(set(row) == {"points"} for row in score["data"]["contributions"])


@pytest.mark.parametrize("path", [path for path, _, _ in READS])
async def test_a_name_that_is_not_there_is_refused_with_the_valid_ones(
    client: CheckedClient, workflow_id: UUID, path: str
) -> None:
    wanted = {"fields": "colour"} | ({"q": "a"} if "autocomplete" in path else {})
    found = await client.get(path.format(workflow_id=workflow_id), params=wanted)
    assert (found.status_code, found.json()["code"]) == (422, "INVALID_FIELDS")
    assert found.json()["errors"][0]["message"].startswith("valid here: ")
