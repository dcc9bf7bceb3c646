"""From a path to its route by the path's segments, so that the last of 150 routes costs what the first does.

The route's caller is checked here too, before anything of the body is read (`deps.Permitted`, `deps.Anyone`).

FastAPI tries its routes one after the other. Here the templates of all included routers form a tree of segments; a
request looks at the few routes that lie on its path, a concrete path before a template (OpenAPI 3.1 §4.8.8.2), so that
the order of declarations means nothing and `DELETE /roles/autocomplete` does not take a word for an id.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from fastapi.routing import RouteContext, iter_route_contexts
from pydantic import BaseModel
from starlette.requests import Request
from starlette.routing import Match

from etter_common.deps import Anyone, Permitted
from etter_common.direct import direct
from etter_common.errors import MethodNotAllowed, NotFound

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

    from fastapi.dependencies.models import Dependant
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Receive, Scope, Send


@dataclass
class _Node:
    """One segment of the tree: the literals below it, anything else below it, and the routes that end here."""

    literals: dict[str, _Node] = field(default_factory=dict)
    any: _Node | None = None
    ending: list[_Candidate] = field(default_factory=list)


@dataclass(frozen=True)
class _Candidate:
    rank: tuple[tuple[int, ...], int]  # what it leaves open, segment by segment, and its place among the declared
    template: str
    route: RouteContext
    direct: ASGIApp | None
    admissions: tuple[Callable[[Request], Awaitable[None]], ...]  # to pass before the body is read
    query_names: frozenset[str]


class Dispatcher:
    """The innermost ASGI application: finds the route, or raises `NotFound` or `MethodNotAllowed`."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._root = _Node()
        self._anywhere: list[_Candidate] = []  # templates with a part that swallows several segments
        self._known: dict[tuple[str, str], tuple[_Candidate, dict[str, Any]]] = {}  # of paths without parameters
        for order, route in enumerate(iter_route_contexts(routes)):
            rank, template = (_openness(str(route.path)), order), str(route.path_format or route.path)
            dependant: Dependant | None = getattr(route.original_route, "dependant", None)
            names = frozenset(_query_names(dependant) if dependant else ())
            admissions = tuple(_admissions(dependant) if dependant else ())
            self._add(_Candidate(rank, template, route, direct(route), admissions, names))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["method"], scope["path"]
        known = self._known.get(asked)
        if known is None:
            candidate, found = self._find(scope)
            if candidate.template == scope["path"] and not found.get("path_params"):
                self._known[asked] = candidate, {name: found[name] for name in found if name != "path_params"}
        else:
            candidate, found = known[0], {**known[1], "path_params": {}}
        scope.update(found)
        route = candidate.route
        scope["route"] = route.original_route
        scope["etter"].route, scope["etter"].query_names = candidate.template, candidate.query_names
        for admit in candidate.admissions:
            await admit(Request(scope))
        if candidate.direct is not None:
            await candidate.direct(scope, receive, send)
            return
        async with AsyncExitStack() as files:  # what FastAPI closes at the end: parts of uploaded forms
            scope["fastapi_middleware_astack"] = files
            handle = getattr(route, "app", None) or route.original_route.handle
            await handle(scope, receive, send)

    def _add(self, candidate: _Candidate) -> None:
        if ":path}" in str(candidate.route.path):
            self._anywhere.append(candidate)
            return
        node = self._root
        for part in candidate.template.split("/"):
            if "{" in part:
                node.any = node = node.any or _Node()
            else:
                node = node.literals.setdefault(part, _Node())
        node.ending.append(candidate)

    def _find(self, scope: Scope) -> tuple[_Candidate, dict[str, Any]]:
        methods: set[str] = set()
        asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope  # RFC 9110 §9.3.2
        for equal in _by_rank(self._candidates(scope["path"])):
            for candidate in equal:
                match, found = candidate.route.matches(asked)
                if match is Match.FULL:
                    return candidate, found
                if match is Match.PARTIAL:
                    methods |= candidate.route.methods or set()
            if methods:
                raise MethodNotAllowed(headers={"Allow": ", ".join(sorted(methods))})
        raise NotFound

    def _candidates(self, path: str) -> list[_Candidate]:
        nodes = [self._root]
        for part in path.split("/"):
            below = []
            for node in nodes:
                if (literal := node.literals.get(part)) is not None:
                    below.append(literal)
                if node.any is not None:
                    below.append(node.any)
            nodes = below
        found = [*self._anywhere, *(candidate for node in nodes for candidate in node.ending)]
        if len(found) > 1:
            found.sort(key=lambda candidate: candidate.rank)
        return found


def _by_rank(candidates: list[_Candidate]) -> Iterable[Iterable[_Candidate]]:
    """Those that leave equally much open together; mostly there is one."""
    if len(candidates) < 2:
        return (candidates,)
    return (equal for _, equal in groupby(candidates, key=lambda candidate: candidate.rank[0]))


def _admissions(dependant: Dependant) -> Iterator[Callable[[Request], Awaitable[None]]]:
    """Of the dependencies that check the caller: token and limits count before FastAPI reads and parses the body."""
    for inner in dependant.dependencies:
        if isinstance(inner.call, Permitted | Anyone):
            yield inner.call.admit
        yield from _admissions(inner)


def _query_names(dependant: Dependant) -> Iterator[str]:
    """Of the parameters that a route and what it depends on take from the query."""
    for parameter in dependant.query_params:
        model = parameter.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield from model.model_fields
        else:
            yield parameter.alias
    for inner in dependant.dependencies:
        yield from _query_names(inner)


def _openness(path: str) -> tuple[int, ...]:
    """Literal before anything before a part that swallows several segments, from the left."""
    return tuple(2 if ":path}" in part else 1 if "{" in part else 0 for part in path.split("/"))
