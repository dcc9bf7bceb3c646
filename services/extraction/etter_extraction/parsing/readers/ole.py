"""The old container of Office: what a file in it is, by the names of its streams."""

from __future__ import annotations

from olefile import OleFileIO

from etter_extraction.parsing.detection import OLE_STREAMS
from etter_extraction.parsing.refusal import Refused
from etter_extraction.parsing.source import Source, opened

_OLE: bytes = b"\xd0\xcf\x11\xe0"


def kind_of(source: Source, kind: str) -> str:
    """The kind, `kind` for a file that is not in this container. Raises `Refused` for a protected or damaged one."""
    with opened(source) as file:
        if not file.read(4).startswith(_OLE):
            return kind
        try:
            with OleFileIO(file) as container:
                names = [path[0] for path in container.listdir(streams=True, storages=True)]
        except (OSError, ValueError, IndexError) as error:
            raise Refused("damaged", "the container of the file cannot be read") from error
    if "EncryptedPackage" in names:
        raise Refused("encrypted")
    for stream, found in OLE_STREAMS:
        if any(name.startswith(stream) for name in names):
            return found
    raise Refused("type_mismatch", "the content is no Office file")
