"""`make play-k8s`: starts what the dev overlay says in podman, all at once and in no order, as `kubectl apply` would.

Every job has to succeed and every pod to become ready by its own probes; then it is looked at what runs (user,
capabilities, file system), and it is ended by SIGTERM within its time. pods.py says what is left out on the way.
PODMAN is the command (`podman`), ETTER_STANDINS=1 takes the stand-ins of infra/compose for the official images.
"""

from __future__ import annotations

import ipaddress
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from manifests import K8S, render
from pods import Files, first, pods, probes
from references import WORKLOADS, Object, of

PODMAN = shlex.split(os.environ.get("PODMAN", "podman"))
NETWORK = f"etter-play-{os.getpid()}"
STANDINS = {"postgres": "etter-standin/postgres:dev", "valkey/valkey": "etter-standin/valkey:dev",
            "nats": "etter-standin/nats:dev"}  # fmt: skip
LONGEST_S = 300
LOOK = """
import os, sys
status = dict(line.split(':\\t', 1) for line in open('/proc/self/status') if ':\\t' in line)
try: open('/written', 'w'); sys.exit('the root can be written to')
except OSError: pass
open('/tmp/written', 'w')
print(os.getuid(), status['CapEff'].strip(), status['NoNewPrivs'].strip(), status['Seccomp'].strip())
"""


def podman(*arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PODMAN, *arguments], check=check, capture_output=True, text=True)


class Played:
    """One pod: started, watched, looked at, ended."""

    def __init__(self, workload: Object, address: str, pods: list[Path]) -> None:
        """`pods`: what comes first ends before the next is started, as init containers do."""
        self.workload = workload
        self.name: str = workload["metadata"]["name"]
        self.address = address
        self.took_s: float | None = None
        spec = workload["spec"]["template"]["spec"]
        self.grace_s: int = spec.get("terminationGracePeriodSeconds", 30)
        self.container = f"{self.name}-{spec['containers'][0]['name']}"
        self._asked = probes(workload)
        self._pods = pods
        self._play()

    def _play(self) -> None:
        self._playing = self._pods.pop(0)
        address = [] if self._pods else ["--ip", self.address]
        self._starter = subprocess.Popen(
            [*PODMAN, "kube", "play", "--network", NETWORK, *address, self._playing],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    @property
    def is_job(self) -> bool:
        return bool(self.workload["kind"] == "Job")

    def state(self, container: str = "") -> dict[str, Any]:
        found = podman("inspect", container or self.container, check=False)
        state: dict[str, Any] = json.loads(found.stdout)[0] if found.returncode == 0 else {}
        return state

    def is_there(self) -> bool:
        if self._starter.poll() not in (None, 0):
            raise SystemExit(f"{self.name} could not be started: {self._starter.communicate()[0][-2000:]}")
        if self._starter.poll() is None:
            return False
        if self._pods:
            if self._has_succeeded(f"{self._playing.stem}-schema"):
                self._play()
            return False
        if self.is_job:
            return self._has_succeeded(self.container)
        return all(self._answers(probe) for probe in self._asked.values())

    def _has_succeeded(self, container: str) -> bool:
        state = self.state(container).get("State", {})
        return (state.get("Status"), state.get("ExitCode")) == ("exited", 0)

    def _answers(self, probe: Object) -> bool:
        if "exec" in probe:
            return podman("exec", self.container, *probe["exec"]["command"], check=False).returncode == 0
        ports = self.workload["spec"]["template"]["spec"]["containers"][0]["ports"]
        port = next(port["containerPort"] for port in ports if port["name"] == probe["httpGet"]["port"])
        try:
            url = f"http://{self.address}:{port}{probe['httpGet']['path']}"
            with urllib.request.urlopen(url, timeout=probe.get("timeoutSeconds", 1)) as answer:
                return bool(200 <= answer.status < 400)
        except OSError:  # an HTTP error is one, too
            return False

    def remove(self) -> None:
        self._starter.kill()
        self._starter.wait()
        podman("pod", "rm", "--force", "--ignore", "--time", "0", self.name, first(self.name), check=False)

    def end(self) -> tuple[float, int]:
        """Seconds and exit code after SIGTERM."""
        began = time.monotonic()
        podman("stop", "--time", str(self.grace_s), self.container)
        return time.monotonic() - began, int(self.state()["State"]["ExitCode"])


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    objects = [found for found in yaml.safe_load_all(render(K8S / "overlays" / "dev")) if found]
    root = Path(tempfile.mkdtemp(prefix="etter-play-"))
    root.chmod(0o755)
    podman("network", "create", NETWORK)
    played: list[Played] = []
    try:
        played = start(objects, root)
        wait(played)
        return look(played) + end(played)
    finally:
        for one in played:
            one.remove()
        podman("network", "rm", "--force", NETWORK, check=False)
        shutil.rmtree(root, ignore_errors=True)


def start(objects: list[Object], root: Path) -> list[Played]:
    network = json.loads(podman("network", "inspect", NETWORK).stdout)[0]["subnets"][0]["subnet"]
    free = list(ipaddress.ip_network(network).hosts())[100:]  # podman gives the first ones to others
    workloads = list(of(objects, *WORKLOADS))
    addresses = {one["metadata"]["name"]: str(address) for one, address in zip(workloads, free, strict=False)}
    files = Files(root / "volumes", objects)
    images = STANDINS if os.environ.get("ETTER_STANDINS") else {}
    played = []
    for one in workloads:
        written = []
        for made in pods(one, files, addresses=addresses, images=images):
            file = root / f"{made['metadata']['name']}.yaml"
            file.write_text(yaml.safe_dump(made), encoding="utf-8")
            written.append(file)
        played.append(Played(one, addresses[one["metadata"]["name"]], written))
    return played


def wait(played: list[Played]) -> None:
    began = time.monotonic()
    while waiting := [one for one in played if one.took_s is None]:
        if time.monotonic() - began > LONGEST_S:
            for one in waiting:
                print(f"{one.name} is not there:\n{podman('logs', '--tail', '20', one.container, check=False).stdout}")
            raise SystemExit(1)
        for one in waiting:
            if one.is_there():
                one.took_s = time.monotonic() - began
                restarts = one.state().get("RestartCount", 0)
                verb = "done" if one.is_job else "ready"
                print(f"{one.name:20} {verb} after {one.took_s:5.1f} s, {restarts} restarts", flush=True)
        time.sleep(0.5)


def look(played: list[Played]) -> int:
    """User 10001, no capability, no way to more, a filter of system calls, and a root that cannot be written to."""
    wrong = 0
    for one in played:
        if one.container.endswith("-etter") and not one.is_job:
            seen = podman("exec", one.container, "python", "-c", LOOK, check=False)
            if seen.stdout.split() != ["10001", "0000000000000000", "1", "2"]:
                wrong += 1
                print(f"WRONG {one.name}: {seen.stdout}{seen.stderr}")
    print(f"{wrong or 'none'} of our pods with more than it may")
    return wrong


def end(played: list[Played]) -> int:
    """Ours by SIGTERM, before what they stand on; none may have to be killed."""
    wrong = 0
    for one in sorted(played, key=lambda one: one.workload["kind"] != "Deployment"):
        if not one.is_job:
            took_s, code = one.end()
            wrong += code == 137
            print(f"{one.name:20} ended after {took_s:5.1f} of {one.grace_s} s with {code}", flush=True)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
