"""Who may do what on NATS and Valkey: the table `contracts/accounts.toml` as configuration of the two servers.

Streams, buckets and consumers live in the NATS account `ETTER`, where only operators connect. Each service has an
account of its own, which imports from `ETTER` the subjects that the table gives it and nothing else. Permissions within
one account would not do: a client chooses the reply subject of a request, JetStream publishes its answer there without
looking at the client's permissions, and an answer on `$JS.API.STREAM.DELETE.…` deletes a stream. An answer to a
request from another account stays in that account.

A service's API and its worker are two users of its account, each with what it needs. The API of JetStream has a prefix
of its own in the services' accounts, as every account has `$JS.API` of its own.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from etter_common.events import streams
from etter_common.events.envelope import SUBJECT_ROOT
from etter_common.messaging import API, OPERATORS, REPUBLISHED, SERVICE_API, inbox_prefix

OWNER: Final = "ETTER"

_PROVISION: Final = (
    "STREAM.INFO.*", "STREAM.CREATE.*", "STREAM.UPDATE.*", "CONSUMER.CREATE.>", "CONSUMER.DURABLE.CREATE.>",
    "CONSUMER.INFO.>",
)  # fmt: skip
_VALKEY_COMMANDS: Final = (
    "auth", "client|setinfo", "client|setname", "del", "eval", "evalsha", "get", "hello", "hget", "hset", "incr",
    "pexpire", "ping", "pttl", "script|exists", "script|load", "select", "set", "time",
)  # fmt: skip


@dataclass(frozen=True)
class Account:
    """One service's row of the table."""

    service: str
    hears: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    reads_events: bool = False

    @property
    def name(self) -> str:
        return self.service.upper()

    @property
    def users(self) -> tuple[str, ...]:
        return (self.service, f"{self.service}-worker") if self.queues else (self.service,)


@dataclass(frozen=True)
class Grant:
    """A subject of `ETTER` that an account may publish to; `answers`: there may be several to one request."""

    subject: str
    answers: bool = False

    @property
    def local(self) -> str:
        """Its name in the service's account."""
        return self.subject.replace(API, SERVICE_API, 1)


def table() -> tuple[Account, ...]:
    text = files("etter_common.events.contracts").joinpath("accounts.toml").read_text(encoding="utf-8")
    rows: dict[str, dict[str, list[str] | bool]] = tomllib.loads(text)
    return tuple(
        Account(service, **{k: tuple(v) if isinstance(v, list) else v for k, v in row.items()})  # type: ignore[arg-type]
        for service, row in rows.items()
    )


def users(rows: Iterable[Account]) -> tuple[str, ...]:
    """All that have a password: operators, services and workers."""
    return (*OPERATORS, *(user for row in rows for user in row.users))


def buckets(rows: Iterable[Account]) -> tuple[str, ...]:
    return tuple(bucket for row in rows for bucket in row.buckets)


def grants(row: Account, user: str, readable: Iterable[str]) -> list[Grant]:
    """What one user may publish to in `ETTER`; `readable` are the buckets that all may read."""
    found = [Grant(f"{SUBJECT_ROOT}.{row.service}.*.*.*.*.*"), Grant(_letters(row.service))]
    found.append(Grant(streams.health_subject(row.service)))
    found += [Grant(streams.jobs_subject(queue)) for queue in row.queues]
    found += [Grant(_letters(f"jobs-{queue}")) for queue in row.queues]
    for bucket in readable:
        found += [
            Grant(f"{API}.STREAM.INFO.KV_{bucket}"),
            Grant(f"{API}.DIRECT.GET.KV_{bucket}", answers=True),
            Grant(f"{API}.DIRECT.GET.KV_{bucket}.>"),
        ]
    found += [Grant(f"$KV.{bucket}.>") for bucket in row.buckets]
    if row.reads_events:
        found.append(Grant(f"{API}.STREAM.MSG.GET.{streams.EVENTS}"))
    if user == row.service:
        return found + _reading(streams.EVENTS, row.service)
    return found + [grant for queue in row.queues for grant in _reading(streams.jobs_stream(queue), streams.WORKERS)]


def signals(row: Account) -> tuple[str, ...]:
    """What processes of one service tell each other; it does not leave their account."""
    return (
        "etter.cache.invalidate.v1", f"etter.progress.{row.service}.*", "etter.signals.>", *row.signals
    )  # fmt: skip


