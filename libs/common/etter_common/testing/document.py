"""Whole-surface tests of the OpenAPI document: it is valid, and says of every operation what the platform does."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from etter_common.openapi_components import parameters_of, resolved
from etter_common.testing.client import CheckedClient
from etter_common.testing.service import ServiceUnderTest
from etter_common.testing.texts import Ids, operations_but_streams

Clients = Callable[..., CheckedClient]


class DocumentTests:
    """A part of `SurfaceTests`."""

    def test_the_document_tells_what_the_platform_adds(self, app: FastAPI) -> None:
        """Of every operation, so that no route can forget it; and nothing of the framework's own errors."""
        document = app.openapi()
        assert not {"HTTPValidationError", "ValidationError"} & set(document["components"]["schemas"])
        for path, item in document["paths"].items():
            for method, operation in item.items():
                answers = {s: resolved(document, answer) for s, answer in operation["responses"].items()}
                where = f"{method} {path}"
                for status in ("400", "408", "413", "422", "429", "431", "500", "503", "504"):
                    assert list(answers[status]["content"]) == ["application/problem+json"], where
                assert all("X-Request-ID" in answer["headers"] for answer in answers.values()), where
                assert all("Retry-After" in answers[status]["headers"] for status in ("429", "503")), where
                required = {name for name, one in parameters_of(document, operation).items() if one.get("required")}
                assert ("If-Match" in required) == ("428" in answers) == ("412" in answers), where
                is_read = method == "get" and "text/event-stream" not in answers["200"]["content"]
                assert ("304" in answers) == is_read, where

    def test_the_document_is_valid_and_its_examples_are(self, app: FastAPI) -> None:
        """OpenAPI 3.1, and every example of a schema by that schema."""
        document = app.openapi()
        OpenAPIV31SpecValidator(document).validate()
        for name, schema in document["components"]["schemas"].items():
            whole = Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": document["components"]})
            for example in schema.get("examples", ()):
                whole.validate(example)

    def test_every_read_takes_fields(self, app: FastAPI) -> None:
        document = app.openapi()
        for path, item in document["paths"].items():
            read = item.get("get", {})
            is_json = "application/json" in read.get("responses", {}).get("200", {}).get("content", {})
            if is_json and "security" in read:
                assert "fields" in parameters_of(document, read), path

    async def test_the_document_names_the_fields_and_sorts_that_are_taken(
        self, app: FastAPI, as_role: Clients, unit_under_test: ServiceUnderTest
    ) -> None:
        """Of every read, compared with what the service says is valid when asked for something else."""
        client, document = as_role("super_admin"), app.openapi()
        for method, path, read in operations_but_streams(app, f"/api/{unit_under_test.name}/v1"):
            parameters = parameters_of(document, read)
            needed = {name: "a" for name, one in parameters.items() if one["in"] == "query" and one["required"]}
            for name, code in (("fields", "unknown_field"), ("sort", "unknown_sort")):
                if name not in parameters or "security" not in read:
                    continue
                answer = await client.request(method, path.format_map(Ids()), params={**needed, name: "no_such"})
                if answer.status_code == 404 or not answer.json()["errors"][0]["pointer"].startswith("/query"):
                    continue  # the path and the body are looked at first
                assert [error["code"] for error in answer.json()["errors"]] == [code], (path, answer.text)
                taken = set(answer.json()["errors"][0]["message"].rpartition(": ")[2].split(", "))
                shown = parameters[name]["schema"]["items"]
                assert all(Draft202012Validator(shown).is_valid(one) for one in taken), (path, name)
                assert {one.removeprefix("-") for one in shown.get("enum", taken)} == taken, (path, name)
