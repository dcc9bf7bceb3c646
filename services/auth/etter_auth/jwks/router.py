"""Public keys over HTTP, for who is not one of our services; those watch the bucket."""

from __future__ import annotations

from fastapi import APIRouter, Response

from etter_auth.jwks.schemas import KeySet
from etter_auth.jwks.service import SigningKeys
from etter_common.deps import Public
from etter_common.responses import documented

router = APIRouter(prefix="/.well-known", tags=["keys"])


@router.get("/jwks.json", responses=documented())
async def get_jwks(ctx: Public, response: Response) -> KeySet:
    response.headers["cache-control"] = "public, max-age=300"
    return KeySet.model_validate(ctx.platform.part(SigningKeys).jwks())
