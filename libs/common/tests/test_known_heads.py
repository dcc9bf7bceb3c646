"""Which heads are kept: those that come again, and not too many of them."""

from __future__ import annotations

from typing import Any

import pytest

from etter_common.known_heads import MAX_KEPT_HEAD_BYTES, KnownHeads
from etter_common.request_state import GIVEN


def scope(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {
        "type": "http", "asgi": {}, "http_version": "1.1", "scheme": "http", "root_path": "", "headers": list(headers),
        "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "client": None, "etter": object(),
    }  # fmt: skip


class TestLearn:
    def test_one_that_comes_again_is_known_with_what_belongs_to_the_head(self) -> None:
        heads = KnownHeads()
        given = scope((b"host", b"x"), (b"accept", b"first"), (b"accept", b"second"))
        heads.learn(b"GET /", given)
        assert heads.get(b"GET /") is None
        heads.learn(b"GET /", given)
        known = heads.get(b"GET /")
        assert known is not None
        assert known[GIVEN] == {b"host": b"x", b"accept": b"first"}
        assert not {"client", "server", "state", "etter"} & known.keys()

    @pytest.mark.parametrize("name", [b"x-request-id", b"traceparent"])
    def test_one_that_names_its_request_is_not(self, name: bytes) -> None:
        heads = KnownHeads()
        for _ in range(3):
            heads.learn(b"GET /", scope((name, b"1")))
        assert heads.get(b"GET /") is None

    def test_a_long_one_is_not(self) -> None:
        heads = KnownHeads()
        for size, is_kept in ((MAX_KEPT_HEAD_BYTES, True), (MAX_KEPT_HEAD_BYTES + 1, False)):
            for _ in range(2):
                heads.learn(b"a" * size, scope())
            assert (heads.get(b"a" * size) is not None) == is_kept

    def test_those_learnt_longest_ago_go(self) -> None:
        heads = KnownHeads(most=3)
        for number in range(10):
            for _ in range(2):
                heads.learn(b"%d" % number, scope())
        assert len(heads) == 3
        assert [number for number in range(10) if heads.get(b"%d" % number)] == [7, 8, 9]
