"""What is done with companies."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from nats.js.errors import NotFoundError

from etter_auth import foreign
from etter_auth.api_keys import service as api_keys
from etter_auth.audit_events.entries import Entry
from etter_auth.audited_repository import together
from etter_auth.companies import events
from etter_auth.companies.errors import OwnCompany
from etter_auth.companies.models import Company
from etter_auth.companies.repository import CompanyRepository
from etter_auth.companies.schemas import CompanyCreate, CompanyQuery, CompanyUpdate
from etter_auth.sessions import service as sessions
from etter_common import etags
from etter_common.buckets import Bucket, bucket, entries
from etter_common.context import Context
from etter_common.events import erasures, streams
from etter_common.events.contracts.auth import CompanyDeleted
from etter_common.events.envelope import SUBJECT_ROOT, Event
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.responses import Slice


async def list_page(ctx: Context, query: CompanyQuery) -> Slice:
    return await CompanyRepository(ctx).list_page(query)


async def get(ctx: Context, company_id: UUID) -> Company:
    return await CompanyRepository(ctx).get(company_id)


async def create(ctx: Context, data: CompanyCreate) -> Company:
    company_id = new_id()
    entry = Entry("companies:create", company_id, target_id=company_id)
    company = await CompanyRepository(ctx).make({"id": company_id, **data.model_dump()}, entry)
    await ctx.publish(events.company_created(company))
    return company


async def update(ctx: Context, company_id: UUID, data: CompanyUpdate, *, if_match: str | None) -> Company:
    companies = CompanyRepository(ctx)
    company = await companies.get(company_id, for_update=True)
    etags.require_match(if_match, company.version)
    values = data.changes()
    if not values:
        return company
    entry = Entry("companies:change", company_id, target_id=company_id, details={"fields": sorted(values)})
    changed = await companies.alter(company_id, values, entry)
    await ctx.publish(events.company_changed(changed))
    return changed


async def delete(ctx: Context, company_id: UUID, *, if_match: str | None) -> None:
    """End a tenant: users, sessions, API keys and log go here, everything else where the event is heard.

    The entry about it goes to the log of the caller's company, which stays.
    """
    companies = CompanyRepository(ctx)
    company = await companies.get(company_id, for_update=True)
    etags.require_match(if_match, company.version)
    if company_id == ctx.company_id:
        raise OwnCompany
    entry = Entry("companies:delete", ctx.company_id, target_id=company_id, details={"name": company.name})
    ending, revoking = sessions.ending_of_company(company_id), api_keys.ending_of_company(company_id)
    beside = [ending.statement, revoking.statement]
    changed = await companies.remove(company_id, entry, beside=beside, extra=together(ending, revoking))
    ended, revoked = changed.extra
    await sessions.announce_ended(ctx, company_id, ended, reason="company_deleted")
    await api_keys.announce_revoked(ctx, company_id, revoked, reason="company_deleted")
    await ctx.publish(events.company_deleted(company_id))


async def provide(ctx: Context, data: CompanyCreate, company_id: UUID | None = None) -> tuple[Company, bool]:
    """The company of this id or else of this name, made if there is none of the name; for the seed. The flag: made now.

    Raises `CompanyNotFound`, and `LookupError` where the name alone does not say which.
    """
    companies = CompanyRepository(ctx)
    found = [await companies.get(company_id)] if company_id else await companies.named(data.name)
    if len(found) > 1:
        raise LookupError(data.name)
    return (found[0], False) if found else (await create(ctx, data), True)


async def ids(ctx: Context) -> Sequence[UUID]:
    """All companies a system context sees, in the order of ids."""
    return await CompanyRepository(ctx).ids()


async def exists(ctx: Context, company_id: UUID) -> bool:
    return await CompanyRepository(ctx).exists(company_id)


async def confirm_announced(platform: Platform) -> None:
    """Confirm the ends that the stream still has, should they have been announced before auth confirmed any."""
    js = platform.nats.jetstream()
    subject, sequence = f"{SUBJECT_ROOT}.{CompanyDeleted.type}.*.*", 0
    confirmed = await entries(await _ends(platform))
    while True:
        try:
            message = await js.get_msg(streams.EVENTS, seq=sequence + 1, subject=subject, next=True)
        except NotFoundError:
            return
        sequence = message.seq or 0
        company_id = UUID((message.subject or "").rpartition(".")[2])
        async with platform.work(system=True) as ctx:
            is_there = await exists(ctx, company_id)
        if not is_there and str(company_id) not in confirmed:
            await erasures.confirm(platform.nats, company_id)


async def withdraw_unfounded(platform: Platform) -> None:
    """Take back the confirmed ends of companies that are there: auth has not written them."""
    store = await _ends(platform)
    confirmed = await entries(store)
    if not confirmed:
        return
    async with platform.work(system=True) as ctx:
        unfounded = confirmed.keys() & {str(company_id) for company_id in await ids(ctx)}
    for company_id in unfounded:
        await store.delete(company_id)
        foreign.report(erasures.BUCKET, company_id)


async def _ends(platform: Platform) -> Bucket:
    return await bucket(platform.nats, erasures.BUCKET, replicas=platform.settings.nats_replicas)


async def present(ctx: Context, after: UUID | None, _limit: int) -> Sequence[tuple[UUID, Event]]:
    """The context's one company as it is, to be told again (`events.snapshot`)."""
    if after is not None:
        return []
    company = await CompanyRepository(ctx).get(ctx.company_id, for_update=True)
    return [(company.id, events.company_changed(company))]
