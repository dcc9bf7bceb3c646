"""The API process of simulation; it also relays its events and keeps the role profiles up to date."""

from __future__ import annotations

from fastapi import FastAPI

from etter_common.app import create_app
from etter_common.events.consumer import consumers
from etter_common.events.relay import relay
from etter_simulation import api, worker
from etter_simulation.settings import SimulationSettings

CREATE_BODY_BYTES = 8 * 1024 * 1024
"""A thousand roles with their workloads."""
WITH_ROLES = (
    "/simulations", "/simulations/preview", "/sensitivity-analyses", "/redeployment-plans", "/automation-roadmaps",
    "/scenarios",
)  # fmt: skip


def create(settings: SimulationSettings | None = None) -> FastAPI:
    settings = settings or SimulationSettings()
    return create_app(
        settings,
        title="Etter simulation",
        routers=api.routers,
        background=(relay, consumers(*worker.subscriptions)),
        body_limits=dict.fromkeys(WITH_ROLES, CREATE_BODY_BYTES),
    )
