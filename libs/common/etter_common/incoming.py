"""The request on its way in: bounded in size, in depth and in the time it takes to arrive."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from etter_common import texts
from etter_common.errors import AppError, PayloadTooLarge, RequestTimeout, TooDeep

if TYPE_CHECKING:
    from starlette.types import Message, Receive

    from etter_common.overload import Place

MAX_DEPTH: Final = 64
LINGER_S: Final = 1.0
LINGER_BYTES: Final = 64 * 1024
ANONYMOUS_BODY_BYTES: Final = 16 * 1024
"""The body limit of a route that anyone may call: sign-in and refresh need a fraction of it."""

_CLOSE: Final = {"Connection": "close"}
_NOT_BRACKETS: Final = bytes(sorted(set(range(256)) - set(b"[]{}")))
_STEPS: Final = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # as signed bytes: one level down, one level up


class Incoming:
    """Counts the body while it streams in, never after buffering it; a JSON body is looked at before it is parsed.

    While it waits for the client it leaves its place: who sends slowly takes none away.
    """

    def __init__(
        self, receive: Receive, *, place: Place, limit: int, declared: int, is_json: bool, idle_s: float
    ) -> None:
        self._receive = receive
        self._place = place
        self._limit = limit
        self._declared = declared
        self._is_json = is_json
        self._idle_s = idle_s
        self._seen = 0
        self._is_complete = False

    def lower_limit(self, limit: int) -> None:
        """Take at most `limit` bytes, whatever the path allows; called before the body is read."""
        self._limit = min(self._limit, limit)

    async def __call__(self) -> Message:
        if self._is_complete:
            return await self._receive()
        message = await self._whole() if self._is_json else await self._next()
        self._is_complete = not message.get("more_body", False)
        return message

    async def _whole(self) -> Message:
        """The JSON body in one message."""
        parts = []
        while True:
            message = await self._next()
            if message["type"] != "http.request":
                return message
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                break
        body = b"".join(parts)
        if is_too_deep(body):
            raise TooDeep(f"at most {MAX_DEPTH} levels", max_depth=MAX_DEPTH)
        if (fault := texts.fault_of(body)) is not None:
            raise fault
        return {"type": "http.request", "body": body, "more_body": False}

    async def _next(self) -> Message:
        if self._declared > self._limit:
            self._refuse_size()
        message = await self._arrived()
        if message["type"] == "http.request":
            self._seen += len(message.get("body", b""))
            if self._seen > self._limit:
                self._refuse_size()
        return message

    async def _arrived(self) -> Message:
        waiting = asyncio.ensure_future(self._receive())
        await asyncio.sleep(0)
        if waiting.done():
            return waiting.result()
        self._place.leave()
        try:
            done, _ = await asyncio.wait({waiting}, timeout=self._idle_s)
        finally:
            waiting.cancel()
        if not done:
            raise RequestTimeout(f"no part of the body came for {self._idle_s:g} s", headers=_CLOSE)
        message = waiting.result()
        try:
            await self._place.take()
        except AppError:
            if message.get("more_body", False):
                await self.discard()
            raise
        return message

    async def discard(self) -> None:
        """Let a small body arrive before the request is refused for load.

        The server may close the connection right after the answer; a client that is still sending would then see a
        reset in place of the answer.
        """
        if self._declared > LINGER_BYTES:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while self._seen <= LINGER_BYTES:
                    message = await self._receive()
                    self._seen += len(message.get("body", b""))
                    if not message.get("more_body", False):
                        return

    def _refuse_size(self) -> None:
        raise PayloadTooLarge(f"the body may have {self._limit} bytes at most", limit_bytes=self._limit)


def is_too_deep(body: bytes, *, most: int = MAX_DEPTH) -> bool:
    """Whether a JSON parser would go deeper than `most` levels into this body.

    A fixed number of passes, each linear in the body, and no loop in Python. For any beginning that a parser accepts,
    the sum of the steps up to there is the depth; a parser stops at the first byte that is not JSON.
    """
    if body.count(b"[") + body.count(b"{") <= most:
        return False
    without_texts = body.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2]
    steps = b"".join(without_texts).translate(_STEPS, _NOT_BRACKETS)
    return max(accumulate(memoryview(steps).cast("b")), default=0) > most
