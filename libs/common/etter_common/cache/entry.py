"""A cached value: bytes ready to send, their tag, and their compressed forms, each made once."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Final, Literal

import zstandard

from etter_common.etags import body_etag, encoded

Encoding = Literal["identity", "zstd", "gzip"]

_ZSTD_LEVEL: Final = 3
_GZIP_LEVEL: Final = 4


class Entry:
    """`body` and its strong `etag`; equal bytes have equal tags in every replica and after every reload."""

    __slots__ = ("_grown", "_variants", "answers", "body", "etag")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.etag = body_etag(body)
        self.answers: dict[str, object] = {}  # as it goes out, by content coding: kept by who sends it
        self._variants: dict[str, bytes] = {}
        self._grown: Callable[[int], None] | None = None

    def encoded(self, encoding: Encoding) -> bytes:
        """The body in a content coding; compressed at the first call and kept."""
        if encoding == "identity":
            return self.body
        variant = self._variants.get(encoding)
        if variant is None:
            variant = self._variants[encoding] = _compress(self.body, encoding)
            if self._grown:
                self._grown(len(variant))
        return variant

    def etag_for(self, encoding: Encoding) -> str:
        """The strong tag of that coding's bytes (RFC 9110 §8.8.3.3)."""
        return self.etag if encoding == "identity" else encoded(self.etag, encoding)

    @property
    def size(self) -> int:
        """Bytes held, variants included."""
        return len(self.body) + sum(map(len, self._variants.values()))

    def on_growth(self, grown: Callable[[int], None] | None) -> None:
        """Tell the holder when a variant adds bytes, so that its bound holds."""
        self._grown = grown


def _compress(body: bytes, encoding: Literal["zstd", "gzip"]) -> bytes:
    if encoding == "zstd":
        return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(body)
    return gzip.compress(body, compresslevel=_GZIP_LEVEL, mtime=0)
