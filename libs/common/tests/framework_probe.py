"""Run by test_framework: with a global trace provider in place, how many spans do FastAPI's own measures make?"""

from __future__ import annotations

import asyncio
import sys

import httpx2
from fastapi import APIRouter, FastAPI
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.types import ASGIApp

from etter_common.app import create_app
from etter_common.testing.sample import SampleSettings

router = APIRouter()


@router.get("/answer")
async def answer() -> str:
    return "42"


async def spans_of(app: ASGIApp, path: str, exporter: InMemorySpanExporter) -> int:
    exporter.clear()
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://probe") as client:
        assert (await client.get(path)).status_code == 200
    return len(exporter.get_finished_spans())


def main() -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    plain = FastAPI()
    plain.include_router(router)
    settings = SampleSettings(
        database_url="postgresql+asyncpg://none", redis_url="redis://none", nats_url="nats://none"
    )
    ours = create_app(settings, title="Probe", routers=[router])
    asked: list[tuple[ASGIApp, str]] = [(plain, "/answer"), (ours, "/api/sample/v1/answer")]
    found = [asyncio.run(spans_of(app, path, exporter)) for app, path in asked]
    sys.stdout.write(f"\nspans: {found}\n")


if __name__ == "__main__":
    main()