def nats_config(rows: tuple[Account, ...]) -> str:
    """The accounts as a file for nats-server; the passwords are variables, defined next to it (`nats_passwords`)."""
    readable = buckets(rows)
    parts = [_owner(rows, readable), *(_service(row, readable) for row in rows)]
    head = "# Rendered from libs/common/etter_common/events/contracts/accounts.toml by `make accounts`.\n"
    return f"{head}accounts {{\n{''.join(parts)}}}\n"


def nats_passwords(passwords: Mapping[str, str]) -> str:
    """The variables of `nats_config`, a secret file. A password is random and long, so no slow hash would add to it."""
    return "".join(f'{_variable(user)}: "{password}"\n' for user, password in passwords.items())


def valkey_acl(rows: tuple[Account, ...], hashes: Mapping[str, str]) -> str:
    """The ACL file of Valkey, from SHA-256 of passwords. Every service has its own keys, none of them is shared."""
    lines = ["user default off resetchannels -@all"]
    commands = " ".join(f"+{command}" for command in _VALKEY_COMMANDS)
    for row in rows:
        lines += [
            f"user {user} on #{hashes[user]} resetchannels ~etter:{row.service}:* -@all {commands}"
            for user in row.users
        ]
    lines.append(f"user operator on #{hashes['operator']} allkeys allchannels +@all")
    return "\n".join(lines) + "\n"


def _letters(consumer: str) -> str:
    return f"{SUBJECT_ROOT}.dead_letters.{consumer}.*"


def _reading(stream: str, consumer: str) -> list[Grant]:
    return [
        Grant(f"{API}.CONSUMER.INFO.{stream}.{consumer}"),
        Grant(f"{API}.CONSUMER.MSG.NEXT.{stream}.{consumer}", answers=True),
        Grant(f"$JS.ACK.{stream}.{consumer}.>"),
    ]


def _owner(rows: tuple[Account, ...], readable: tuple[str, ...]) -> str:
    to: dict[Grant, list[str]] = {}
    for row in rows:
        for grant in _of_account(row, readable):
            to.setdefault(grant, []).append(row.name)
    exports = [
        f'{{service: "{grant.subject}", accounts: [{", ".join(names)}]{_answers(grant)}}}'
        for grant, names in to.items()
    ]
    everybody = ", ".join(row.name for row in rows)
    exports += [f'{{stream: "{REPUBLISHED}.{bucket}.>", accounts: [{everybody}]}}' for bucket in readable]
    making = [f"{API}.{what}" for what in _PROVISION]
    people = [
        f"{{user: operator, password: {_password('operator')}}}",
        _user("provision", publish=making, subscribe=[f"{inbox_prefix('provision')}.>"]),
    ]
    return f"  {OWNER} {{\n    jetstream: enabled\n{_list('users', people)}{_list('exports', exports)}  }}\n"


def _service(row: Account, readable: tuple[str, ...]) -> str:
    people = []
    for user in row.users:
        own = [*signals(row), f"{inbox_prefix(user)}.>"]
        heard = [*own, *(f"{REPUBLISHED}.{bucket}.>" for bucket in readable)]
        people.append(
            _user(user, publish=[grant.local for grant in grants(row, user, readable)] + own, subscribe=heard)
        )
    imports = [_import(grant) for grant in _of_account(row, readable)]
    imports += [f'{{stream: {{account: {OWNER}, subject: "{REPUBLISHED}.{bucket}.>"}}}}' for bucket in readable]
    return f"  {row.name} {{\n{_list('users', people)}{_list('imports', imports)}  }}\n"


def _of_account(row: Account, readable: tuple[str, ...]) -> list[Grant]:
    return list(dict.fromkeys(grant for user in row.users for grant in grants(row, user, readable)))


def _import(grant: Grant) -> str:
    place = f', to: "{grant.local}"' if grant.local != grant.subject else ""
    return f'{{service: {{account: {OWNER}, subject: "{grant.subject}"}}{place}}}'


def _answers(grant: Grant) -> str:
    return ", response_type: stream" if grant.answers else ""


def _user(user: str, *, publish: list[str], subscribe: list[str]) -> str:
    allowed = f"publish: {{allow: [{_quoted(publish)}]}}, subscribe: {{allow: [{_quoted(subscribe)}]}}"
    return f"{{user: {user}, password: {_password(user)}, permissions: {{{allowed}}}}}"


def _quoted(subjects: Iterable[str]) -> str:
    return ", ".join(f'"{subject}"' for subject in subjects)


def _list(name: str, entries: Iterable[str]) -> str:
    return f"    {name}: [\n" + "".join(f"      {entry},\n" for entry in entries) + "    ]\n"


def _password(user: str) -> str:
    return f"${_variable(user)}"


def _variable(user: str) -> str:
    return f"password_{user.replace('-', '_')}"
