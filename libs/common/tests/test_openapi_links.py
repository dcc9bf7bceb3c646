"""Links lead from what was made to what takes its id."""

from __future__ import annotations

from typing import Any

from etter_common import openapi_links

ID = "$response.body#/data/id"


def made(model: str, *headers: str) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/Data_{model}_"}
    return {"content": {"application/json": {"schema": schema}}, "headers": {name: {} for name in headers}}


def operation(
    name: str, *, answer: dict[str, Any] | None = None, body: str | None = None, **more: Any
) -> dict[str, Any]:
    found: dict[str, Any] = {"operationId": name, "responses": {"201": answer} if answer else {"204": {}}, **more}
    if body:
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{body}"}}}
        found["requestBody"] = {"content": content}
    return found


def document() -> dict[str, Any]:
    match = [{"name": "If-Match", "in": "header"}]
    schemas: dict[str, Any] = {
        name: {"properties": {"data": {"$ref": f"#/components/schemas/{name[5:-1]}"}}} for name in DATA
    }
    schemas |= {
        "RoleOut": {"properties": {"id": {}, "tasks": {}}},
        "ReviewOut": {"properties": {"id": {}}},
        "ReviewIn": {"properties": {"role_id": {}, "name": {}}},
        "PlanIn": {"properties": {"role_ids": {}, "steps": {"items": STEP, "minItems": 2}}},
        "Step": {"properties": {"role_id": {}}},
    }
    paths = {
        "/roles": {"post": operation("create_role", answer=made("RoleOut", "ETag"))},
        "/roles/{role_id}": {
            "delete": operation("delete_role", parameters=match), "get": operation("get_role"),
        },
        "/roles/{role_id}/tasks/{task_id}": {"delete": operation("delete_task")},
        "/roles/{role_id}/notes/{note_id}": {"delete": operation("delete_note")},
        "/reviews": {"post": operation("create_review", answer=made("ReviewOut"), body="ReviewIn")},
        "/plans": {"post": operation("create_plan", body="PlanIn")},
    }  # fmt: skip
    return {"paths": paths, "components": {"schemas": schemas}}


STEP = {"$ref": "#/components/schemas/Step"}
DATA = ("Data_RoleOut_", "Data_ReviewOut_")


def links(path: str) -> dict[str, Any]:
    found = document()
    openapi_links.add(found)
    answer: dict[str, Any] = found["paths"][path]["post"]["responses"]["201"]
    given: dict[str, Any] = answer.get("links", {})
    return given


def test_by_the_path_with_the_tag_where_it_is_needed() -> None:
    found = links("/roles")
    assert found["get_role"] == {"operationId": "get_role", "parameters": {"path.role_id": ID}}
    assert found["delete_role"]["parameters"] == {"path.role_id": ID, "header.If-Match": "$response.header.ETag"}


def test_to_what_lies_inside_where_the_answer_has_it() -> None:
    found = links("/roles")
    assert found["delete_task"]["parameters"]["path.task_id"] == "$response.body#/data/tasks/0/id"
    assert "delete_note" not in found


def test_into_bodies_by_name() -> None:
    found = links("/roles")
    assert found["create_review"] == {"operationId": "create_review", "requestBody": {"role_id": ID}}
    assert found["create_plan"]["requestBody"] == {"role_ids": [ID], "steps": [{"role_id": ID}] * 2}


def test_nowhere_for_an_id_that_nothing_takes() -> None:
    assert links("/reviews") == {}
