"""A client that calls the application in process and checks each answer: query budget, documented body, headers."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self
from uuid import UUID

import httpx2
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import OKPKey
from jsonschema import Draft202012Validator

from etter_common import api_keys, auth, crypto, openapi_components, responses
from etter_common.api_keys import ApiKeys
from etter_common.auth import KeyRing, Principal
from etter_common.clock import epoch_s
from etter_common.db.query_log import count_queries
from etter_common.ids import new_id
from etter_common.permissions import permissions_of

QUERY_BUDGET = 3
IDEMPOTENCY_QUERIES = 2  # the key's row is taken before and completed after the work


@dataclass(frozen=True)
class Caller:
    user_id: UUID
    company_id: UUID
    role: str


class TokenMint:
    """Signs access tokens with a key the application knows, as auth would."""

    def __init__(self, keys: KeyRing) -> None:
        self._key = OKPKey.generate_key("Ed25519", parameters={"kid": f"test-{new_id()}", "use": "sig"})
        keys.put(str(self._key.kid), responses.encode(self._key.as_dict(private=False)))

    def principal(self, caller: Caller, *, session_id: UUID | None = None) -> Principal:
        return Principal(
            user_id=caller.user_id,
            company_id=caller.company_id,
            session_id=session_id or new_id(),
            roles=(caller.role,),
            permissions=permissions_of((caller.role,)),
            expires_at=int(epoch_s()) + auth.ACCESS_TOKEN_LIFETIME_S,
        )

    def token(self, caller: Caller, **claims: Any) -> str:
        now = int(epoch_s())
        standard = {
            "iss": auth.ISSUER, "aud": auth.AUDIENCE, "sub": str(caller.user_id), "sid": str(new_id()),
            "company_id": str(caller.company_id), "roles": [caller.role], "jti": str(new_id()),
            "iat": now, "exp": now + auth.ACCESS_TOKEN_LIFETIME_S,
        }  # fmt: skip
        header = {"alg": auth.ALGORITHM, "kid": self._key.kid, "typ": auth.TOKEN_TYPE}
        return jwt.encode(header, standard | claims, self._key, algorithms=[auth.ALGORITHM])


def plant_key(known: ApiKeys, caller: Caller, *, key_id: UUID | None = None, lives_s: int = 3600) -> str:
    """An API key that the application knows, as if auth had told it."""
    key_id = key_id or new_id()
    key = api_keys.new(key_id)
    entry = api_keys.Entry(
        sha256=crypto.hash_token(key),
        company_id=caller.company_id,
        user_id=caller.user_id,
        role=caller.role,
        expires_at=int(epoch_s()) + lives_s,
    )
    known.put(str(key_id), responses.encode(entry))
    return key


class UnreadBody:
    """A request body that must not be asked for."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        raise AssertionError("the body was read")


class CheckedClient(httpx2.AsyncClient):
    """Paths are relative to the service's prefix. `query_budget` may be lowered by a test, never raised."""

    def __init__(
        self, app: FastAPI, *, prefix: str, caller: Caller | None = None, token: str | None = None,
        enrol: Callable[[], Awaitable[None]] | None = None,
    ) -> None:  # fmt: skip
        """`enrol` runs before the first request: the caller gets the rows that the service looks for."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=True)
        super().__init__(transport=transport, base_url=f"http://etter.test{prefix}", headers=headers)
        self.app = app
        self.caller = caller
        self._enrol = enrol
        self._enrolled: asyncio.Future[None] | None = None
        self.last_statements: list[str] = []

    async def send(self, request: httpx2.Request, **kwargs: Any) -> httpx2.Response:
        if self._enrol is not None:
            self._enrolled = self._enrolled or asyncio.ensure_future(self._enrol())
            await self._enrolled
        await asyncio.sleep(0)  # a real connection would let everything else in between two requests
        with count_queries() as log:
            response = await super().send(request, **kwargs)
        self.last_statements = log.statements
        allowed = QUERY_BUDGET + (IDEMPOTENCY_QUERIES if "idempotency-key" in request.headers else 0)
        is_stream = response.headers.get("content-type", "").startswith("text/event-stream")  # it looks again and again
        assert is_stream or log.count <= allowed, (
            f"{request.method} {request.url.path}: {log.count} queries\n" + "\n".join(log.statements)
        )
        self._check_documented(request, response)
        return response

    def _check_documented(self, request: httpx2.Request, response: httpx2.Response) -> None:
        assert "x-request-id" in response.headers
        media_type = response.headers.get("content-type", "").split(";")[0]
        if not media_type.endswith("json") or response.is_stream_consumed is False:
            return
        if response.status_code >= 400:
            assert media_type == responses.PROBLEM_MEDIA_TYPE, response.text
        promised = _promised(self.app, request.method.lower(), request.url.path, response.status_code)
        content = promised.get("content", {}).get(media_type, {}) if promised else {}
        if response.status_code >= 400 and "examples" in content:
            assert response.json()["code"] in content["examples"], f"undocumented code: {response.text}"
        if "schema" in content:
            _validator(self.app, responses.encode(content["schema"])).validate(response.json())


@lru_cache(maxsize=2000)
def _promised(app: FastAPI, method: str, path: str, status: int) -> dict[str, Any] | None:
    """What the OpenAPI document says of this answer; `None` for a path or method it does not know."""
    found: dict[str, Any] | None = None
    for template, operations in app.openapi()["paths"].items():
        if method in operations and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path):
            documented = operations[method]["responses"]
            assert str(status) in documented, f"{method} {template} answers an undocumented {status}"
            found = openapi_components.resolved(app.openapi(), documented[str(status)])
            if "{" not in template:  # a concrete path goes before a template (OpenAPI 3.1 §4.8.8.2)
                return found
    return found


@lru_cache(maxsize=2000)
def _validator(app: FastAPI, schema: bytes) -> Draft202012Validator:
    return Draft202012Validator({**json.loads(schema), "components": app.openapi()["components"]})
