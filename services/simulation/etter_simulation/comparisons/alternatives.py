"""What the alternatives of a comparison assume: found, and given the roles that they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from etter_common.context import Context
from etter_common.errors import FieldError
from etter_simulation.analyses.requests import as_request
from etter_simulation.comparisons.errors import UnknownAlternative
from etter_simulation.comparisons.schemas import AlternativeIn
from etter_simulation.engine.request import RoleIn, SimulationRequest
from etter_simulation.role_profiles import service as role_profiles
from etter_simulation.scenarios import service as scenarios
from etter_simulation.simulations import service as simulations

Found = simulations.Stored | scenarios.Resolved


@dataclass(frozen=True)
class Alternative:
    """One of those compared: what it is, and what it assumes."""

    shown: dict[str, Any]
    currency: str
    request: SimulationRequest


async def find(ctx: Context, wanted: Sequence[AlternativeIn], *, baseline: int) -> list[Alternative]:
    """All of them, in order; raises `UnknownAlternative` naming those that the company does not have."""
    found = await _look_up(ctx, wanted)
    roles, currency = await _common_roles(ctx, [found[baseline], *found])
    return [
        _alternative(one, what, (roles, currency), at) for at, (one, what) in enumerate(zip(wanted, found, strict=True))
    ]


async def _look_up(ctx: Context, wanted: Sequence[AlternativeIn]) -> list[Found]:
    played = [one.simulation_id for one in wanted if one.simulation_id is not None]
    kept = [(one.scenario_id, one.version) for one in wanted if one.scenario_id is not None]
    stored = await simulations.stored_requests(ctx, played) if played else {}
    resolved = await scenarios.resolve(ctx, kept)
    found: list[Found | None] = [
        stored.get(one.simulation_id) if one.simulation_id is not None else _version(resolved, one) for one in wanted
    ]
    unknown = [_unknown(at, wanted[at]) for at, one in enumerate(found) if one is None]
    if unknown:
        raise UnknownAlternative(errors=unknown)
    return [one for one in found if one is not None]


def _version(resolved: dict[tuple[UUID, int | None], scenarios.Resolved], one: AlternativeIn) -> Found | None:
    return None if one.scenario_id is None else resolved.get((one.scenario_id, one.version))


def _unknown(at: int, one: AlternativeIn) -> FieldError:
    kind = "simulation" if one.simulation_id is not None else "scenario"
    return FieldError(
        f"/body/alternatives/{at}/{kind}_id", f"there is no such {kind}, or no such version of it", f"unknown_{kind}"
    )


async def _common_roles(ctx: Context, found: Sequence[Found]) -> tuple[list[RoleIn], str]:
    """Those that scenarios with current roles are played with; nothing is looked up if there are none."""
    if not any(isinstance(one, scenarios.Resolved) and one.role_set is None for one in found):
        return [], ""
    for one in found:
        if isinstance(one, simulations.Stored):
            return one.request.roles, one.currency
    current = await role_profiles.current_roles(ctx)
    return current.roles, current.currency


def _alternative(one: AlternativeIn, found: Found, common: tuple[list[RoleIn], str], at: int) -> Alternative:
    if isinstance(found, simulations.Stored):
        request, currency, version = found.request, found.currency, None
    else:
        roles, currency = (found.role_set.roles, found.role_set.currency) if found.role_set else common
        request = as_request(found.assumptions.model_dump(), roles, pointer=f"/body/alternatives/{at}")
        version = found.version
    kind, id_ = ("simulation", one.simulation_id) if one.simulation_id is not None else ("scenario", one.scenario_id)
    shown = {
        "kind": kind,
        "id": str(id_),
        "version": version,
        "label": one.label or found.name or f"Simulation {str(id_)[-8:]}",
        "seed_before": request.seed,
        "iterations_before": request.n_iterations,
        "steps_before": request.steps,
    }
    return Alternative(shown, currency, request)
