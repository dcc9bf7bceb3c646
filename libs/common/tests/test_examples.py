"""The examples of the documentation run as they stand there."""

from __future__ import annotations

import logging as stdlib_logging
import re
from pathlib import Path
from typing import Any

import pytest
import structlog

PAGES = ("cache.md", "limits.md", "lists.md", "observability.md", "http-client.md", "sse.md")


@pytest.mark.parametrize("page", PAGES)
async def test_the_example_of_the_page_runs(page: str, repository_root: Path, redis_url: str, nats_url: str) -> None:
    text = (repository_root / "docs" / "common" / page).read_text(encoding="utf-8")
    match = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert match, "the page has no example"
    namespace: dict[str, Any] = {"__name__": page}
    settings, handlers = structlog.get_config(), list(stdlib_logging.getLogger().handlers)
    level = stdlib_logging.getLogger().level
    try:
        exec(compile(match[1], page, "exec", dont_inherit=True), namespace)  # noqa: S102 - our own documentation
        await namespace["main"](redis_url, nats_url)
    finally:
        structlog.configure(**settings)
        stdlib_logging.getLogger().handlers[:] = handlers
        stdlib_logging.getLogger().setLevel(level)
