"""The API process of auth; it also relays its events, keeps the keys and carries revocations and API keys to all."""

from __future__ import annotations

from fastapi import FastAPI

from etter_auth import api
from etter_auth.api_keys.background import api_keys_told
from etter_auth.hashing import hashing
from etter_auth.housekeeping import housekeeping
from etter_auth.jwks.background import keys_kept
from etter_auth.jwks.router import router as jwks
from etter_auth.settings import AuthSettings
from etter_auth.worker import subscriptions
from etter_common.app import create_app
from etter_common.events.consumer import consumers
from etter_common.events.relay import relay


def create(settings: AuthSettings | None = None) -> FastAPI:
    settings = settings or AuthSettings()
    app = create_app(
        settings,
        title="Etter auth",
        routers=api.routers,
        background=(hashing, keys_kept, relay, consumers(*subscriptions), api_keys_told, housekeeping),
    )
    app.include_router(jwks, include_in_schema=False)  # RFC 8615: also at the origin's root
    return app
