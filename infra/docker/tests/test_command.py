"""A container runs a service as the local stack does."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from etter_devstack.services import PROGRAMS

DOCKERFILE = (Path(__file__).resolve().parents[1] / "Dockerfile").read_text(encoding="utf-8")
PLACE = {"--host", "0.0.0.0", "--port", "8000", "127.0.0.1"}  # noqa: S104 - in a container


def test_its_options_are_those_of_the_local_stack() -> None:
    told = re.search(r"^CMD (\[.*?\])$", DOCKERFILE.replace("\\\n", ""), re.MULTILINE | re.DOTALL)
    assert told
    command = ast.literal_eval(told[1])
    local = next(program for program in PROGRAMS if program.name == "core").command(8000)
    application = next(part for part in local if ":create" in part)
    assert f"UVICORN_APP={application.replace('core', '${SERVICE}')}" in DOCKERFILE
    assert [part for part in command[1:] if part not in PLACE] == [
        part for part in local[1:] if part not in {*PLACE, application}
    ]
