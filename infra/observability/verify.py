"""`make verify-observability`: everything that wants the real programs, on a stack of its own that it starts and stops.

promtool and amtool try rules and routing; then a Prometheus reads the local stack while the main job runs on it, with
our rules, and every recording rule and every query of a dashboard is asked of it. Wants `promtool`, `prometheus` and
`amtool` on the path (Debian: apt-get install prometheus prometheus-alertmanager).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx2
import yaml
from infra.observability.boards import BOARDS
from infra.observability.panels import filled

from etter_devstack import daemon
from etter_devstack.demo.client import Client
from etter_devstack.demo.command import documents
from etter_devstack.demo.journey import main_job
from etter_devstack.demo.people import Person, seed
from etter_devstack.servers.ports import free_port
from etter_devstack.services import PROGRAMS
from etter_devstack.stack import Plan
from etter_devstack.state import Home

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
WATCHED_S: Final = 75
READ: Final = (
    "/api/auth/v1/me", "/api/core/v1/chro/dashboard", "/api/core/v1/chro/summary", "/api/extraction/v1/documents",
    "/api/simulation/v1/simulations",
)  # fmt: skip
ROUTES: Final = {
    "pages": ("severity=critical", "alertname=EtterOutboxStuck"),
    "tickets": ("severity=warning", "alertname=EtterDeadLetters"),
    "watchdog": ("severity=none", "alertname=EtterWatchdog"),
}


def main() -> None:
    missing = [name for name in ("promtool", "prometheus", "amtool") if shutil.which(name) is None]
    if missing:
        sys.exit(f"not on the path: {', '.join(missing)} (Debian: prometheus, prometheus-alertmanager)")
    with tempfile.TemporaryDirectory(prefix="etter-observability-") as name:
        folder = Path(name)
        rules(folder)
        routing(folder)
        live(folder)


def rules(folder: Path) -> None:
    config = folder / "prometheus.yml"
    text = (HERE / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    config.write_text(text.replace("/etc/prometheus/rules", str(HERE / "prometheus" / "rules")), encoding="utf-8")
    _run("promtool", "check", "config", str(config))
    tests = sorted(map(str, (HERE / "prometheus" / "tests").glob("*.yaml")))
    _run("promtool", "test", "rules", *tests)
    cases = sum(
        len(test["alert_rule_test"]) for path in tests for test in yaml.safe_load(Path(path).read_text())["tests"]
    )
    print(f"promtool: configuration and rules are sound, {cases} cases as expected")


def routing(folder: Path) -> None:
    config = folder / "alertmanager.yml"
    text = (HERE / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
    if "url_file" not in _run("amtool", "--version"):  # before 0.26 it knew no files; ours is newer
        text = re.sub(r"url_file: .*", "url: http://127.0.0.1:9/", text)
    config.write_text(text, encoding="utf-8")
    _run("amtool", "check-config", str(config))
    for receiver, labels in ROUTES.items():
        _run("amtool", "config", "routes", "test", f"--config.file={config}", f"--verify.receivers={receiver}", *labels)
    print("amtool: configuration is sound, alerts go to their receivers")


def live(folder: Path) -> None:
    home = Home(ROOT, folder / "stack")
    state = daemon.start(home, port=None, report=lambda *_told, **_more: None)
    try:
        targets = [(program, state.parts[program.name].url.removeprefix("http://")) for program in PROGRAMS]
        with prometheus(folder, targets) as ask:
            until = time.monotonic() + WATCHED_S
            people = seed(home, {**os.environ, **Plan.running(home).backbone().environment("auth")})
            main_job(state.ingress_url, people, documents(ROOT), lambda *_told: None)
            read_on(state.ingress_url, people["chro"], until)
            failures = [*targets_up(ask), *rules_yield(ask), *panels_answer(ask)]
    finally:
        daemon.stop(home)
    if failures:
        sys.exit("\n".join(failures))


def read_on(url: str, person: Person, until: float) -> None:
    """Somebody reads while rates build up; each page twice, so that the cache has something to answer."""
    with Client(url, person.email, person.password) as reader:
        while time.monotonic() < until:
            for path in READ:
                reader.get(path)
            time.sleep(0.5)


class Prometheus:
    """The running one, asked over its API."""

    def __init__(self, url: str) -> None:
        self._client = httpx2.Client(base_url=url, timeout=30)

    def get(self, path: str, **parameters: str) -> Any:  # Any: JSON
        answer = self._client.get(f"/api/v1/{path}", params=parameters).json()
        if answer["status"] != "success":
            raise ValueError(answer["error"])
        return answer["data"]

    def is_ready(self) -> bool:
        try:
            return bool(self._client.get("/-/ready").status_code == 200)
        except httpx2.HTTPError:
            return False


@contextmanager
def prometheus(folder: Path, targets: list[tuple[Any, str]]) -> Iterator[Prometheus]:
    """One that reads the local stack as ours reads compose: the same labels, found by file in place of DNS."""
    config = yaml.safe_load((HERE / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    port = free_port()
    config["global"] = {"scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "2s"}
    config["rule_files"] = [str(path) for path in faster_rules(folder)]
    del config["alerting"]
    labelled = [
        {"targets": [address], "labels": {"workload": program.name, "service": program.service}}
        for program, address in targets
    ]
    itself = {"job_name": "prometheus", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
    config["scrape_configs"] = [{"job_name": "etter", "static_configs": labelled}, itself]
    path = folder / "live.yml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [
        "prometheus", f"--config.file={path}", f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
    ]  # fmt: skip
    with (folder / "prometheus.log").open("w") as log, subprocess.Popen(command, stderr=log, stdout=log) as process:
        try:
            found = Prometheus(f"http://127.0.0.1:{port}")
            while not found.is_ready():
                if process.poll() is not None:
                    sys.exit((folder / "prometheus.log").read_text())
                time.sleep(0.2)
            yield found
        finally:
            process.terminate()


def faster_rules(folder: Path) -> Iterator[Path]:
    """Our rules with the long windows evaluated at once: five minutes would not pass here."""
    for path in sorted((HERE / "prometheus" / "rules").glob("*.yaml")):
        faster = folder / path.name
        faster.write_text(path.read_text(encoding="utf-8").replace("interval: 5m", "interval: 5s"), encoding="utf-8")
        yield faster


def targets_up(ask: Prometheus) -> list[str]:
    found = ask.get("targets", state="active")["activeTargets"]
    ours = [target for target in found if target["labels"]["job"] == "etter"]
    print(f"prometheus: {sum(t['health'] == 'up' for t in ours)} of {len(ours)} workloads scraped")
    return [f"{t['labels']['workload']}: {t['lastError']}" for t in ours if t["health"] != "up"]


def rules_yield(ask: Prometheus) -> list[str]:
    found = [rule for group in ask.get("rules")["groups"] for rule in group["rules"]]
    failures = [f"{rule['name']}: {rule['lastError']}" for rule in found if rule["health"] != "ok"]
    recorded = sorted({rule["name"] for rule in found if rule["type"] == "recording"})
    empty = [name for name in recorded if not ask.get("query", query=f'{{__name__="{name}"}}')["result"]]
    firing = sorted({a["labels"]["alertname"] for a in ask.get("alerts")["alerts"] if a["state"] == "firing"})
    print(f"prometheus: {len(recorded) - len(empty)} of {len(recorded)} recorded series have data; firing: {firing}")
    return failures + [f"{name}: no data" for name in empty]


def panels_answer(ask: Prometheus) -> list[str]:
    failures, silent, asked = [], [], 0
    for name, board in BOARDS.items():
        for panel in (panel for row in board.rows for panel in row.panels if panel.kind != "logs"):
            for legend, query in panel.queries.items():
                asked += 1
                try:
                    result = ask.get("query", query=filled(query))["result"]
                except ValueError as error:
                    failures.append(f"{name}, {panel.title}: {error}")
                    continue
                if not result:
                    silent.append(f"{name}, {panel.title}{f' ({legend})' if len(panel.queries) > 1 else ''}")
    print(f"prometheus: {asked - len(silent) - len(failures)} of {asked} queries of dashboards have data; without:")
    print("\n".join(f"  {line}" for line in silent))
    return failures


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


if __name__ == "__main__":
    main()
