"""Every user of NATS and Valkey may do what its service needs and nothing else, held against real servers.

The table is also held against the code: what a service hears, and which queues its workers take.
"""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.js.errors import NotFoundError
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError

from etter_common import auth
from etter_common.buckets import bucket
from etter_common.cache.shared import SharedTier
from etter_common.events import accounts, provision, streams
from etter_common.jobs import Queue
from etter_common.messaging import SERVICE_API, Nats
from etter_devstack.accounts import ROWS, Accounts, files
from etter_devstack.servers import nats, valkey
from etter_devstack.servers.ports import says

USERS = [(row, user) for row in ROWS for user in row.users]
BUCKETS = accounts.buckets(ROWS)
STREAMS = (
    streams.EVENTS, streams.DEAD_LETTERS, *(streams.jobs_stream(queue) for row in ROWS for queue in row.queues),
    *(f"KV_{name}" for name in BUCKETS),
)  # fmt: skip
VERBS = ("PURGE", "DELETE", "UPDATE", "CREATE", "MSG.DELETE", "SNAPSHOT", "RESTORE", "LEADER.STEPDOWN", "PEER.REMOVE")
CONSUMERS = {
    **{(streams.EVENTS, row.service): row.service for row in ROWS},
    **{(streams.jobs_stream(queue), streams.WORKERS): f"{row.service}-worker" for row in ROWS for queue in row.queues},
}
COMPANY = "019ab0f2-7c1e-7a52-9c11-3f0d5b8e2a64"
by_user = pytest.mark.parametrize(("row", "user"), USERS, ids=[user for _, user in USERS])


@pytest.fixture(scope="module")
def users() -> Accounts:
    return Accounts.for_tests()


@pytest.fixture
async def server(tmp_path: Path, users: Accounts) -> AsyncIterator[nats.Nats]:
    """A NATS with all that is provisioned."""
    server = nats.start(tmp_path / "nats", log=tmp_path / "log", accounts=users.nats_config)
    async with provision.connected(users.nats_url("provision", server.port)) as client:
        await provision.provision(client)
    yield server
    server.stop()


@pytest.fixture
async def operator(server: nats.Nats, users: Accounts) -> AsyncIterator[Nats]:
    async with provision.connected(users.nats_url("operator", server.port)) as client:
        yield client


