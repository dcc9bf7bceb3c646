from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, Response
from fastapi.routing import iter_route_contexts
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Match

from etter_common.dispatch import Dispatcher
from etter_common.errors import MethodNotAllowed, NotFound

TEMPLATES = ("/roles", "/roles/{id}", "/roles/autocomplete", "/roles/{id}/adjacent", "/{x}/{y}", "/files/{p:path}", "/")


def app_of(*templates: str, methods: tuple[str, ...] = ("GET",)) -> FastAPI:
    """Each template is a route, in a router of its own, that answers with its own template and parameters."""
    app = FastAPI()
    for number, template in enumerate(templates):
        router = APIRouter(prefix="/api")

        def endpoint() -> Response:
            return Response()

        router.add_api_route(template, endpoint, methods=list(methods), name=f"route_{number}")
        app.include_router(router)
    return app


def scope(path: str, method: str = "GET") -> dict[str, Any]:
    state = SimpleNamespace(route=None)
    return {"type": "http", "method": method, "path": path, "root_path": "", "headers": [], "etter": state}


def found(app: FastAPI, path: str, method: str = "GET") -> tuple[str, dict[str, Any]]:
    candidate, child = Dispatcher(app.routes)._find(scope(path, method))
    return candidate.template, child["path_params"]


def of_fastapi(app: FastAPI, path: str) -> set[str]:
    """What FastAPI itself finds: it would take the first."""
    contexts = iter_route_contexts(app.routes)
    return {str(context.path) for context in contexts if context.matches(scope(path))[0] is Match.FULL}


def most_concrete(templates: set[str]) -> str | None:
    """By the words of OpenAPI 3.1 §4.8.8.2."""

    def openness(template: str) -> list[tuple[bool, bool]]:
        return [(":path" in part, "{" in part) for part in template.split("/")]

    return min(templates, key=openness, default=None)


class TestFind:
    def test_literals_parameters_and_rests(self) -> None:
        app = app_of("/roles", "/roles/autocomplete", "/roles/{id}", "/files/{p:path}")
        assert found(app, "/api/roles") == ("/api/roles", {})
        assert found(app, "/api/roles/autocomplete") == ("/api/roles/autocomplete", {})
        assert found(app, "/api/roles/7") == ("/api/roles/{id}", {"id": "7"})
        assert found(app, "/api/files/a/b") == ("/api/files/{p}", {"p": "a/b"})

    def test_a_concrete_path_wins_wherever_it_was_declared(self) -> None:
        app = app_of("/roles/{id}", "/roles/autocomplete")
        assert found(app, "/api/roles/autocomplete")[0] == "/api/roles/autocomplete"

    def test_of_equal_templates_the_first_declared_wins(self) -> None:
        assert found(app_of("/roles/{id}", "/roles/{code}"), "/api/roles/7")[1] == {"id": "7"}

    def test_a_method_that_a_concrete_path_lacks_is_not_the_template_s(self) -> None:
        app = FastAPI()
        for path, method in (("/roles/autocomplete", "GET"), ("/roles/{id}", "DELETE"), ("/roles/{id}", "PATCH")):
            app.add_api_route(path, lambda: None, methods=[method])
        with pytest.raises(MethodNotAllowed) as refused:
            found(app, "/roles/autocomplete", "DELETE")
        assert refused.value.headers == {"Allow": "GET"}
        with pytest.raises(MethodNotAllowed) as refused:
            found(app, "/roles/7", "GET")
        assert refused.value.headers == {"Allow": "DELETE, PATCH"}

    @pytest.mark.parametrize("path", ["/", "/api", "/api/roles/", "/api/roles/1/2/3", "//", "/api//roles", ""])
    def test_what_is_not_there(self, path: str) -> None:
        with pytest.raises(NotFound):
            found(app_of("/roles", "/roles/{id}"), path)

    def test_another_method_is_told_all_that_are_allowed(self) -> None:
        app = app_of("/roles", methods=("GET", "POST"))
        with pytest.raises(MethodNotAllowed) as refused:
            found(app, "/api/roles", "DELETE")
        assert refused.value.headers == {"Allow": "GET, POST"}

    def test_head_is_get_without_its_body(self) -> None:
        assert found(app_of("/roles"), "/api/roles", "HEAD")[0] == "/api/roles"

    @given(
        templates=st.permutations(TEMPLATES),
        path=st.lists(st.sampled_from(["roles", "7", "autocomplete", "adjacent", "files", ""]), max_size=4),
    )
    def test_it_chooses_the_most_concrete_of_what_fastapi_finds(self, templates: list[str], path: list[str]) -> None:
        app, wanted = app_of(*templates), "/api/" + "/".join(path)
        try:
            chosen: str | None = str(Dispatcher(app.routes)._find(scope(wanted))[0].route.path)
        except NotFound:
            chosen = None
        assert chosen == most_concrete(of_fastapi(app, wanted))
