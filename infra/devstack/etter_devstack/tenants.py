"""`etter export-company` and `etter erasure`: all that is kept of a company, and whether its end was carried out."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console

from etter_common.tenant_export import UNKNOWN
from etter_devstack.servers.process import StartError
from etter_devstack.services import SERVICES, Backbone
from etter_devstack.stack import Plan
from etter_devstack.state import Home

_console = Console(highlight=False, soft_wrap=True)
Company = Annotated[UUID, typer.Argument(help="its id, as `GET /api/auth/v1/companies` tells it")]


def export_company(
    company: Company,
    to: Annotated[Path, typer.Option(help="a new folder", file_okay=False)],
) -> None:
    """Write all that the services keep of a company into a folder: a zip for each service, and a manifest."""
    backbone = _running()
    if to.exists() and any(to.iterdir()):
        raise StartError(f"{to} is not empty; name a new folder")
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        parts = {service: _exported(backbone, service, company, to) for service in SERVICES}  # auth knows who there is
    except StartError:
        if not any(to.iterdir()):
            to.rmdir()
        raise
    manifest = {"format": "etter-company-export-1", "company_id": str(company), "services": parts}
    told = to / "manifest.json"
    told.touch(mode=0o600)
    told.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    rows = sum(part["rows"] for part in parts.values())
    files = sum(part["files"] for part in parts.values())
    _console.print(f"Exported {rows} rows and {files} files to {to}.")
    if lost := sum(part["missing"] + part["damaged"] for part in parts.values()):
        raise StartError(f"{lost} files are missing or damaged: see manifest.json of the service's zip")


def erasure(company: Company) -> None:
    """Which services have erased a deleted company. Exit code 3 while one has not; 4 if there was no such end."""
    environment = _running().environment("auth")
    command = [sys.executable, "-m", "etter_auth.erasure", str(company)]
    raise typer.Exit(subprocess.run(command, env=environment, check=False).returncode)


def _exported(backbone: Backbone, service: str, company: UUID, folder: Path) -> dict[str, Any]:
    """One service's archive, seen to be whole; what the manifest says of it."""
    target, partial = folder / f"{service}.zip", folder / f"{service}.zip.part"
    command = [sys.executable, "-m", f"etter_{service}.export", str(company)]
    with partial.open("xb") as out:
        done = subprocess.run(
            command, env=backbone.environment(service), stdout=out, stderr=subprocess.PIPE, check=False, text=True
        )
    if done.returncode:
        partial.unlink()
        raise StartError(done.stderr.strip() if done.returncode == UNKNOWN else f"{service} failed: {done.stderr}")
    with zipfile.ZipFile(partial) as archive:
        inner = json.loads(archive.read("manifest.json"))
    partial.chmod(0o600)
    partial.rename(target)
    files = inner["files"] or {"count": 0, "missing": [], "damaged": []}
    with target.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    return {
        "archive": target.name, "sha256": digest, "taken_at": inner["taken_at"],
        "rows": sum(table["rows"] for table in inner["tables"].values()), "files": files["count"],
        "missing": len(files["missing"]), "damaged": len(files["damaged"]),
    }  # fmt: skip


def _running() -> Backbone:
    home = Home.of_checkout()
    state = home.running()
    if state is None or not state.is_ready:
        raise StartError("Etter is not running here; start it first: make up")
    return Plan.running(home).backbone()
