"""The end of a company takes its files too."""

from __future__ import annotations

from pathlib import Path

from etter_common.context import Context
from etter_common.ids import new_id
from etter_extraction.documents import handlers

from ..factories import make_document


class TestCompanyErased:
    async def test_its_files_go_and_a_neighbours_stay(self, ctx: Context, objects: Path) -> None:
        neighbour = ctx.platform.context(origin=ctx.origin, company_id=new_id())
        neighbour.principal = ctx.principal
        for context in (ctx, neighbour):
            await make_document(context)
        await handlers.company_erased(ctx)
        await handlers.company_erased(ctx)  # the hourly look finds nothing
        assert not (objects / str(ctx.company_id)).exists()
        assert len(list((objects / str(neighbour.company_id)).iterdir())) == 1
        await neighbour.finish(RuntimeError())
