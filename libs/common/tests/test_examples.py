"""The examples of the documentation run as they stand there."""

from __future__ import annotations

import logging as stdlib_logging
import re
from pathlib import Path
from typing import Any

import pytest
import structlog

from etter_common.testing.plugin import Servers

PAGES = (
    "cache.md", "database.md", "events.md", "http-client.md", "jobs.md", "limits.md", "lists.md", "observability.md",
    "requests.md", "sse.md",
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
async def test_the_example_of_the_page_runs(page: str, repository_root: Path, servers: Servers) -> None:
    text = (repository_root / "docs" / "common" / page).read_text(encoding="utf-8")
    match = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert match, "the page has no example"
    namespace: dict[str, Any] = {"__name__": page}
    settings, handlers = structlog.get_config(), list(stdlib_logging.getLogger().handlers)
    level = stdlib_logging.getLogger().level
    try:
        exec(compile(match[1], page, "exec", dont_inherit=True), namespace)  # noqa: S102 - our own documentation
        given = {
            "database.md": [servers.postgres_dsn],
            "events.md": [servers.postgres_dsn, servers.redis_url],
            "jobs.md": [servers.postgres_dsn, servers.redis_url],
        }
        await namespace["main"](*given.get(page, [servers.redis_url, servers.nats_url]))
    finally:
        structlog.configure(**settings)
        stdlib_logging.getLogger().handlers[:] = handlers
        stdlib_logging.getLogger().setLevel(level)
