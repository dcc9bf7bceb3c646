"""Parts of a run on their way from the database to the engine's process: files, so that neither holds them all."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

_LENGTH = struct.Struct("<Q")


def write(folder: Path, window: int, parts: Sequence[bytes]) -> None:
    with (folder / f"{window:06}").open("wb") as file:
        for part in parts:
            file.write(_LENGTH.pack(len(part)))
            file.write(part)


def read(folder: Path) -> Iterator[list[bytes]]:
    """The parts of each window, in order; a window's file is gone once it is read."""
    for path in sorted(folder.iterdir()):
        content, parts, at = path.read_bytes(), [], 0
        path.unlink()
        while at < len(content):
            (length,) = _LENGTH.unpack_from(content, at)
            parts.append(content[at + _LENGTH.size : at + _LENGTH.size + length])
            at += _LENGTH.size + length
        yield parts
