"""`docs/errors.md` is the catalogue of every code an answer can carry."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil

import etter_simulation.main  # noqa: F401 - each brings its errors
from etter_common.errors import AppError, FieldError, ValidationFailed
from etter_common.responses import problem_body

from .conftest import ROOT

PAGE = ROOT / "docs" / "errors.md"
OWNERS = {
    "etter_common": "Every service",
    "etter_auth": "auth",
    "etter_core": "core",
    "etter_extraction": "extraction",
    "etter_simulation": "simulation",
}
EXAMPLE = problem_body(
    ValidationFailed(
        errors=[FieldError("/body/headcount", "Input should be greater than or equal to 0", "greater_than_equal")]
    ),
    instance="/api/core/v1/roles",
    request_id="6f1d0c5a9b7e4f7f8f1f6a2b3c4d5e6f",
)
HEAD = f"""# Errors

Every answer of 4xx and 5xx is a problem (RFC 9457), `application/problem+json`:

```json
{json.dumps(EXAMPLE, indent=2)}
```

Act on `code`: it is stable and never used for anything else. `title` belongs to the code, `detail` to the case; both
are for people. `errors` names the fields at fault: `pointer` is a JSON pointer that begins with the place, `/body`,
`/query`, `/path` or `/header`. Nothing internal is told: what was not foreseen is `INTERNAL_ERROR`, with the
`request_id` under which the log has the rest. 429 and 503 say in `Retry-After` when to come back. The routes' own
lists are in `docs/openapi/`.

This page is written by `make specs` from the code.
"""


def load_all() -> None:
    """Import every module, since each brings its errors."""
    for package in OWNERS:
        found = importlib.import_module(package)
        for module in pkgutil.walk_packages(found.__path__, f"{package}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


def render() -> str:
    load_all()
    parts = [HEAD]
    known: tuple[type[AppError], ...] = (AppError, *AppError.by_code.values())
    for package, owner in OWNERS.items():
        errors = sorted(
            (error for error in known if error.__module__.split(".")[0] == package
             and not error.__module__.startswith("etter_common.testing")),
            key=lambda error: (error.status, error.code),
        )  # fmt: skip
        rows = "".join(f"| {error.status} | `{error.code}` | {error.title} |\n" for error in errors)
        parts.append(f"\n## {owner}\n\n| status | code | title |\n|---|---|---|\n{rows}")
    return "".join(parts)


def test_the_reviewed_page_has_every_code() -> None:
    if os.environ.get("ETTER_UPDATE_SNAPSHOTS"):
        PAGE.write_text(render(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == render()


def test_codes_and_titles_are_as_a_reader_expects() -> None:
    for code, error in AppError.by_code.items():
        assert code == code.upper()
        assert 400 <= error.status <= 599
        assert error.title[0].isupper() or error.title[0].isdigit(), code
        assert not error.title.endswith("."), code
