"""Names of files in `Content-Disposition`: of uploads (RFC 7578 and RFC 8187) and of downloads (RFC 6266)."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote_to_bytes

_EXTENDED: Final = re.compile(
    r";[ \t]*filename\*[ \t]?=[ \t]?(utf-8|iso-8859-1)'[a-z0-9-]{0,35}'([^\s;\"']+)", re.IGNORECASE
)
_NOT_PLAIN: Final = re.compile(r"[^ !#-\[\]-~]|%(?=[0-9A-Fa-f]{2})")
_UNRESERVED: Final = "!#$&+-.^_`|~"  # RFC 8187 section 3.2.1, with letters and digits


def of_part(disposition: bytes, plain: bytes | None) -> str | None:
    """The name of a part's file, None where it has none.

    Browsers send UTF-8 in `filename`. Some clients send names beyond ASCII in `filename*` only (RFC 8187), which RFC
    7578 forbids and which loses the file for whoever does not read it. Where both are given the extended one counts
    (RFC 6266, section 4.3).
    """
    extended = _EXTENDED.search(_without_quoted(disposition.decode("latin-1")))
    if extended is not None:
        return unquote_to_bytes(extended[2]).decode(extended[1], errors="replace")
    return None if plain is None else plain.decode("utf-8", errors="replace")


def attachment(name: str) -> str:
    """A download under `name`: in ASCII for old clients, and exactly."""
    fallback = _NOT_PLAIN.sub("_", name)
    return f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{quote(name, safe=_UNRESERVED)}"


def _without_quoted(header: str) -> str:
    """What a name in quotes says is no parameter."""
    return "".join(header.replace("\\\\", "").replace('\\"', "").split('"')[::2])