class Attacker:
    """Someone with a user's address, and a list of what the server has refused."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.refused: list[str] = []

    @classmethod
    async def of(cls, url: str, user: str) -> Attacker:
        attacker = cls(Client())
        await attacker.client.connect(
            url, error_cb=attacker._note, inbox_prefix=f"_INBOX_{user}", allow_reconnect=False
        )  # fmt: skip
        return attacker

    async def _note(self, error: Exception) -> None:
        self.refused.append(str(error))

    async def publish(self, *subjects: str, body: bytes = b"", reply: str = "", **headers: str) -> list[str]:
        """Those that the server has refused."""
        before = len(self.refused)
        for subject in subjects:
            await self.client.publish(subject, body, reply=reply, headers=headers or None)
        return await self._answers(before, subjects)

    async def subscribe(self, *subjects: str) -> list[str]:
        before = len(self.refused)
        for subject in subjects:
            await self.client.subscribe(subject)
        return await self._answers(before, subjects)

    async def _answers(self, before: int, subjects: tuple[str, ...]) -> list[str]:
        await self.client.flush()
        await self.client.flush()  # errors are told from a task of their own
        heard = " ".join(self.refused[before:]).lower()
        return [subject for subject in subjects if f'"{subject.lower()}"' in heard]


@pytest.fixture
async def attackers(server: nats.Nats, users: Accounts) -> AsyncIterator[dict[str, Attacker]]:
    found = {user: await Attacker.of(users.nats_url(user, server.port), user) for _, user in USERS}
    yield found
    for attacker in found.values():
        await attacker.client.close()


async def contents(operator: Nats) -> dict[str, tuple[int, int]]:
    infos = await operator.jetstream().streams_info()
    return {info.config.name or "": (info.state.messages, info.state.last_seq) for info in infos}


class TestTable:
    @pytest.mark.parametrize("row", ROWS, ids=lambda row: row.service)
    def test_is_what_the_code_does(self, row: accounts.Account) -> None:
        worker = importlib.import_module(f"etter_{row.service}.worker")
        assert sorted(row.hears) == sorted({one.payload_type.type for one in worker.subscriptions})
        queues = [value for value in vars(worker).values() if isinstance(value, Queue)]
        assert sorted(row.queues) == sorted(queue.name for queue in queues)
        assert {queue.ack_wait_s for queue in queues} <= {streams.JOB_ACK_WAIT_S}

    def test_only_auth_writes_buckets(self) -> None:
        assert [row.service for row in ROWS if row.buckets] == ["auth"]
        assert set(BUCKETS) == set(provision.BUCKETS)


class TestNats:
    @pytest.mark.parametrize("greeting", [b"{}", b'{"user":"core"}', b'{"user":"core","pass":"wrong"}'])
    async def test_nobody_without_a_password(self, server: nats.Nats, greeting: bytes) -> None:
        ask = b"CONNECT " + greeting + b"\r\nPING\r\n"
        assert await asyncio.to_thread(says, server.port, ask, b"Authorization Violation")

    async def test_whatever_is_another_services_is_refused(
        self, attackers: dict[str, Attacker], operator: Nats
    ) -> None:
        before = await contents(operator)
        for row, user in USERS:
            foreign = [
                *(f"etter.{other.service}.thing.done.v1.{COMPANY}.{COMPANY}" for other in ROWS if other != row),
                *(f"etter.dead_letters.{other.service}.1" for other in ROWS if other != row),
                *(f"etter.jobs.{queue}.1" for other in ROWS if other != row for queue in other.queues),
                *(f"$KV.{name}.key" for name in BUCKETS if name not in row.buckets),
                *(f"etter.kv.{name}.key" for name in BUCKETS),
                *(f"etter.progress.{other.service}.1" for other in ROWS if other != row),
                *(f"_INBOX_{other}.1" for _, other in USERS if other != user),
                "_INBOX.1", "_R_.1", "$SYS.REQ.SERVER.PING", "$JS.FC.KV_auth-keys.1",
            ]  # fmt: skip
            assert await attackers[user].publish(*foreign, body=b"{}") == foreign, user
        assert await contents(operator) == before

    async def test_no_stream_is_made_changed_emptied_or_deleted(
        self, attackers: dict[str, Attacker], operator: Nats
    ) -> None:
        before = await contents(operator)
        subjects = [f"{api}.STREAM.{verb}.{name}" for api in ("$JS.API", SERVICE_API) for verb in VERBS
                    for name in (*STREAMS, "MINE")]  # fmt: skip
        for _, user in USERS:
            assert await attackers[user].publish(*subjects) == subjects, user
        assert await contents(operator) == before

    async def test_no_consumer_is_made_or_deleted_and_anothers_is_not_read(
        self, attackers: dict[str, Attacker], operator: Nats
    ) -> None:
        for _, user in USERS:
            subjects = [
                *(f"{SERVICE_API}.CONSUMER.{verb}.{name}" for name in STREAMS
                  for verb in ("CREATE", "LIST", "NAMES")),
                *(f"{SERVICE_API}.CONSUMER.{verb}.{name}.mine" for name in STREAMS
                  for verb in ("CREATE", "DURABLE.CREATE", "DELETE", "PAUSE", "MSG.NEXT", "INFO")),
                *(f"{SERVICE_API}.CONSUMER.{verb}.{name}.{consumer}" for (name, consumer), owner in CONSUMERS.items()
                  for verb in ("MSG.NEXT", "INFO") if owner != user),
                *(f"{SERVICE_API}.CONSUMER.DELETE.{name}.{consumer}" for name, consumer in CONSUMERS),
                *(f"$JS.ACK.{name}.{consumer}.1.1.1.1.1" for (name, consumer), owner in CONSUMERS.items()
                  if owner != user),
                *(f"{SERVICE_API}.{verb}.{name}" for name in STREAMS if not name.startswith("KV_")
                  for verb in ("DIRECT.GET", "STREAM.INFO")),
                *(f"{SERVICE_API}.STREAM.MSG.GET.{name}" for name in STREAMS
                  if (user, name) != ("auth", streams.EVENTS)),
            ]  # fmt: skip
            assert await attackers[user].publish(*subjects) == subjects, user
        for name, consumer in CONSUMERS:
            assert (await operator.jetstream().consumer_info(name, consumer)).name == consumer

    async def test_nobody_listens_to_others(self, attackers: dict[str, Attacker]) -> None:
        for _, user in USERS:
            subjects = [
                ">", "etter.>", "$KV.>", "$JS.>", "_INBOX.>", "_R_.>", "$SYS.>", "etter.kv.>",
                *(f"etter.{other.service}.>" for other in ROWS), *(f"_INBOX_{other}.>" for _, other in USERS
                                                                   if other != user),
            ]  # fmt: skip
            assert await attackers[user].subscribe(*subjects) == subjects, user

    async def test_a_reply_does_what_its_asker_may_not(self, attackers: dict[str, Attacker], operator: Nats) -> None:
        """JetStream answers on whatever subject a request names, past the permissions of its asker."""
        await operator.jetstream().publish(f"etter.core.a.b.v1.{COMPANY}.{COMPANY}", b"1")
        await (await bucket(operator, auth.KEYS_BUCKET)).put("kid", b"{}")
        before = await contents(operator)
        targets = [f"$JS.API.STREAM.{verb}.{name}" for verb in ("DELETE", "PURGE") for name in STREAMS]
        targets += [f"{SERVICE_API}.STREAM.DELETE.{name}" for name in STREAMS]
        targets += [f"$KV.{name}.forged" for name in BUCKETS]
        targets += [f"etter.auth.company.deleted.v1.{COMPANY}.{COMPANY}"]
        for row, user in USERS:
            if row.service == "auth":  # it may write most of these anyway
                continue
            asks = [grant.local.replace("*", "1").replace(">", "1") for grant in accounts.grants(row, user, BUCKETS)]
            asks = [ask for ask in asks if ask.startswith(SERVICE_API)]
            body = json.dumps({"batch": 100, "no_wait": True, "seq": 1, "next_by_subj": ">"}).encode()
            for target in targets:
                for ask in asks:
                    await attackers[user].client.publish(ask, body, reply=target)
            await attackers[user].client.flush()
        await operator.flush()
        assert await contents(operator) == before

    @by_user
    async def test_what_a_service_needs_works(
        self, row: accounts.Account, user: str, server: nats.Nats, users: Accounts, operator: Nats
    ) -> None:
        await (await bucket(operator, auth.KEYS_BUCKET)).put("kid", b"jwk")
        async with provision.connected(users.nats_url(user, server.port)) as client:
            js = client.jetstream()
            ack = await js.publish(f"etter.{row.service}.thing.done.v1.{COMPANY}.{COMPANY}", b"{}")
            assert ack.stream == streams.EVENTS
            assert (await js.publish(f"etter.dead_letters.{row.service}.1", b"")).stream == streams.DEAD_LETTERS
            for queue in row.queues:
                assert (await js.publish(f"etter.jobs.{queue}.1", b"")).stream == streams.jobs_stream(queue)
            for (stream, consumer), owner in CONSUMERS.items():
                if owner == user:
                    assert (await js.consumer_info(stream, consumer)).name == consumer
            store = await bucket(client, auth.KEYS_BUCKET)
            assert (await store.get("kid")).value == b"jwk"
            follower = await store.watchall()
            first = await follower.updates()
            assert first is not None
            assert (first.key, await follower.updates()) == ("kid", None)
            await (await bucket(operator, auth.KEYS_BUCKET)).delete("kid")
            last = await follower.updates()
            assert last is not None
            assert last.operation == "DEL"
            await follower.stop()

    async def test_auth_writes_its_buckets(self, server: nats.Nats, users: Accounts) -> None:
        async with provision.connected(users.nats_url("auth", server.port)) as client:
            for name in BUCKETS:
                store = await bucket(client, name)
                await store.put("key", b"1")
                assert (await store.get("key")).value == b"1"
                await store.delete("key")

    async def test_a_missing_stream_is_an_error_at_once(self, server: nats.Nats, users: Accounts) -> None:
        async with provision.connected(users.nats_url("core", server.port)) as client, asyncio.timeout(2):
            with pytest.raises(NotFoundError):
                await (await bucket(client, auth.KEYS_BUCKET)).get("nothing")

    def test_streams_of_a_server_without_accounts_are_taken_over(self, tmp_path: Path, users: Accounts) -> None:
        async def fill(url: str) -> None:
            client = Nats(url)
            await client.open(name="before")
            await provision.provision(client)
            await client.jetstream().publish(f"etter.core.a.b.v1.{COMPANY}.{COMPANY}", b"kept")
            await client.close()

        async def kept(url: str) -> bytes | None:
            async with provision.connected(url) as client:
                return (await client.jetstream().get_msg(streams.EVENTS, seq=1)).data

        before = nats.start(tmp_path / "nats", log=tmp_path / "log")
        asyncio.run(fill(before.url))
        before.stop()
        after = nats.start(tmp_path / "nats", log=tmp_path / "log", accounts=users.nats_config)
        assert asyncio.run(kept(users.nats_url("operator", after.port))) == b"kept"
        after.stop()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory, users: Accounts) -> Iterator[valkey.Valkey]:
    folder = tmp_path_factory.mktemp("valkey")
    server = valkey.start(folder / "valkey", log=folder / "log", acl=users.valkey_acl)
    yield server
    server.stop()


def client(cache: valkey.Valkey, users: Accounts, user: str) -> Redis:
    return Redis.from_url(users.valkey_url(user, cache.port))


class TestValkey:
    def test_nobody_without_a_password(self, cache: valkey.Valkey) -> None:
        with pytest.raises((AuthenticationError, ResponseError)):
            Redis.from_url(cache.url).get("etter:core:x")

    @by_user
    def test_keys_of_others_are_refused(
        self, row: accounts.Account, user: str, cache: valkey.Valkey, users: Accounts
    ) -> None:
        with client(cache, users, user) as redis:
            redis.set(f"etter:{row.service}:cache:x", "1")
            assert redis.get(f"etter:{row.service}:cache:x") == b"1"
            script = "return redis.call('GET', KEYS[1])"
            assert redis.eval(script, 1, f"etter:{row.service}:cache:x") == b"1"
            for other in (*(one.service for one in ROWS if one != row), "", f"{row.service}2"):
                with pytest.raises(NoPermissionError):
                    redis.get(f"etter:{other}:cache:x")
                with pytest.raises(NoPermissionError):
                    redis.set(f"etter:{other}:cache:x", "1")
                with pytest.raises(NoPermissionError):
                    redis.eval(script, 1, f"etter:{other}:cache:x")
                with pytest.raises(ResponseError, match=r"(?i)permission|access"):
                    redis.eval(f"return redis.call('GET', 'etter:{other}:cache:x')", 0)

    @by_user
    @pytest.mark.parametrize(
        "command",
        ["FLUSHALL", "FLUSHDB", "CONFIG GET *", "KEYS *", "SCAN 0", "SCRIPT FLUSH", "SLOWLOG GET", "ACL LIST",
         "SHUTDOWN", "MONITOR", "CLIENT LIST", "SAVE", "REPLICAOF NO ONE", "SUBSCRIBE x", "PUBLISH x y", "INFO",
         "RANDOMKEY", "SWAPDB 0 1", "FUNCTION LIST", "DBSIZE", "MODULE LIST", "WAIT 0 0", "LATENCY DOCTOR"],
    )  # fmt: skip
    def test_commands_for_operators_are_refused(
        self, row: accounts.Account, user: str, command: str, cache: valkey.Valkey, users: Accounts
    ) -> None:
        with client(cache, users, user) as redis, pytest.raises(NoPermissionError):
            redis.execute_command(*command.split(" "))

    def test_an_operator_may_empty_it(self, cache: valkey.Valkey, users: Accounts) -> None:
        with client(cache, users, "operator") as redis:
            redis.set("etter:core:cache:y", "1")
            redis.flushall()
            assert redis.dbsize() == 0

    @by_user
    async def test_the_cache_works(
        self, row: accounts.Account, user: str, cache: valkey.Valkey, users: Accounts
    ) -> None:
        from redis.asyncio import Redis as AsyncRedis

        from etter_common.cache.keys import CacheKey
        from etter_common.cache.shared import Change
        from etter_common.ratelimit import RateLimiter

        redis = AsyncRedis.from_url(users.valkey_url(user, cache.port))
        tier, key = SharedTier(redis, row.service, budget_s=5), CacheKey(None, "lists")
        found = await tier.fetch(key, ["a"], "token")
        assert found is not None
        assert await tier.store(key, ["a"], b"body", token="token", versions=found.versions, ttl_s=60) is True
        again = await tier.fetch(key, ["a"], "")
        assert again is not None
        assert again.body == b"body"
        assert await tier.lead(key, "token")
        await tier.release(key, "token")
        for name in (f"event of {user}", None):
            dropped = await tier.bump([Change(("a",), name)])
            assert dropped is not None
            assert dropped.tags == ["a"]
        assert dropped is not None
        assert await tier.heal() == dropped.number
        decision = await RateLimiter(redis, service=row.service, budget_s=5).check("caller")
        assert decision.allowed
        await tier.close()
        await redis.aclose()


@pytest.mark.parametrize("name", files())
def test_rendered_files_are_the_tables(name: str, repository_root: Path) -> None:
    """Compose, Kubernetes and the local stack have the same accounts."""
    assert (repository_root / name).read_text(encoding="utf-8") == files()[name], "run `make accounts`"
