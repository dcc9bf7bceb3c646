"""The API process of auth; it also relays its events, keeps the keys and carries revocations and API keys to all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from etter_auth import api
from etter_auth.api_keys.background import api_keys_told
from etter_auth.callers.service import Callers
from etter_auth.companies.background import ends_confirmed
from etter_auth.hashing import hashing
from etter_auth.housekeeping import housekeeping
from etter_auth.jwks.background import keys_kept
from etter_auth.jwks.router import router as jwks
from etter_auth.sessions.background import revocations_announced
from etter_auth.settings import AuthSettings
from etter_auth.worker import subscriptions
from etter_common.app import create_app
from etter_common.events.consumer import consumers
from etter_common.events.relay import relay
from etter_common.platform import Platform

BUCKETS = (api_keys_told, revocations_announced, ends_confirmed)
"""What keeps the buckets as the database has it."""


@asynccontextmanager
async def authority(platform: Platform) -> AsyncIterator[None]:
    """Sessions and API keys are auth's own: it asks its tables about each caller, not only what it has heard."""
    platform.tokens.authority = Callers()
    yield


def create(settings: AuthSettings | None = None) -> FastAPI:
    settings = settings or AuthSettings()
    app = create_app(
        settings,
        title="Etter auth",
        routers=api.routers,
        background=(authority, hashing, keys_kept, relay, consumers(*subscriptions), *BUCKETS, housekeeping),
    )
    app.include_router(jwks, include_in_schema=False)  # RFC 8615: also at the origin's root
    return app
