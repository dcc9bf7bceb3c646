"""One versioned resource as an answer: narrowed to the wanted fields, tagged by its version and bytes."""

from __future__ import annotations

from typing import Protocol

from pydantic import BaseModel
from starlette.responses import Response

from etter_common import etags, fieldsets
from etter_common.deps import json_response
from etter_common.responses import encode_data


class Versioned(Protocol):
    @property
    def version(self) -> int: ...


def represent(row: Versioned, schema: type[BaseModel], fields: str | None) -> Response:
    """Raises `InvalidFields` for a field that `schema` does not have."""
    tree = fieldsets.parse(fields, schema)
    body = encode_data(schema.model_validate(row).model_dump(), tree)
    return json_response(body, version=row.version)


def tag_answer(response: Response, row: Versioned) -> None:
    """The tag of a resource that was just made or changed, ready for the next `If-Match`."""
    response.headers["etag"] = etags.version_etag(row.version)
