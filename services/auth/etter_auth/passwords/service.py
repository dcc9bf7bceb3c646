"""Signing in with a password, and changing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from etter_auth import metrics
from etter_auth.audit_events import service as audit
from etter_auth.audit_events.entries import Entry
from etter_auth.hashing import Hasher
from etter_auth.passwords import policy, repository
from etter_auth.passwords.errors import CompanyRequired, InvalidCredentials, SignInDelayed, WeakPassword, WrongPassword
from etter_auth.passwords.repository import (
    Account,
    AccountRepository,
    PasswordRepository,
    StoredPasswordRepository,
)
from etter_auth.passwords.schemas import Credentials, PasswordChange
from etter_auth.passwords.tries import Outcome, buckets_of
from etter_auth.passwords.tries_repository import Hold, TriesRepository
from etter_auth.sessions import service as sessions
from etter_auth.sessions.schemas import TokensOut
from etter_auth.users.models import User
from etter_common.context import Context
from etter_common.errors import FieldError, Unauthenticated
from etter_common.ratelimit import Policy

AMR = ("pwd",)  # RFC 8176
CHANGES = Policy("password-change", 10, 900)  # who has got hold of a token does not get to guess the password


async def sign_in(ctx: Context, credentials: Credentials) -> TokensOut:
    """First tokens of a new session; raises `SignInDelayed` or `InvalidCredentials`, which say nothing more.

    A permit to hash comes first: who waits for one has no connection and no count. The try's hold is committed before
    a hash is checked, and no connection is kept meanwhile.
    """
    email = normal_email(credentials.email)
    hasher = ctx.platform.part(Hasher)
    async with hasher.permit():
        async with ctx.platform.work(origin=ctx.origin, system=True) as apart:
            hold = await _admit(apart, email)
            accounts = await _meant(apart, email, credentials.company_id)
        stored = [account.opens_with for account in accounts if account.opens_with]
        matching = await hasher.matching(stored, credentials.password.get_secret_value())
    right = [account for account in accounts if account.opens_with in matching]
    if not right:
        raise _refused(ctx, accounts, hold)
    if len(right) > 1:
        raise _undecided(ctx, right, hold)
    return await _start(ctx, right[0], matching, hold)


async def _meant(ctx: Context, email: str, company_id: UUID | None) -> Sequence[Account]:
    """The account of the company that was named, or all that a password could open."""
    accounts = AccountRepository(ctx)
    if company_id is None:
        return await accounts.with_password(email)
    found = await accounts.find(email, company_id=company_id)
    return [found] if found else []


async def _start(ctx: Context, account: Account, matching: Mapping[str, str | None], hold: Hold) -> TokensOut:
    user, stored = account.user, account.opens_with or ""
    beside = [hold.settled_right()]
    if fresh := matching[stored]:
        beside.append(repository.rehashing(user.id, old=stored, fresh=fresh))
    who = sessions.SignedIn(user.id, user.company_id, user.roles, AMR)
    signed_in = await sessions.start(ctx, who, only_if=repository.still_valid(user.id, stored), beside=beside)
    if signed_in is None:
        raise _refused(ctx, [account], hold)
    metrics.SIGN_INS.labels("success").inc()
    return signed_in


async def change(ctx: Context, data: PasswordChange) -> None:
    """Set one's own password; needs the current one (ASVS 6.2.3) and ends one's other sessions (7.4.3)."""
    limit = await ctx.platform.limiter.check(f"user:{ctx.user_id}", CHANGES)
    if not limit.allowed:
        raise SignInDelayed(headers=limit.headers())
    hasher = ctx.platform.part(Hasher)
    async with hasher.permit():  # before the row is locked: who waits for a permit has no connection
        await _change(ctx, data, hasher)


async def _change(ctx: Context, data: PasswordChange, hasher: Hasher) -> None:
    passwords = PasswordRepository(ctx)
    account = await passwords.lock_account(ctx.user_id)
    if account is None:
        raise Unauthenticated
    if not account.hash or not await hasher.matching([account.hash], data.current_password.get_secret_value()):
        audit.record(ctx, Entry("passwords:change", ctx.company_id, target_id=ctx.user_id, outcome="failure"))
        raise WrongPassword
    new = data.new_password.get_secret_value()
    check(new, account, pointer="/body/new_password")
    ending = sessions.ending_of_user(ctx.company_id, ctx.user_id, reason="password_changed", keep=ctx.session_id)
    entry = Entry("passwords:change", ctx.company_id, target_id=ctx.user_id)
    ended = await passwords.replace(
        ctx.user_id, await hasher.hash(new, beside=account.hash), entry, beside=ending.statement, extra=ending.ended
    )
    await sessions.announce_ended(ctx, ctx.company_id, ended or {}, reason="password_changed")


async def provide(ctx: Context, user: User, password: str) -> bool:
    """Give a user this password unless they have it already; for the seed, not for a request. Whether it was set."""
    accounts = AccountRepository(ctx)
    account = await accounts.find(user.email, company_id=user.company_id)
    if account is None:
        raise LookupError(user.email)
    check(password, account, pointer="/password")
    hasher = ctx.platform.part(Hasher)
    if account.hash and await hasher.matching([account.hash], password):
        return False
    others = [other.hash for other in await accounts.with_password(user.email)]
    beside = next(iter(others), account.hash)
    await StoredPasswordRepository(ctx).set(user, await hasher.hash(password, beside=beside))
    audit.record(ctx, Entry("passwords:provide", user.company_id, target_id=user.id))
    return True


def check(password: str, account: Account, *, pointer: str) -> None:
    """Raises `WeakPassword` with the reason."""
    reason = policy.weakness(password, context=account.context_words)
    if reason is not None:
        raise WeakPassword(errors=[FieldError(pointer, reason, "weak_password")])


def normal_email(email: str) -> str:
    return email.strip().lower()


async def prune(ctx: Context) -> None:
    await TriesRepository(ctx).forget()


async def _admit(ctx: Context, email: str) -> Hold:
    """Hold room for the try; raises `SignInDelayed` when a bucket that counts here has none."""
    buckets = buckets_of(email, ctx.origin.client_ip, key=ctx.signing_key)
    hold = await TriesRepository(ctx).hold(buckets, for_s=ctx.platform.settings.request_timeout_s)
    if hold.wait_s:
        metrics.SIGN_INS.labels("delayed").inc()
        ctx.append(hold.settled(Outcome.DELAYED))
        raise SignInDelayed(headers={"Retry-After": str(hold.wait_s)}, retry_after_s=hold.wait_s)
    return hold


def _refused(ctx: Context, accounts: Sequence[Account], hold: Hold) -> InvalidCredentials:
    """Counted, and logged for each account the password was looked for in, and for no other company."""
    metrics.SIGN_INS.labels("refused").inc()
    ctx.append(hold.settled(Outcome.WRONG))
    nobody = Entry("sessions:start", None, outcome="failure", details={"reason": "credentials"})
    audit.record(ctx, *([_failure(account, "credentials") for account in accounts] or [nobody]))
    return InvalidCredentials()


def _undecided(ctx: Context, accounts: Sequence[Account], hold: Hold) -> CompanyRequired:
    metrics.SIGN_INS.labels("undecided").inc()
    ctx.append(hold.settled(Outcome.RIGHT))
    audit.record(ctx, *(_failure(account, "company_required") for account in accounts))
    named = sorted(accounts, key=lambda account: (account.company_name.lower(), account.user.company_id))
    return CompanyRequired(companies=[{"id": str(one.user.company_id), "name": one.company_name} for one in named])


def _failure(account: Account, reason: str) -> Entry:
    user = account.user
    return Entry("sessions:start", user.company_id, target_id=user.id, outcome="failure", details={"reason": reason})
