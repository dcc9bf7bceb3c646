"""Scenarios over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from etter_common import etags
from etter_common.cache import LIFETIMES, CacheKey
from etter_common.context import Context
from etter_common.deps import IfMatch, cached, json_response, requires
from etter_common.errors import InvalidFields, PreconditionFailed, PreconditionRequired
from etter_common.fieldsets import FieldsQuery
from etter_common.responses import Data, Page, documented, encode_data, encode_page
from etter_simulation.analyses.routes import COMMON, LISTING, STARTING
from etter_simulation.role_profiles.errors import MixedCurrencies, NoRoleProfiles, TooManyRoleProfiles
from etter_simulation.scenarios import service
from etter_simulation.scenarios.errors import (
    ScenarioHasNoBaseline,
    ScenarioNameTaken,
    ScenarioNotFound,
    ScenarioVersionNotFound,
)
from etter_simulation.scenarios.models import Scenario
from etter_simulation.scenarios.schemas import (
    BaselineQuery,
    BaselineRolesOut,
    ScenarioCreate,
    ScenarioLine,
    ScenarioOut,
    ScenarioQuery,
    ScenarioUpdate,
    VersionLine,
    VersionOut,
    VersionQuery,
)

router = APIRouter(prefix="/scenarios", tags=["scenarios"])
Reader = Annotated[Context, requires("scenarios:read")]
Writer = Annotated[Context, requires("scenarios:write")]
Version = Annotated[int, Path(ge=1, le=2**31 - 1)]
_ONE = (*COMMON, ScenarioNotFound)
_MATCHED = (*_ONE, PreconditionFailed, PreconditionRequired)
_ROLES = (ScenarioNameTaken, NoRoleProfiles, TooManyRoleProfiles, MixedCurrencies)


@router.post("", status_code=201, responses=documented(*STARTING, *_ROLES))
async def create_scenario(ctx: Writer, data: ScenarioCreate, response: Response) -> Data[ScenarioOut]:
    scenario = await service.create(ctx, data)
    response.headers["location"] = f"/api/simulation/v1/scenarios/{scenario.id}"
    return _whole(response, scenario)


@router.get("", response_model=Page[ScenarioLine], responses=documented(*LISTING))
async def list_scenarios(ctx: Reader, query: Annotated[ScenarioQuery, Query()]) -> Response:
    key = CacheKey.of(ctx.company_id, "scenarios", query.model_dump(mode="json"))
    tags = [service.stale(ctx.company_id)]
    return await cached(ctx, key, lambda own: service.list_page(own, query), ttl_s=LIFETIMES["lists"], tags=tags)


@router.get("/{scenario_id}", response_model=Data[ScenarioOut], responses=documented(*_ONE, InvalidFields))
async def get_scenario(ctx: Reader, scenario_id: UUID, query: Annotated[FieldsQuery, Query()]) -> Response:
    version, found = await service.read(ctx, scenario_id, query.fields)
    return json_response(encode_data(found), version=version)


@router.patch("/{scenario_id}", responses=documented(*_MATCHED, *_ROLES))
async def change_scenario(
    ctx: Writer, scenario_id: UUID, data: ScenarioUpdate, response: Response, if_match: IfMatch = None
) -> Data[ScenarioOut]:
    """Make the next version. `"roles": "frozen"` takes the company's roles as they are now, so it re-bases."""
    return _whole(response, await service.update(ctx, scenario_id, data, if_match=if_match))


@router.delete("/{scenario_id}", status_code=204, responses=documented(*_MATCHED))
async def delete_scenario(ctx: Writer, scenario_id: UUID, if_match: IfMatch = None) -> None:
    """With all versions. Simulations and comparisons of it stay: they have their own copy."""
    await service.delete(ctx, scenario_id, if_match=if_match)


@router.get(
    "/{scenario_id}/versions", response_model=Page[VersionLine], responses=documented(ScenarioNotFound, *LISTING)
)
async def list_scenario_versions(ctx: Reader, scenario_id: UUID, query: Annotated[VersionQuery, Query()]) -> Response:
    """The newest first."""
    return json_response(encode_page(await service.list_versions(ctx, scenario_id, query)))


@router.get(
    "/{scenario_id}/versions/{version}",
    response_model=Data[VersionOut],
    responses=documented(*_ONE, ScenarioVersionNotFound, InvalidFields),
)
async def get_scenario_version(
    ctx: Reader, scenario_id: UUID, version: Version, query: Annotated[FieldsQuery, Query()]
) -> Response:
    return json_response(encode_data(await service.read_version(ctx, scenario_id, version, query.fields)))


@router.get(
    "/{scenario_id}/baseline",
    response_model=Data[BaselineRolesOut],
    responses=documented(*_ONE, ScenarioVersionNotFound, ScenarioHasNoBaseline, InvalidFields),
)
async def get_scenario_baseline(ctx: Reader, scenario_id: UUID, query: Annotated[BaselineQuery, Query()]) -> Response:
    """The roles as they were when the baseline was taken."""
    return json_response(encode_data(await service.read_baseline(ctx, scenario_id, query)))


def _whole(response: Response, scenario: Scenario) -> Data[ScenarioOut]:
    response.headers["etag"] = etags.version_etag(scenario.version)
    return Data[ScenarioOut].of(ScenarioOut.model_validate(scenario))
