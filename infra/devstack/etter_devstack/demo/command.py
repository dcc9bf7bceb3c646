"""What `etter demo`, `etter seed` and `etter run` do with the demonstration."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from etter_devstack.demo.client import JourneyError
from etter_devstack.demo.journey import earlier_result, main_job
from etter_devstack.demo.people import COMPANY, Person, people, seed
from etter_devstack.demo.progress import StepProgress
from etter_devstack.demo.report import Report, show
from etter_devstack.servers.process import StartError
from etter_devstack.stack import Plan

_COMPLAINTS = Console(stderr=True)


def seeded(plan: Plan) -> dict[str, Person]:
    """The demo company's people, made at first use."""
    return people(plan.home) or seed(plan.home, plan.backbone().environment("auth"))


def demonstrate(plan: Plan, console: Console, *, as_json: bool, reuse: bool) -> None:
    """Run the main job on the example documents; with `reuse` show an earlier run's result if there is one."""
    cast = seeded(plan)
    try:
        report = earlier_result(plan.ingress_url, cast) if reuse else None
        if report is None:
            with StepProgress(_COMPLAINTS if as_json else console) as progress:
                report = main_job(plan.ingress_url, cast, documents(plan.home.root), progress)
    except JourneyError as error:
        raise StartError(f"the main job stopped: {error}") from error
    if as_json:
        sys.stdout.write(json.dumps(report.as_json(), indent=2) + "\n")
    else:
        _tell(report, plan, cast, console)


def documents(root: Path) -> list[Path]:
    """The example company's files, the headcount sheet among them."""
    folder = root / "examples" / "brightwater"
    found = (
        sorted(path for path in folder.iterdir() if path.is_file() and path.suffix != ".md") if folder.is_dir() else []
    )
    if not found:
        raise StartError(f"there are no example documents in {folder}")
    return found


def show_people(cast: Mapping[str, Person], console: Console) -> None:
    console.print(f"Sign in as one of {COMPANY}:")
    for part, person in cast.items():
        console.print(f"  {part:<10} {person.email:<40} {person.password}", markup=False)


def _tell(report: Report, plan: Plan, cast: Mapping[str, Person], console: Console) -> None:
    show(report, console)
    console.print(f"Done in {report.seconds:.1f} s. The API of a service: {plan.ingress_url}/api/core/openapi.json")
    show_people(cast, console)
