from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etter_common import incoming as incoming_module
from etter_common.errors import Overloaded, PayloadTooLarge, RequestTimeout, TooDeep
from etter_common.incoming import LINGER_BYTES, MAX_DEPTH, Incoming, is_too_deep
from etter_common.overload import Gate, Place
from etter_common.testing.work import work_of


def incoming(
    *parts: bytes, limit: int = 100, declared: int = 0, is_json: bool = False, ends: bool = True
) -> tuple[Incoming, Gate]:
    """A body that comes in `parts`; without `ends` nothing comes after them."""
    gate = Gate(concurrency=1, queue=1, wait_s=1, per_caller=1)
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    if ends:
        messages.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> dict[str, Any]:
        if not messages:
            await asyncio.Event().wait()
        return messages.pop(0)

    place = Place(gate)
    return Incoming(receive, place=place, limit=limit, declared=declared, is_json=is_json, idle_s=0.01), gate


async def whole(body: Incoming) -> bytes:
    read = b""
    while True:
        message = await body()
        read += message["body"]
        if not message["more_body"]:
            return bytes(read)


class TestSize:
    async def test_a_body_within_the_limit_passes_unchanged(self) -> None:
        body, _ = incoming(b"ab", b"cd", limit=4)
        assert await whole(body) == b"abcd"

    async def test_one_byte_more_is_refused(self) -> None:
        body, _ = incoming(b"ab", b"cde", limit=4)
        with pytest.raises(PayloadTooLarge):
            await whole(body)

    async def test_the_limit_may_be_lowered_before_the_body_is_read_and_never_raised(self) -> None:
        body, _ = incoming(b"abcde", limit=10)
        body.lower_limit(4)
        body.lower_limit(20)
        with pytest.raises(PayloadTooLarge, match="4 bytes"):
            await whole(body)

    async def test_a_declared_size_is_refused_before_a_byte_is_read(self) -> None:
        body, _ = incoming(ends=False, declared=101)
        with pytest.raises(PayloadTooLarge):
            await body()


class TestTime:
    @pytest.mark.parametrize("is_json", [True, False])
    async def test_a_body_that_stops_coming_is_given_up(self, is_json: bool) -> None:
        body, _ = incoming(b"[1,", is_json=is_json, ends=False)
        with pytest.raises(RequestTimeout) as refused:
            await whole(body)
        assert refused.value.headers["Connection"] == "close"

    async def test_who_sends_slowly_takes_no_place(self) -> None:
        body, gate = incoming(ends=False)
        waiting = asyncio.create_task(body())
        for _ in range(5):  # as far as it comes by itself
            await asyncio.sleep(0)
        assert gate.enter_now()
        gate.leave()
        with pytest.raises(RequestTimeout):
            await waiting
        assert not gate.inside, "to say that needs no place"

    async def test_who_sends_takes_a_place_again(self) -> None:
        body, gate = incoming(b"ab")
        assert gate.inside
        assert await whole(body) == b"ab"
        assert gate.inside

    async def test_a_late_body_that_finds_no_place_is_let_arrive_and_refused(self) -> None:
        may_come, left = asyncio.Event(), [b"a", b"b", b"c"]
        gate = Gate(concurrency=1, queue=0, wait_s=1)

        async def receive() -> dict[str, Any]:
            await may_come.wait()
            return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

        body = Incoming(receive, place=Place(gate), limit=9, declared=3, is_json=False, idle_s=60)
        waiting = asyncio.create_task(body())
        for _ in range(5):
            await asyncio.sleep(0)
        assert gate.enter_now(), "another request takes the place"
        may_come.set()
        with pytest.raises(Overloaded):
            await waiting
        assert left == []

    async def test_a_request_that_is_given_up_meanwhile_takes_no_place(self) -> None:
        body, gate = incoming(ends=False)
        waiting = asyncio.create_task(body())
        for _ in range(5):
            await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert not gate.inside


