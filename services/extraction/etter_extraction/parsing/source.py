"""Where a reader takes bytes from: a file, or what another file holds."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class Held:
    """A file within a file, in memory: a reader cannot write one."""

    data: bytes

    def read_bytes(self) -> bytes:
        return self.data


Source = Path | Held


def given(source: Source) -> str | io.BytesIO:
    """For a library that takes a path or a file, and closes the file it opened."""
    return io.BytesIO(source.data) if isinstance(source, Held) else str(source)


def opened(source: Source) -> BinaryIO:
    return io.BytesIO(source.data) if isinstance(source, Held) else source.open("rb")
