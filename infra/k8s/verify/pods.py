"""A workload of a rendering as pods that `podman kube play` understands, and the files they mount.

What the kubelet would make of volumes is made here: config maps, secrets and their projections become folders,
emptyDirs and claims too, each with the modes and the group Kubernetes gives them. Left out, because podman has nothing
like it: services and network policies (addresses go into /etc/hosts), requests and limits of resources (there is one
machine), probes (play.py asks as the kubelet does), preStop, ports (podman would open them on the host), service
accounts.
"""

from __future__ import annotations

import base64
import copy
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from references import Object

RESTART = {"Deployment": "Always", "StatefulSet": "Always", "Job": "OnFailure"}
_NOT_PODMANS = ("startupProbe", "livenessProbe", "readinessProbe", "lifecycle", "resources", "ports")
_KEPT = ("containers", "terminationGracePeriodSeconds", "enableServiceLinks")


class Files:
    """The folders behind the volumes of all pods, below `root`."""

    def __init__(self, root: Path, objects: list[Object]) -> None:
        self._root = root
        self._data = dict(_data(objects))

    def folder(self, pod: str, volume: Object, *, group: int) -> Path:
        """Made and filled for one volume of one pod; a claim's is the same for all pods."""
        if "persistentVolumeClaim" in volume:
            return self._writable(self._root / "claims" / volume["persistentVolumeClaim"]["claimName"], group)
        if "emptyDir" in volume:
            return self._writable(self._root / pod / volume["name"], group)
        folder: Path = self._root / pod / volume["name"]
        for source in volume.get("projected", {}).get("sources", [volume]):
            self._project(folder, source, group)
        return folder

    def config(self, name: str) -> dict[str, bytes]:
        return self._data["configMap", name]

    def _writable(self, folder: Path, group: int) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        os.chown(folder, 0, group)
        folder.chmod(0o2777)
        return folder

    def _project(self, folder: Path, source: Object, group: int) -> None:
        kind = "secret" if "secret" in source else "configMap"
        given = source[kind]
        data = self._data[kind, given.get("secretName") or given["name"]]
        for item in given.get("items") or [{"key": key, "path": key} for key in data]:
            file = folder / item["path"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data[item["key"]])
            file.chmod(0o440 if kind == "secret" else 0o444)
            os.chown(file, 0, group)


def _data(objects: list[Object]) -> Iterator[tuple[tuple[str, str], dict[str, bytes]]]:
    for found in objects:
        name = found["metadata"]["name"]
        if found["kind"] == "Secret":
            yield ("secret", name), {key: base64.b64decode(text) for key, text in found.get("data", {}).items()}
        if found["kind"] == "ConfigMap":
            yield ("configMap", name), {key: text.encode() for key, text in found.get("data", {}).items()}


def first(name: str) -> str:
    """The name of the pod for a workload's init containers."""
    return f"{name}-init"


def pods(workload: Object, files: Files, *, addresses: dict[str, str], images: dict[str, str]) -> Iterator[Object]:
    """In the order in which they are to be started. Init containers get a pod of their own: podman holds a lock on one
    that waits in them, and starts them again with `restartPolicy: Always`.

    `addresses` are those of all pods by the name of their service; `images` replace what cannot be pulled here.
    """
    name, template = workload["metadata"]["name"], workload["spec"]["template"]
    spec = {key: copy.deepcopy(template["spec"][key]) for key in _KEPT if key in template["spec"]}
    security = template["spec"]["securityContext"]
    volumes = [*template["spec"].get("volumes", []), *_claims(workload)]
    spec["volumes"] = [
        {
            "name": one["name"],
            "hostPath": {"path": str(files.folder(name, one, group=security["fsGroup"])), "type": "Directory"},
        }
        for one in volumes
    ]
    spec["hostAliases"] = [{"ip": address, "hostnames": [host]} for host, address in sorted(addresses.items())]
    inits = copy.deepcopy(template["spec"].get("initContainers", []))
    for container in [*inits, *spec["containers"]]:
        _adapt(container, security, files, images)
    labels = template["metadata"]["labels"]
    if inits:
        yield _pod(first(name), labels, spec | {"containers": inits, "restartPolicy": "OnFailure"})
    yield _pod(name, labels, spec | {"restartPolicy": RESTART[workload["kind"]]})


def _pod(name: str, labels: dict[str, str], spec: Object) -> Object:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}


def _claims(workload: Object) -> Iterator[Object]:
    for claim in workload["spec"].get("volumeClaimTemplates", []):
        name = claim["metadata"]["name"]
        yield {"name": name, "persistentVolumeClaim": {"claimName": f"{name}-{workload['metadata']['name']}-0"}}


def _adapt(container: Object, security: Object, files: Files, images: dict[str, str]) -> None:
    for key in _NOT_PODMANS:
        container.pop(key, None)
    image = container["image"]
    container["image"] = images.get(image.rsplit(":", 1)[0], image)
    container["imagePullPolicy"] = "Never"
    own = container["securityContext"]
    container["securityContext"] = {key: security[key] for key in ("runAsUser", "runAsGroup", "runAsNonRoot")} | own
    env = [
        {"name": key, "value": value.decode()}
        for source in container.pop("envFrom", [])
        for key, value in files.config(source["configMapRef"]["name"]).items()
    ]
    container["env"] = env + container.get("env", [])


def probes(workload: Object) -> dict[str, Any]:
    """The startup (or readiness) and readiness probes of a workload's one container."""
    container = workload["spec"]["template"]["spec"]["containers"][0]
    return {name: container[name] for name in ("startupProbe", "readinessProbe") if name in container}