class TestDiscard:
    async def test_a_small_body_is_let_arrive(self) -> None:
        messages = [{"type": "http.request", "body": b"a", "more_body": n < 3} for n in range(4)]

        async def receive() -> dict[str, Any]:
            return messages.pop(0)

        await Incoming(receive, place=_place(), limit=9, declared=4, is_json=False, idle_s=1).discard()
        assert messages == []

    async def test_one_that_does_not_come_is_not_waited_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(incoming_module, "LINGER_S", 0.01)
        body, _ = incoming(ends=False)
        await body.discard()

    @pytest.mark.parametrize("declared", [0, LINGER_BYTES + 1])
    async def test_a_large_one_is_not_read_to_its_end(self, declared: int) -> None:
        read = []

        async def receive() -> dict[str, Any]:
            read.append(1024)
            return {"type": "http.request", "body": b"x" * 1024, "more_body": True}

        await Incoming(receive, place=_place(), limit=9, declared=declared, is_json=False, idle_s=1).discard()
        assert sum(read) <= LINGER_BYTES + 1024
        assert bool(read) is not bool(declared)


def _place() -> Place:
    return Place(Gate(concurrency=1, queue=1, wait_s=1))


class TestDepth:
    async def test_a_bomb_is_refused_before_it_is_parsed(self) -> None:
        body, _ = incoming(b"[" * 50_000, b"]" * 50_000, limit=100_000, is_json=True)
        with pytest.raises(TooDeep):
            await whole(body)

    async def test_what_is_no_json_is_not_looked_into(self) -> None:
        body, _ = incoming(b"[" * 1_000, limit=1_000)
        assert await whole(body) == b"[" * 1_000

    @pytest.mark.parametrize("opening", ["[", '{"a":'])
    def test_the_limit_is_exact(self, opening: str) -> None:
        closing = {"[": "]", '{"a":': "}"}[opening]
        for depth, too_deep in ((MAX_DEPTH, False), (MAX_DEPTH + 1, True)):
            assert is_too_deep(f"{opening * depth}1{closing * depth}".encode()) is too_deep

    def test_brackets_in_texts_do_not_count(self) -> None:
        assert not is_too_deep(json.dumps({"a": "[" * 500, "b": '\\"[[' * 200}).encode())

    def test_texts_cannot_hide_depth(self) -> None:
        """Closing brackets in texts would balance the real ones for a reader that overlooks the quotes."""
        assert is_too_deep(('["]",' * 200 + "1" + ',"["]' * 200).encode())

    @pytest.mark.parametrize(
        "hostile",
        [
            lambda n: b"[" * 70 + b'"a\\' * n,  # texts that never end
            lambda n: b"[" * n,
            lambda n: b"[" + b"[]," * n + b"[]]",
            lambda n: b"[" * 70 + b'"' * n,
            lambda n: b"[" * 70 + b'"' + b"\\" * n,
            lambda n: b"]" * n + b"[" * n,
        ],
    )
    def test_twice_the_body_is_the_same_few_linear_calls(self, hostile: Callable[[int], bytes]) -> None:
        """No loop in Python, and each C function called passes over its input once."""
        once, twice = (work_of(partial(is_too_deep, hostile(n))) for n in (2_000, 4_000))
        assert once == twice
        assert set(once.calls) <= {
            "bytes.count", "bytes.replace", "bytes.split", "bytes.join", "bytes.translate", "memoryview.cast", "max",
        }  # fmt: skip
        assert once.calls.total() <= 10

    @given(
        st.recursive(
            st.text(alphabet='[]{}"\\ab', max_size=10),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text('[{"\\', max_size=3), inner, max_size=3)
            ),
            max_leaves=40,
        ),
        st.integers(0, 8),
    )
    def test_it_measures_the_depth_of_real_json(self, value: object, most: int) -> None:
        text = json.dumps(value).encode()
        if text.count(b"[") + text.count(b"{") > most:
            assert is_too_deep(text, most=most) is (_depth(value) > most)
        else:
            assert not is_too_deep(text, most=most)


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0
