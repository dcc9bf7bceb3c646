"""Everything that may be asked of a scenario says when there is none, and its OpenAPI says that it may."""

from __future__ import annotations

from typing import Any

import pytest

from etter_common.ids import new_id
from etter_common.testing.client import CheckedClient

pytestmark = pytest.mark.principal("analyst")


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/sensitivity-analyses", {}),
        ("/redeployment-plans", {}),
        ("/automation-roadmaps", {"yearly_budget": [100_000], "start_cost": 10_000}),
    ],
)
async def test_an_analysis_of_a_scenario_that_is_not_there(
    client: CheckedClient, path: str, more: dict[str, Any]
) -> None:
    asked = {"assumptions": {"scenario_id": str(new_id()), "n_iterations": 100}, **more}
    response = await client.post(path, json=asked)
    assert (response.status_code, response.json()["code"]) == (404, "SCENARIO_NOT_FOUND")
