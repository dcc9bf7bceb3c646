"""Extraction's application."""

from __future__ import annotations

from fastapi import FastAPI

from etter_common.app import create_app
from etter_common.events.consumer import consumers
from etter_common.events.relay import relay
from etter_extraction import api, worker
from etter_extraction.objects import object_store
from etter_extraction.parsing.limits import MAX_BYTES
from etter_extraction.settings import ExtractionSettings

FORM_OVERHEAD = 64 * 1024


def create(settings: ExtractionSettings | None = None) -> FastAPI:
    """Extraction: documents, the jobs on them, and the review of what they say. Jobs run in the worker."""
    return create_app(
        settings or ExtractionSettings(),
        title="Etter extraction",
        routers=api.routers,
        background=(object_store, relay, consumers(*worker.subscriptions)),
        body_limits={"/documents": MAX_BYTES + FORM_OVERHEAD},
    )
