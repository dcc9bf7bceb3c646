"""Routes that answer with ready bytes are called directly, past FastAPI's general machinery.

FastAPI declares, checks and describes them; its own way to call them (exit stacks for what a dependency may open, a
recursion that asks each dependency what kind it is, a response model) costs more than everything else about a request.
What a route asks for is known when the application is put together, so the way through it is laid then. A route that
needs more than is done here goes FastAPI's way.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, get_type_hints

from fastapi._compat import field_annotation_is_sequence
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, Json
from starlette.requests import Request
from starlette.responses import Response

from etter_common.errors import AppError

if TYPE_CHECKING:
    from fastapi._compat import ModelField
    from fastapi.dependencies.models import Dependant
    from fastapi.routing import RouteContext
    from starlette.datastructures import QueryParams
    from starlette.types import ASGIApp, Receive, Scope, Send

_NOT_DONE_HERE: Final = (
    "body_params", "cookie_params", "websocket_param_name", "http_connection_param_name", "response_param_name",
    "background_tasks_param_name", "security_scopes_param_name", "own_oauth_scopes", "concurrency",
)  # fmt: skip
_PARAMETERS: Final = ("path_params", "query_params", "header_params")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A dependency that asks for the request or for nothing; `name` is what the route calls its value."""

    name: str | None
    call: Callable[..., Awaitable[Any]]
    request_name: str | None


def direct(route: RouteContext) -> ASGIApp | None:
    """The route as an ASGI application of few steps; None where it needs FastAPI's own."""
    dependant: Dependant | None = getattr(route, "dependant", None)
    if dependant is None or not isinstance(route.original_route, APIRoute) or not _is_plain(dependant):
        return None
    if not _answers_itself(dependant.call) or not all(_is_simple(asked) for asked in dependant.dependencies):
        return None
    calls = [asked.call for asked in dependant.dependencies]
    if len(set(map(id, calls))) < len(calls):  # FastAPI would call it once
        return None
    asked = [_Asked(d.name, d.call, d.request_param_name) for d in dependant.dependencies if d.call is not None]
    return _Direct(dependant, asked).answer


class _Direct:
    """The way through one route."""

    def __init__(self, dependant: Dependant, asked: Sequence[_Asked]) -> None:
        assert dependant.call is not None  # noqa: S101 - a route's dependant calls its function
        self._call = dependant.call
        self._asked = tuple(asked)
        self._dependant = dependant
        self._has_parameters = any(getattr(dependant, kind) for kind in _PARAMETERS)
        self._query = QueryModel.of(dependant.query_params)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        try:
            response = await self._respond(request)
        except AppError:  # the layer around everything answers it
            raise
        except Exception as error:
            handler = _handler_of(scope, error)
            if handler is None:
                raise
            response = await handler(request, error)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        values: dict[str, Any] = {}
        for asked in self._asked:
            given = {asked.request_name: request} if asked.request_name else {}
            value = await asked.call(**given)
            if asked.name is not None:
                values[asked.name] = value
        if self._has_parameters:
            self._read(request, values)
        if self._dependant.request_param_name:
            values[self._dependant.request_param_name] = request
        response: Response = await self._call(**values)
        return response

    def _read(self, request: Request, values: dict[str, Any]) -> None:
        """Path, query and headers by FastAPI's own rules; raises what is wrong with all of them."""
        errors: list[Any] = []
        for fields, received in (
            (self._dependant.path_params, "path_params"),
            (self._dependant.query_params, "query_params"),
            (self._dependant.header_params, "headers"),
        ):
            if not fields:
                continue
            read = self._query.read if received == "query_params" and self._query else partial(_as_fastapi, fields)
            found, wrong = read(getattr(request, received))
            values.update(found)
            errors += wrong
        if errors:
            raise RequestValidationError(errors)


class QueryModel:
    """The one model that a route's query is read into, by names that are known beforehand."""

    def __init__(self, field: ModelField, many: Mapping[str, bool]) -> None:
        self._field = field
        self._many = many  # of each name, whether it is a list

    @classmethod
    def of(cls, fields: Sequence[ModelField]) -> QueryModel | None:
        """None where it takes FastAPI's rules for aliases, JSON in parameters or several models."""
        model = fields[0].field_info.annotation if len(fields) == 1 else None
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            return None
        declared = model.model_fields.items()
        if any(of.alias not in (None, name) or of.validation_alias not in (None, name) for name, of in declared):
            return None
        if any(type(item) is Json for _, of in declared for item in of.metadata):
            return None
        return cls(fields[0], {name: field_annotation_is_sequence(of.annotation) for name, of in declared})

    def read(self, received: QueryParams) -> tuple[dict[str, Any], list[Any]]:
        """The route's argument, or what is wrong with it; of a name given twice that is no list, the last counts."""
        given: dict[str, Any] = {}
        unknown: dict[str, list[str]] = {}
        for name, value in received.multi_items():
            is_list = self._many.get(name)
            if is_list is None:
                unknown.setdefault(name, []).append(value)
            elif is_list:
                given.setdefault(name, []).append(value)
            else:
                given[name] = value
        for name, found in unknown.items():
            given[name] = found[0] if len(found) == 1 else found
        value, errors = self._field.validate(given, {}, loc=("query",))
        return ({}, errors) if errors else ({self._field.name: value}, [])


def _as_fastapi(fields: Sequence[ModelField], received: Any) -> tuple[dict[str, Any], list[Any]]:
    return request_params_to_args(fields, received)


def _is_plain(dependant: Dependant) -> bool:
    """Asks for nothing that is not done here, and is a coroutine function."""
    if any(getattr(dependant, name) for name in _NOT_DONE_HERE):
        return False
    call = dependant.call
    return inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(getattr(call, "__call__", None))  # noqa: B004


def _is_simple(dependency: Dependant) -> bool:
    has_parameters = any(getattr(dependency, kind) for kind in _PARAMETERS)
    return _is_plain(dependency) and not has_parameters and not dependency.dependencies


def _answers_itself(call: Callable[..., Any] | None) -> bool:
    """Whether the function says that it returns a response."""
    returned = get_type_hints(call).get("return") if inspect.isfunction(call) else None
    return isinstance(returned, type) and issubclass(returned, Response)


def _handler_of(scope: Scope, error: Exception) -> Callable[[Request, Exception], Awaitable[Response]] | None:
    """Where Starlette's routes look for it, by the most special class."""
    handlers, _ = scope["starlette.exception_handlers"]
    return next((handlers[kind] for kind in type(error).__mro__ if kind in handlers), None)
