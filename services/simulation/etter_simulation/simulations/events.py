"""Builds what this slice announces."""

from __future__ import annotations

from uuid import UUID

from etter_common.events.contracts.simulation import (
    RoleOutlook,
    RunCancelled,
    RunCompleted,
    RunFailed,
    RunRequested,
)
from etter_common.events.envelope import Event, EventPayload
from etter_simulation.simulations.models import Simulation


def run_requested(simulation: Simulation) -> Event:
    payload = RunRequested(
        simulation_id=simulation.id,
        roles=simulation.roles,
        iterations=simulation.iterations,
        steps=simulation.steps,
    )
    return _event(payload, simulation.company_id, simulation.id)


def run_completed(simulation: Simulation) -> Event:
    """Of a row whose `outlook` is loaded."""
    payload = RunCompleted(
        simulation_id=simulation.id,
        name=simulation.name,
        automation_factor=simulation.automation_factor,
        steps=simulation.steps,
        outlook=[RoleOutlook.model_validate(line) for line in simulation.outlook or ()],
    )
    return _event(payload, simulation.company_id, simulation.id)


def run_failed(company_id: UUID, simulation_id: UUID, code: str) -> Event:
    return _event(RunFailed(simulation_id=simulation_id, code=code), company_id, simulation_id)


def run_cancelled(company_id: UUID, simulation_id: UUID) -> Event:
    return _event(RunCancelled(simulation_id=simulation_id), company_id, simulation_id)


def _event(payload: EventPayload, company_id: UUID, simulation_id: UUID) -> Event:
    return Event.of(payload, company_id=company_id, aggregate_id=simulation_id)
