"""Reacts to the end of a company."""

from __future__ import annotations

from etter_common.context import Context
from etter_extraction.documents import service


async def company_erased(ctx: Context) -> None:
    await service.erase_files(ctx)
