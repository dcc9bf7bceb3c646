"""What no schema says: that objects of one rendering fit together. Each function gives complaints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Object = dict[str, Any]  # a Kubernetes object as YAML gives it
WORKLOADS = ("Deployment", "StatefulSet", "Job")


def complaints(objects: list[Object]) -> list[str]:
    checks = (_twice, _selectors, _policies, _targets, _mounted, _ports)
    return [said for check in checks for said in check(objects)]


def of(objects: list[Object], *kinds: str) -> Iterator[Object]:
    return (found for found in objects if found["kind"] in kinds)


def pods(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    """Name of the workload, and its pod's template."""
    for found in of(objects, *WORKLOADS):
        yield found["metadata"]["name"], found["spec"]["template"]


def containers(pod: Object) -> list[Object]:
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def matches(selector: Object, labels: dict[str, str]) -> bool:
    if any(labels.get(name) != value for name, value in selector.get("matchLabels", {}).items()):
        return False
    for rule in selector.get("matchExpressions", []):
        if rule["operator"] != "In":
            raise NotImplementedError(rule["operator"])
        if labels.get(rule["key"]) not in rule["values"]:
            return False
    return True


def _labels(objects: list[Object]) -> list[dict[str, str]]:
    return [pod["metadata"]["labels"] for _, pod in pods(objects)]


def _twice(objects: list[Object]) -> Iterator[str]:
    seen: set[tuple[str, str, str]] = set()
    for found in objects:
        key = (found["apiVersion"].split("/")[0], found["kind"], found["metadata"]["name"])
        if key in seen:
            yield f"{key} is there twice"
        seen.add(key)


def _selectors(objects: list[Object]) -> Iterator[str]:
    """A selector that selects nothing is a typing mistake."""
    labels = _labels(objects)
    for found in of(objects, "Service"):
        if not any(matches({"matchLabels": found["spec"]["selector"]}, pod) for pod in labels):
            yield f"Service {found['metadata']['name']} selects no pod"
    for found in of(objects, "PodDisruptionBudget", "PodMonitor", "Deployment", "StatefulSet"):
        if not any(matches(found["spec"]["selector"], pod) for pod in labels):
            yield f"{found['kind']} {found['metadata']['name']} selects no pod"


def _policies(objects: list[Object]) -> Iterator[str]:
    labels = _labels(objects)
    policies = list(of(objects, "NetworkPolicy"))
    if not any(p["spec"]["podSelector"] == {} and "ingress" not in p["spec"] and "egress" not in p["spec"]
               and set(p["spec"]["policyTypes"]) == {"Ingress", "Egress"} for p in policies):  # fmt: skip
        yield "no policy denies what is not named"
    for policy in policies:
        name, spec = policy["metadata"]["name"], policy["spec"]
        if not any(matches(spec["podSelector"], pod) for pod in labels):
            yield f"NetworkPolicy {name} selects no pod"
        for peer in [p for rule in spec.get("egress", []) for p in rule.get("to", [])]:
            here = "podSelector" in peer and "namespaceSelector" not in peer
            if here and not any(matches(peer["podSelector"], pod) for pod in labels):
                yield f"NetworkPolicy {name} opens the way to no pod"
            if peer.get("ipBlock", {}).get("cidr") == "192.0.2.0/24":
                yield f"NetworkPolicy {name} still names the network that is nowhere"


def _targets(objects: list[Object]) -> Iterator[str]:
    deployments = {found["metadata"]["name"]: found for found in of(objects, "Deployment")}
    for found in of(objects, "HorizontalPodAutoscaler", "ScaledObject"):
        target = deployments.get(found["spec"]["scaleTargetRef"]["name"])
        if target is None:
            yield f"{found['kind']} {found['metadata']['name']} scales nothing"
        elif "replicas" in target["spec"]:
            yield f"{target['metadata']['name']} has both replicas and a {found['kind']}: each apply would reset it"


def _mounted(objects: list[Object]) -> Iterator[str]:
    """Secrets, config maps, claims and service accounts that pods name are there."""
    there = {(found["kind"], found["metadata"]["name"]) for found in objects}
    there |= {("Secret", found["spec"]["target"]["name"]) for found in of(objects, "ExternalSecret")}
    for name, pod in pods(objects):
        for kind, wanted in _needs(pod["spec"]):
            if (kind, wanted) not in there:
                yield f"{name} needs {kind} {wanted}, which nothing makes"


def _needs(spec: Object) -> Iterator[tuple[str, str]]:
    yield "ServiceAccount", spec.get("serviceAccountName", "")
    for container in [*spec.get("initContainers", []), *spec["containers"]]:
        for source in container.get("envFrom", []):
            yield "ConfigMap", source["configMapRef"]["name"]
    for volume in spec.get("volumes", []):
        for source in [volume, *volume.get("projected", {}).get("sources", [])]:
            if "secret" in source:
                yield "Secret", source["secret"].get("secretName") or source["secret"]["name"]
            if "configMap" in source:
                yield "ConfigMap", source["configMap"]["name"]
            if "persistentVolumeClaim" in source:
                yield "PersistentVolumeClaim", source["persistentVolumeClaim"]["claimName"]


def _ports(objects: list[Object]) -> Iterator[str]:
    """Named ports of services, policies and probes are ports of the pods they mean."""
    meant: list[tuple[str, Object, set[Any]]] = [
        (f"Service {one['metadata']['name']}", {"matchLabels": one["spec"]["selector"]},
         {port["targetPort"] for port in one["spec"]["ports"]})
        for one in of(objects, "Service")
    ] + [
        (f"NetworkPolicy {one['metadata']['name']}", one["spec"]["podSelector"],
         {port["port"] for rule in one["spec"].get("ingress", []) for port in rule.get("ports", [])})
        for one in of(objects, "NetworkPolicy")
    ]  # fmt: skip
    for name, pod in pods(objects):
        there = _names(pod)
        for who, selector, ports in meant:
            if matches(selector, pod["metadata"]["labels"]):
                yield from (f"{who}: {name} has no port {port}" for port in ports - there)
        yield from (f"{name}: a probe asks port {port}" for port in _probed(pod) - there)


def _probed(pod: Object) -> set[Any]:
    asked = (one.get(f"{kind}Probe", {}) for one in containers(pod) for kind in ("startup", "liveness", "readiness"))
    return {probe["httpGet"]["port"] for probe in asked if "httpGet" in probe}


def _names(pod: Object) -> set[str]:
    return {port["name"] for container in containers(pod) for port in container.get("ports", [])}
