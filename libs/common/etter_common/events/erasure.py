"""A company's end: the service deletes all it has of it, answers with a receipt, and takes nothing of it back.

erasure.on_company_deleted(Base.metadata, CompanyErasedByCore)   # one of the service's subscriptions

Whatever arrives of the company later is not handled any more (`inbox`). A request or job that was under way at that
moment may still have written something: an hourly look deletes it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import ColumnClause, CursorResult, MetaData, Table, delete, literal_column, select

from etter_common import metrics
from etter_common.events import erasures, inbox
from etter_common.events.consumer import Subscription
from etter_common.events.contracts.auth import CompanyDeleted
from etter_common.events.envelope import Event, EventPayload
from etter_common.idempotency import IdempotencyRow
from etter_common.logging import get_logger

if TYPE_CHECKING:
    from etter_common.context import Context
    from etter_common.platform import Platform

BATCH: Final = 5_000  # rows a statement, so that each stays far below the statement's timeout
_ROW: Final[ColumnClause[Any]] = literal_column("ctid")  # Any: no Python type stands for it
_log = get_logger(__name__)


def on_company_deleted(
    metadata: MetaData, receipt: type[EventPayload], *, also: Callable[[Context], Awaitable[None]] | None = None
) -> Subscription:
    """Erase the company's rows in all tables of `metadata`, and by `also` what is kept elsewhere (files); then publish
    `receipt`, which has a `company_id` and the number of `rows`.

    `also` must be safe to repeat. It runs before the commit: what it deletes is gone even if that fails, and both are
    tried again.
    """

    async def erase_and_answer(ctx: Context, event: Event) -> None:
        company_id = ctx.company_id
        await _require_confirmation(ctx)
        await inbox.shut(ctx)
        rows = await erase(ctx, metadata)
        if also:
            await also(ctx)
        answer = receipt.model_validate({"company_id": company_id, "rows": rows})
        await ctx.publish(Event.of(answer, company_id=company_id, aggregate_id=event.aggregate_id))
        _log.info("company_erased", rows=rows)

    async def erase_again(platform: Platform) -> None:
        for company_id in await inbox.shut_companies(platform):
            async with platform.work(company_id=company_id) as ctx:
                rows = await erase(ctx, metadata)
                if also:
                    await also(ctx)
            if rows:
                _log.warning("company_erased_again", company_id=company_id, rows=rows)

    return Subscription(CompanyDeleted, erase_and_answer, upkeep=erase_again)


async def _require_confirmation(ctx: Context) -> None:
    try:
        await erasures.require(ctx.platform, ctx.company_id)
    except erasures.NotConfirmed:
        metrics.ERASURES_REFUSED.inc()
        _log.warning("company_erasure_not_confirmed", company_id=ctx.company_id)
        raise


async def erase(ctx: Context, metadata: MetaData) -> int:
    """Delete the context's company's rows, children first; how many there were."""
    tables = [table for table in reversed(metadata.sorted_tables) if "company_id" in table.c]
    return sum([await _empty(ctx, table) for table in (*tables, cast("Table", IdempotencyRow.__table__))])


async def _empty(ctx: Context, table: Table) -> int:
    own = table.c.company_id == ctx.company_id
    some = delete(table).where(_ROW.in_(select(_ROW).select_from(table).where(own).limit(BATCH)))
    count = 0
    while True:
        result = cast("CursorResult[Any]", await ctx.session.execute(some))  # Any: no row comes back
        count += result.rowcount
        if result.rowcount < BATCH:
            return count
