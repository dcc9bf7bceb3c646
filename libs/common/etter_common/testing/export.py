"""A company's archive as the command writes it, opened; and which columns may not be in one."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any, BinaryIO, cast
from uuid import UUID

from sqlalchemy import Column, LargeBinary

from etter_common import tenant_export
from etter_common.tenant_export import Export

_SECRET = re.compile(r"password|secret|token|hash|sealed|salt|private|cipher|credential|(^|_)key($|_)")


def looks_secret(column: Column[Any]) -> bool:
    """By its name, or because nobody can see what is in it."""
    return bool(_SECRET.search(column.name)) or isinstance(column.type, LargeBinary)


class _Pipe(io.RawIOBase):
    """Where bytes go and cannot be gone back to, as in a shell's `>`."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, chunk: Any, /) -> int:  # Any: every buffer
        self.written += chunk
        return len(chunk)


async def exported(export: Export, company_id: UUID) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The manifest and all members of a company's archive."""
    pipe = _Pipe()
    await tenant_export.write(cast("BinaryIO", pipe), export, company_id)
    with zipfile.ZipFile(io.BytesIO(pipe.written)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(members.pop("manifest.json")), members
