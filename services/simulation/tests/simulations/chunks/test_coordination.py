"""Runs out of chunks, with the worker's parts in this process."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from etter_common.platform import Platform
from etter_common.testing.backbone import until
from etter_common.testing.client import CheckedClient
from etter_simulation.engine.metrics import COMPANY_METRICS, STATS
from etter_simulation.engine.precision import STEP
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.sketch_error import RELATIVE_ERROR
from etter_simulation.simulations.packing import unpack

from ..following import body, follow, simulated, simulating
from .shared import SHARED_OUT, asked, chunks_of, played_in_one_go, series, start, stored

pytestmark = [
    pytest.mark.principal("analyst"),
    pytest.mark.timeout(600),  # the engine may have to be compiled
    pytest.mark.usefixtures("working"),
]
TARGET = 0.08
HEADS = {"output": "heads", "standard_error": TARGET}


async def precise(request: SimulationRequest, target: float) -> int:
    """After how many iterations the run itself shows a standard error of heads that small."""
    from etter_simulation.engine.run import run

    for count in range(STEP, request.n_iterations + 1, STEP):
        given = request.model_copy(update={"n_iterations": count, "precision": None})
        result = await asyncio.to_thread(run, given)
        if result.company[COMPANY_METRICS.index("heads"), STATS.index("se"), -1] <= target:
            return count
    return request.n_iterations


class TestPlayInChunks:
    async def test_it_has_the_bytes_of_the_run_played_in_one_go(
        self, client: CheckedClient, platform: Platform, company_id: UUID
    ) -> None:
        simulation_id = await start(client)
        states = await follow(client, simulation_id)
        assert states[-1]["status"] == "succeeded"
        assert await series(platform, company_id, simulation_id) == await played_in_one_go(asked(**SHARED_OUT))
        assert await chunks_of(platform, company_id, simulation_id) == []

    async def test_progress_only_grows_and_names_what_is_done(self, client: CheckedClient) -> None:
        states = await follow(client, await start(client))
        shares = [state["progress"] for state in states]
        assert shares == sorted(shares)
        assert {"simulating", "merging"} & {state["stage"] for state in states}

    async def test_two_runs_that_mean_the_same_share_their_chunks(
        self, client: CheckedClient, platform: Platform, company_id: UUID
    ) -> None:
        one, other = await start(client), await start(client, name="the same")
        for simulation_id in (one, other):
            assert (await follow(client, simulation_id))[-1]["status"] == "succeeded"
        assert await series(platform, company_id, one) == await series(platform, company_id, other)
        assert await chunks_of(platform, company_id, one) == []

    async def test_the_other_run_goes_on_when_one_is_cancelled(
        self, client: CheckedClient, platform: Platform, company_id: UUID
    ) -> None:
        one, other = await start(client), await start(client, name="the same")
        await until(stored(platform, company_id, one, 1), timeout_s=200)
        await client.post(f"/simulations/{one}/cancel")
        assert (await follow(client, other))[-1]["status"] == "succeeded"
        assert await series(platform, company_id, other) == await played_in_one_go(asked(**SHARED_OUT))

    async def test_a_cancelled_run_leaves_no_chunks(
        self, client: CheckedClient, platform: Platform, company_id: UUID
    ) -> None:
        simulation_id = await start(client, n_iterations=10_000)
        await until(simulating(client, simulation_id), timeout_s=200)
        assert (await client.post(f"/simulations/{simulation_id}/cancel")).status_code == 202
        assert (await follow(client, simulation_id))[-1]["status"] == "cancelled"
        assert await chunks_of(platform, company_id, simulation_id) == []
        assert await simulated(client)  # the engine is free again

    async def test_a_deleted_run_leaves_no_chunks(
        self, client: CheckedClient, platform: Platform, company_id: UUID
    ) -> None:
        simulation_id = await start(client, n_iterations=10_000)
        await until(stored(platform, company_id, simulation_id, 1), timeout_s=200)
        again = await start(client, n_iterations=10_000, name="the same")
        for gone in (simulation_id, again):
            assert (await client.delete(f"/simulations/{gone}")).status_code == 204
        assert await simulated(client)
        async with platform.work(company_id=company_id) as ctx:
            from etter_simulation.simulations.chunks.repository import ChunkRepository

            assert await ChunkRepository(ctx).count() == 0


class TestSketches:
    async def test_a_run_beyond_the_limit_says_how_exact_its_quantiles_are(
        self, client: CheckedClient, platform: Platform, company_id: UUID
    ) -> None:
        large = {"n_iterations": 6_000, "steps": 60}
        simulation_id = await start(client, **large)
        assert (await follow(client, simulation_id))[-1]["status"] == "succeeded"
        params = {"fields": "quantiles,quantile_error"}
        data = (await client.get(f"/simulations/{simulation_id}/results", params=params)).json()["data"]
        assert data == {"quantiles": "sketch", "quantile_error": RELATIVE_ERROR}
        found, exact = await series(platform, company_id, simulation_id), await played_in_one_go(asked(**large))
        assert found[0] == exact[0]  # the company's figures
        for one, other in zip(found[1:], exact[1:], strict=True):
            assert unpack(one, 14) == pytest.approx(unpack(other, 14), rel=RELATIVE_ERROR, nan_ok=True)


class TestPrecision:
    @pytest.mark.parametrize("size", [{"n_iterations": 400, "steps": 24}, {"n_iterations": 2_000, "steps": 60}])
    async def test_a_run_stops_where_the_named_output_is_known_well_enough(
        self, client: CheckedClient, platform: Platform, company_id: UUID, size: dict[str, Any]
    ) -> None:
        """The first is played at once, the second shared out."""
        simulation_id = await start(client, **size, precision=[HEADS])
        assert (await follow(client, simulation_id))[-1]["status"] == "succeeded"
        wanted = await precise(asked(**size), TARGET)
        shown = (await client.get(f"/simulations/{simulation_id}")).json()["data"]
        assert (shown["iterations"], shown["iterations_used"]) == (size["n_iterations"], wanted)
        assert STEP < wanted < size["n_iterations"]
        same = asked(**{**size, "n_iterations": wanted})
        assert await series(platform, company_id, simulation_id) == await played_in_one_go(same)

    async def test_what_is_never_reached_takes_all_iterations(self, client: CheckedClient) -> None:
        target = {"output": "released_fte", "role": "Marketing", "month": 3, "standard_error": 1e-9}
        simulation_id = await simulated(client, n_iterations=150, precision=[target])
        found = await client.get(f"/simulations/{simulation_id}", params={"fields": "iterations_used"})
        assert found.json()["data"] == {"iterations_used": 150}

    @pytest.mark.parametrize(
        ("target", "code"),
        [
            ({"output": "joy"}, "UNKNOWN_OUTPUT"), ({"output": "payroll", "role": "Engineer"}, "UNKNOWN_OUTPUT"),
            ({"output": "count", "role": "Pilot"}, "UNKNOWN_ROLE"), ({"output": "heads", "month": 25}, "UNKNOWN_MONTH"),
            ({"output": "heads", "standard_error": 0}, "greater_than"),
        ],
    )  # fmt: skip
    async def test_a_target_that_is_not_there_is_named(
        self, client: CheckedClient, target: dict[str, Any], code: str
    ) -> None:
        response = await client.post("/simulations", json=body(precision=[{"standard_error": 1, **target}]))
        assert (response.status_code, response.json()["errors"][0]["code"]) == (422, code)
