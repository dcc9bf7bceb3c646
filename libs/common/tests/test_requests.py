"""One request from end to end through the sample service: envelope, errors, transaction, tags, limits."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import AsyncIterator, Callable
from uuid import UUID

import pytest
import zstandard
from fastapi import FastAPI
from sqlalchemy import func, select, text, update

from etter_common import etags, idempotency, logging
from etter_common.cache import Entry
from etter_common.clock import utc_now
from etter_common.context import Context
from etter_common.events.envelope import Event
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import Caller, CheckedClient, TokenMint
from etter_common.testing.sample import Thing

pytestmark = pytest.mark.principal("analyst")
Clients = Callable[..., CheckedClient]


async def make(client: CheckedClient, name: str = "box", size: int = 1) -> dict[str, object]:
    response = await client.post("/things", json={"name": name, "size": size})
    assert response.status_code == 201, response.text
    made: dict[str, object] = response.json()["data"]
    return made


class TestEnvelope:
    async def test_one_thing_comes_in_data(self, client: CheckedClient) -> None:
        made = await make(client)
        response = await client.get(f"/things/{made['id']}")
        assert response.json() == {"data": made}

    async def test_request_id_is_taken_when_well_formed_and_made_otherwise(self, client: CheckedClient) -> None:
        given = await client.get("/things", headers={"X-Request-ID": "abc-12345"})
        forged = await client.get("/things", headers={"X-Request-ID": 'x" injected'})
        assert given.headers["x-request-id"] == "abc-12345"
        assert re.fullmatch("[0-9a-f]{32}", forged.headers["x-request-id"])

    async def test_security_headers_are_on_every_answer(self, client: CheckedClient) -> None:
        response = await client.get("/nowhere")
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in response.headers["content-security-policy"]


class TestErrors:
    async def test_validation_names_each_part_by_pointer_and_echoes_nothing(self, client: CheckedClient) -> None:
        response = await client.post("/things", json={"name": "", "size": "hunter2", "extra/field": 1})
        problem = response.json()
        assert response.status_code == 422
        assert problem["code"] == "VALIDATION_FAILED"
        assert {e["pointer"] for e in problem["errors"]} == {"/body/name", "/body/size", "/body/extra~1field"}
        assert "hunter2" not in response.text

    async def test_broken_json_is_a_bad_request(self, client: CheckedClient) -> None:
        response = await client.post("/things", content=b'{"name":', headers={"content-type": "application/json"})
        assert (response.status_code, response.json()["code"]) == (400, "BAD_REQUEST")

    @pytest.mark.parametrize("sent_as", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
    async def test_json_must_say_that_it_is(self, client: CheckedClient, sent_as: str | None) -> None:
        """A form on another site can send anything but this type without asking the browser first."""
        headers = {"content-type": sent_as} if sent_as else {}
        response = await client.post("/things", content=b'{"name": "x"}', headers=headers)
        assert (response.status_code, response.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
        assert response.headers["accept"] == "application/json"

    @pytest.mark.parametrize(
        ("path", "valid"), [("/things/public/answer", "none"), ("/things", "cursor, fields, include_total, limit")]
    )
    async def test_a_parameter_that_the_route_does_not_know(self, client: CheckedClient, path: str, valid: str) -> None:
        response = await client.get(path, params={"a~b/c": 1})
        assert (response.status_code, response.json()["code"]) == (422, "VALIDATION_FAILED")
        [error] = response.json()["errors"]
        assert (error["pointer"], error["message"][:7]) == ("/query/a~0b~1c", "valid: ")
        assert valid in error["message"]

    async def test_no_more_than_a_hundred_wrong_parts_are_named(self, client: CheckedClient) -> None:
        many = {f"no_such_{i}": "1" for i in range(120)}
        in_body = await client.post("/things", json={"name": "box", **many})
        in_query = await client.get("/things/public/answer", params=many)
        for response in (in_body, in_query):
            assert (response.status_code, len(response.json()["errors"])) == (422, 100)

    @pytest.mark.parametrize(
        ("method", "path", "headers"),
        [
            ("POST", "/things", {"content-type": "application/json"}),
            ("POST", "/things", {"content-type": "multipart/form-data; boundary=x"}),
            ("DELETE", "/things/0", {}),
            ("GET", "/things", {}),
            ("GET", "/nowhere", {}),
        ],
    )
    @pytest.mark.parametrize("coding", ["gzip", "br", "identity, GZIP", "zstd"])
    async def test_an_encoded_body_is_not_taken_empty_or_not(
        self, client: CheckedClient, method: str, path: str, headers: dict[str, str], coding: str
    ) -> None:
        for body in (b"", b"{}"):
            response = await client.request(method, path, content=body, headers={**headers, "content-encoding": coding})
            assert (response.status_code, response.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
            assert response.headers["accept-encoding"] == "identity"

    @pytest.mark.parametrize("coding", ["identity", "Identity", "", "identity, identity"])
    async def test_no_encoding_may_be_said(self, client: CheckedClient, coding: str) -> None:
        response = await client.post("/things", json={"name": "plain"}, headers={"content-encoding": coding})
        assert response.status_code == 201

    async def test_unknown_path_and_method(self, client: CheckedClient) -> None:
        assert (await client.get("/nothing/here")).json()["code"] == "NOT_FOUND"
        assert (await client.put("/things")).json()["code"] == "METHOD_NOT_ALLOWED"

    async def test_a_bug_tells_nothing_of_the_inside(self, client: CheckedClient) -> None:
        response = await client.get("/things/broken/answer")
        assert (response.status_code, response.json()["code"]) == (500, "INTERNAL_ERROR")
        assert "secret" not in response.text
        assert "RuntimeError" not in response.text

    async def test_violated_constraint_is_its_business_error(self, client: CheckedClient) -> None:
        await make(client, "twice")
        response = await client.post("/things", json={"name": "twice"})
        assert (response.status_code, response.json()["code"]) == (409, "THING_EXISTS")

    async def test_body_past_the_limit_is_refused_while_it_streams(self, client: CheckedClient) -> None:
        async def endless() -> AsyncIterator[bytes]:
            for _ in range(64):
                yield b" " * 65_536

        response = await client.post("/things", content=endless(), headers={"content-type": "application/json"})
        assert (response.status_code, response.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")

    @pytest.mark.parametrize("content_type", ["application/json", "application/json\xa0", "application/x+JSON; v=1"])
    async def test_a_body_nested_too_deeply(self, client: CheckedClient, content_type: str) -> None:
        """The second is JSON for the framework, which strips more than blanks."""
        body, headers = b"[" * 65 + b"]" * 65, {b"content-type": content_type.encode("latin-1")}
        response = await client.post("/things", content=body, headers=headers)
        assert (response.status_code, response.json()["code"], response.json()["max_depth"]) == (400, "TOO_DEEP", 64)

    async def test_depth_in_another_encoding_is_the_parsers_to_refuse(self, client: CheckedClient) -> None:
        """In UTF-16 the second byte of a letter may look like a quote; the parser has a limit of its own."""
        body = ('["\u2261",' + "[" * 500_000).encode("utf-16")
        response = await client.post("/things", content=body, headers={"content-type": "application/json"})
        assert (response.status_code, response.json()["code"]) == (400, "BAD_REQUEST")

    async def test_without_the_permission(self, as_role: Clients) -> None:
        response = await as_role("viewer").post("/things", json={"name": "x"})
        assert (response.status_code, response.json()["permission"]) == (403, "roles:write")


class TestTransaction:
    async def test_an_error_keeps_nothing(self, client: CheckedClient, ctx: Context) -> None:
        await make(client, "first")
        await client.post("/things", json={"name": "first"})
        assert await ctx.session.scalar(select(func.count()).select_from(Thing)) == 1

    async def test_an_error_that_keeps_its_writes_does(self, client: CheckedClient, ctx: Context) -> None:
        response = await client.post("/things/hesitant", json={"name": "kept"})
        assert response.status_code == 409
        assert await ctx.session.scalar(select(Thing.name)) == "kept"

    async def test_another_companys_row_is_not_found_and_invisible_to_sql(
        self, client: CheckedClient, as_role: Clients, platform: Platform
    ) -> None:
        made = await make(client)
        stranger = as_role("super_admin", company=new_id())
        assert (await stranger.get(f"/things/{made['id']}")).status_code == 404
        async with platform.db.transaction(new_id()) as session:
            assert await session.scalar(text("SELECT count(*) FROM things")) == 0
        async with platform.db.transaction(None) as session:
            assert await session.scalar(text("SELECT count(*) FROM things")) == 0

    async def test_sql_cannot_write_into_another_company(self, platform: Platform, company_id: UUID) -> None:
        with pytest.raises(Exception, match="row-level security"):
            async with platform.db.transaction(company_id) as session:
                session.add(Thing(name="planted", company_id=new_id()))


class TestConditionalRequests:
    async def test_304_for_what_the_client_has(self, client: CheckedClient) -> None:
        made = await make(client)
        first = await client.get(f"/things/{made['id']}")
        again = await client.get(f"/things/{made['id']}", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]

    async def test_shared_caches_keep_nothing_and_browsers_ask(self, client: CheckedClient) -> None:
        made = await make(client)
        for path in ("/things", "/things", f"/things/{made['id']}"):  # by the route, at hand, not cached here at all
            read = await client.get(path)
            assert read.headers["cache-control"] == "private, no-cache"
            assert read.headers["vary"] == "Authorization, Accept-Encoding", (
                "small ones too: a large one of the same URL is coded"
            )
            again = await client.get(path, headers={"If-None-Match": read.headers["etag"]})
            kept = {name: again.headers[name] for name in ("cache-control", "vary", "etag")}
            assert (again.status_code, kept) == (304, {name: read.headers[name] for name in kept})
        for answer in (await client.post("/things", json={"name": "new"}), await client.get("/things?limit=0")):
            assert answer.headers["cache-control"] == "no-store"

    async def test_tag_and_coding_are_made_once(self, client: CheckedClient, monkeypatch: pytest.MonkeyPatch) -> None:
        for number in range(20):
            await make(client, f"a thing with quite a long name {number}")
        first = await client.get("/things")

        def again(*_: object) -> bytes:
            raise AssertionError("made again")

        monkeypatch.setattr(etags, "body_etag", again)
        monkeypatch.setattr(Entry, "encoded", again)
        second = await client.get("/things")
        assert second.headers["etag"] == first.headers["etag"]
        assert second.content == first.content
        assert client.last_statements == []

    async def test_a_write_needs_the_version_it_read(self, client: CheckedClient) -> None:
        made = await make(client)
        url = f"/things/{made['id']}"
        etag = (await client.get(url)).headers["etag"]
        assert (await client.patch(url, json={"name": "new"})).status_code == 428
        assert (await client.patch(url, json={"name": "new"}, headers={"If-Match": etag})).status_code == 200
        lost = await client.patch(url, json={"name": "newer"}, headers={"If-Match": etag})
        assert (lost.status_code, lost.json()["current_version"]) == (412, 2)

    @pytest.mark.parametrize(
        ("accepted", "unpack"),
        [("gzip", gzip.decompress), ("zstd", lambda raw: zstandard.ZstdDecompressor().decompressobj().decompress(raw))],
    )
    async def test_large_answers_are_compressed_under_a_tag_of_their_own(
        self, client: CheckedClient, accepted: str, unpack: Callable[[bytes], bytes]
    ) -> None:
        for number in range(30):
            await make(client, f"a thing with quite a long name {number}")
        plain = await client.get("/things", headers={"accept-encoding": "identity"})
        async with client.stream("GET", "/things", headers={"accept-encoding": accepted}) as packed:
            raw = b"".join([chunk async for chunk in packed.aiter_raw()])
        assert packed.headers["content-encoding"] == accepted
        assert unpack(raw) == plain.content
        assert len(raw) < 0.4 * len(plain.content)
        assert packed.headers["etag"] != plain.headers["etag"]
        assert "Accept-Encoding" in packed.headers["vary"]


class TestIdempotency:
    async def test_the_same_key_and_body_give_the_same_answer(self, client: CheckedClient) -> None:
        key = {"Idempotency-Key": "once-please"}
        first = await client.post("/things", json={"name": "one"}, headers=key)
        second = await client.post("/things", json={"name": "one"}, headers=key)
        assert (second.status_code, second.json()) == (201, first.json())
        assert second.headers["idempotency-replayed"] == "true"

    async def test_another_body_is_refused(self, client: CheckedClient) -> None:
        key = {"Idempotency-Key": "once-please"}
        await client.post("/things", json={"name": "one"}, headers=key)
        other = await client.post("/things", json={"name": "two"}, headers=key)
        assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")

    async def test_concurrent_duplicates_do_the_work_once(self, as_role: Clients, ctx: Context) -> None:
        user = new_id()
        clients = [as_role("analyst", user=user) for _ in range(8)]
        key = {"Idempotency-Key": "race"}
        answers = await asyncio.gather(*(c.post("/things", json={"name": "raced"}, headers=key) for c in clients))
        assert {a.status_code for a in answers} == {201}
        assert len({a.json()["data"]["id"] for a in answers}) == 1
        assert await ctx.session.scalar(select(func.count()).select_from(Thing)) == 1

    async def test_a_key_does_not_answer_for_its_maker(self, as_role: Clients, as_key: Clients) -> None:
        user, header = new_id(), {"Idempotency-Key": "shared"}
        mine = await as_role("analyst", user=user).post("/things", json={"name": "one"}, headers=header)
        keys = as_key("analyst", user=user)
        theirs = [await keys.post("/things", json={"name": "two"}, headers=header) for _ in range(2)]
        assert [answer.status_code for answer in (mine, *theirs)] == [201] * 3
        assert theirs[0].json() == theirs[1].json() != mine.json()

    async def test_a_failed_request_does_not_use_up_its_key(self, client: CheckedClient) -> None:
        await make(client, "taken")
        key = {"Idempotency-Key": "retry-me"}
        assert (await client.post("/things", json={"name": "taken"}, headers=key)).status_code == 409
        assert (await client.post("/things", json={"name": "free"}, headers=key)).status_code == 201

    async def test_a_key_is_kept_for_a_day_and_no_longer(self, client: CheckedClient, platform: Platform) -> None:
        key = {"Idempotency-Key": "of-yesterday"}
        first = await client.post("/things", json={"name": "one"}, headers=key)
        await idempotency.forget_old(platform)
        again = await client.post("/things", json={"name": "one"}, headers=key)
        assert again.json() == first.json()
        async with platform.work(system=True) as ctx:
            age = update(idempotency.IdempotencyRow).where(idempotency.IdempotencyRow.key == "of-yesterday")
            await ctx.session.execute(age.values(created_at=utc_now() - idempotency.KEPT))
        await idempotency.forget_old(platform)
        assert (await client.post("/things", json={"name": "one"}, headers=key)).json()["code"] == "THING_EXISTS"


class TestTokens:
    async def test_forged_expired_and_foreign_tokens(self, app: FastAPI, mint: TokenMint, company_id: UUID) -> None:
        caller = Caller(new_id(), company_id, "analyst")
        good = mint.token(caller)
        bad = {
            "tampered": good[:-4] + ("AAAA" if not good.endswith("AAAA") else "BBBB"),
            "expired": mint.token(caller, exp=1),
            "audience": mint.token(caller, aud="elsewhere"),
            "issuer": mint.token(caller, iss="elsewhere"),
            "no session": mint.token(caller, sid=None),
            "not a token": "x" * 5000,
        }
        async with CheckedClient(app, prefix="/api/sample/v1", caller=None) as client:
            for what, token in bad.items():
                response = await client.get("/things", headers={"authorization": f"Bearer {token}"})
                assert response.status_code == 401, what

    async def test_a_revoked_session_ends_at_once(
        self, app: FastAPI, mint: TokenMint, platform: Platform, company_id: UUID
    ) -> None:
        session = new_id()
        token = mint.token(Caller(new_id(), company_id, "analyst"), sid=str(session))
        async with CheckedClient(app, prefix="/api/sample/v1", caller=None) as client:
            headers = {"authorization": f"Bearer {token}"}
            assert (await client.get("/things", headers=headers)).status_code == 200
            platform.revocations.put(f"session.{session}", b"")
            assert (await client.get("/things", headers=headers)).status_code == 401

    @pytest.mark.principal("analyst")
    @pytest.mark.parametrize("what", ["keys", "api_keys"])
    async def test_who_cannot_be_verified_is_asked_to_come_again(
        self, client: CheckedClient, as_key: Clients, platform: Platform, monkeypatch: pytest.MonkeyPatch, what: str
    ) -> None:
        """Also past an answer that is at hand."""
        if what == "api_keys":
            client = as_key("analyst")
        for _ in range(2):
            assert (await client.get("/things")).status_code == 200
        monkeypatch.setattr(getattr(platform, what).freshness, "max_age_s", -1.0)
        response = await client.get("/things")
        assert (response.status_code, response.json()["code"]) == (503, "VERIFICATION_UNAVAILABLE")
        assert response.headers["retry-after"] == "2"


class TestRateLimit:
    async def test_the_answer_carries_the_limit(self, client: CheckedClient) -> None:
        response = await client.get("/things")
        assert "ratelimit" in response.headers
        assert "ratelimit-policy" in response.headers


async def test_events_go_out_if_and_only_if_the_transaction_commits(
    client: CheckedClient, platform: Platform, company_id: UUID
) -> None:
    subscription = await platform.nats.subscribe(f"etter.sample.thing.made.v1.{company_id}.>")
    await make(client, "first")
    assert (await client.post("/things", json={"name": "first"})).status_code == 409
    await make(client, "second")
    heard: dict[UUID, str] = {}  # an event whose acknowledgement is late is published again
    while "second" not in heard.values() or "first" not in heard.values():
        message = await subscription.next_msg(timeout=60)
        event = Event.read(message.headers or {}, message.data)
        heard[event.id] = event.payload.model_dump()["name"]
    await subscription.unsubscribe()
    assert sorted(heard.values()) == ["first", "second"]


class TestCaller:
    async def test_the_access_log_names_the_key_and_its_maker(
        self, as_role: Clients, as_key: Clients, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lines: list[logging.Access] = []
        monkeypatch.setattr(logging, "access", lines.append)
        user = new_id()
        for client in (as_role("analyst", user=user), as_key("analyst", user=user)):
            await client.get("/things")
        by_user, by_key = lines
        assert by_user.user_id == by_key.user_id == str(user)
        assert by_user.api_key_id is None
        assert UUID(str(by_key.api_key_id)).hex in client.headers["authorization"]
