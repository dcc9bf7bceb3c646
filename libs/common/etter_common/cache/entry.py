"""A cached value: bytes ready to send, their tag, and their compressed forms, each made once.

In Redis a value is one letter and its content: `z` the zstd form, that also goes out to who accepts it, `r` the bytes
as they are where that is not smaller, `n` the code and detail of the "there is no such thing" it stands for.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Final, Literal

import msgspec
import zstandard

from etter_common.errors import AppError
from etter_common.etags import body_etag, encoded

Encoding = Literal["identity", "zstd", "gzip"]

_SMALL_BYTES: Final = 512  # not worth a compression
_LARGEST_BYTES: Final = 64 * 1024 * 1024  # once unpacked
_ZSTD_LEVEL: Final = 3
_GZIP_LEVEL: Final = 4
_packer: Final = zstandard.ZstdCompressor(level=_ZSTD_LEVEL)  # of the event loop's thread, which alone uses them
_unpacker: Final = zstandard.ZstdDecompressor()


class Entry:
    """`body` and its strong `etag`; equal bytes have equal tags in every replica and after every reload.

    One that remembers that there is nothing has `absence`, the code and detail of the error, and no body.
    """

    __slots__ = ("_grown", "_variants", "absence", "answers", "body", "etag")

    def __init__(self, body: bytes, *, absence: tuple[str, str] | None = None) -> None:
        self.body = body
        self.absence = absence
        self.etag = body_etag(body)
        self.answers: dict[str, object] = {}  # as it goes out, by content coding: kept by who sends it
        self._variants: dict[str, bytes] = {}
        self._grown: Callable[[int], None] | None = None

    @classmethod
    def absent(cls, error: AppError) -> Entry:
        return cls(b"", absence=(error.code, error.detail))

    @classmethod
    def unframed(cls, frame: bytes) -> Entry | None:
        """What Redis held; None for what no release of ours has written."""
        kind, content = frame[:1], frame[1:]
        try:
            if kind == b"r":
                return cls(content)
            if kind == b"z":
                entry = cls(_unpacker.decompress(content, max_output_size=_LARGEST_BYTES))
                entry._variants["zstd"] = content
                return entry
            if kind == b"n":
                return cls(b"", absence=msgspec.json.decode(content, type=tuple[str, str]))
        except (zstandard.ZstdError, msgspec.MsgspecError):
            return None
        return None

    def frame(self) -> bytes:
        """The form it has in Redis."""
        if self.absence:
            return b"n" + msgspec.json.encode(self.absence)
        if len(self.body) < _SMALL_BYTES:
            return b"r" + self.body
        packed = self.encoded("zstd")
        return b"z" + packed if len(packed) < len(self.body) else b"r" + self.body

    def found(self) -> Entry:
        """Itself; raises the error again where it remembers that there is nothing."""
        if self.absence is None:
            return self
        code, detail = self.absence
        raise AppError.by_code[code](detail)

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
        return _packer.compress(body)
    return gzip.compress(body, compresslevel=_GZIP_LEVEL, mtime=0)
