"""Core's application."""

from __future__ import annotations

from fastapi import FastAPI

from etter_common.app import create_app
from etter_common.events.consumer import consumers
from etter_common.events.relay import relay
from etter_core import api, worker
from etter_core.occupations.taxonomy import taxonomy
from etter_core.settings import CoreSettings


def create(settings: CoreSettings | None = None) -> FastAPI:
    """Core: roles, workflows, scores and the dashboard. Its consumers and relay run beside the requests."""
    return create_app(
        settings or CoreSettings(),
        title="Etter core",
        routers=api.routers,
        background=(taxonomy, relay, consumers(*worker.subscriptions)),
    )
