"""The end of a file that flows by: an archive's directory stands there, so the rest need not be kept to judge it."""

from __future__ import annotations

import io
from typing import Final

from etter_extraction.parsing.errors import DocumentExpandsTooMuch

KEPT: Final = 2 * 1024 * 1024  # a directory of `MAX_MEMBERS` parts takes about half of it


class Tail(io.RawIOBase):
    """Reads as the whole file whose chunks were added, as long as nothing before its last `kept` bytes is asked for."""

    def __init__(self, kept: int = KEPT) -> None:
        super().__init__()
        self._limit = kept
        self._kept = bytearray()
        self._size = 0
        self._at = 0

    def add(self, chunk: bytes) -> None:
        self._size += len(chunk)
        self._kept += chunk
        if len(self._kept) > 2 * self._limit:  # seldom, so that little is moved
            del self._kept[: -self._limit]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # any writable buffer
        start = self._at - (self._size - len(self._kept))
        if start < 0:
            raise DocumentExpandsTooMuch(f"the directory of its parts is longer than {self._limit} bytes")
        found = self._kept[start : start + len(buffer)]
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)
