"""What a service says in the place of the ingress, which has no problem documents of its own.

`/ingress/404/<path>` for a path without a route, and `/ingress/502?url=<URL>` when another service gave no answer.
Nothing outside reaches these paths as they are (infra/ingress).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from etter_common.errors import AppError, NotFound, Unreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Scope

PREFIX: Final = "/ingress/"
_PATH: Final = re.compile(r"^\w+://[^/]*")  # what precedes it in a URL
_BY_STATUS: Final[Mapping[str, type[NotFound | Unreachable]]] = {"404": NotFound, "502": Unreachable}


def problem_of(scope: Scope) -> AppError | None:
    """The error to answer with; the scope gets the path it is about. `None` for any other path."""
    if not scope["path"].startswith(PREFIX):
        return None
    status, _, path = scope["path"].removeprefix(PREFIX).partition("/")
    url = parse_qs(scope["query_string"].decode("latin-1")).get("url")
    scope["path"] = _PATH.sub("", url[0]).partition("?")[0] if url else f"/{path}"
    return _BY_STATUS.get(status, NotFound)()
