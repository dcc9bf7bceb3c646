"""Running programs: their output is theirs to show only when they fail."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from verify.transcript import CheckFailed

_PASSWORD = re.compile(r"(://[^:/@\s]*:)[^@\s]+@")
DOCKER = shlex.split(os.environ.get("DOCKER", "docker"))


def docker(*arguments: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    return run(*DOCKER, *arguments, env=env, cwd=cwd)


def run(
    *command: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None, stdin: str | None = None
) -> str:
    """Standard output; a failure is raised with the end of what was said."""
    done = subprocess.run(
        [str(part) for part in command], env={**os.environ, **(env or {})}, cwd=cwd, input=stdin,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        told = f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}".strip()
        raise CheckFailed(_PASSWORD.sub(r"\1…@", told)[-3000:])
    return done.stdout
