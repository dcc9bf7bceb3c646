"""Follows a simulation over HTTP until it has ended."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from etter_common.testing.client import CheckedClient

from ..factories import engineer, marketing

LONG: dict[str, Any] = {"n_iterations": 10_000, "steps": 60}
"""Some seconds of work."""


def body(**more: Any) -> dict[str, Any]:
    given = {"automation_factor": 0.5, "n_iterations": 8, "steps": 24, "seed": 7, **more}
    return {"roles": [engineer(), marketing()], **given}


async def follow(client: CheckedClient, job_id: str, *, of: str = "simulations") -> list[dict[str, Any]]:
    """The data of every server-sent event up to the last."""
    async with client.stream("GET", f"/{of}/{job_id}/events") as response:
        assert response.status_code == 200
        lines = [line async for line in response.aiter_lines()]
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]


async def simulated(client: CheckedClient, **more: Any) -> str:
    """The id of a simulation that has succeeded."""
    response = await client.post("/simulations", json=body(**more))
    assert response.status_code == 202, response.text
    simulation_id: str = response.json()["data"]["id"]
    assert (await follow(client, simulation_id))[-1]["status"] == "succeeded"
    return simulation_id


def simulating(client: CheckedClient, simulation_id: str) -> Callable[[], Awaitable[bool]]:
    """Whether the engine is at it."""
    return _shows(client, simulation_id, "stage", {"simulating"})


def ended(client: CheckedClient, simulation_id: str) -> Callable[[], Awaitable[bool]]:
    return _shows(client, simulation_id, "status", {"succeeded", "failed", "cancelled"})


def _shows(client: CheckedClient, simulation_id: str, field: str, values: set[str]) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        found = await client.get(f"/simulations/{simulation_id}", params={"fields": field})
        return found.json()["data"][field] in values

    return check
