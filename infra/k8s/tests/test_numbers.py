"""Numbers of the manifests that follow from numbers in the code."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from etter_common.jobs.runner import DRAIN_S
from etter_common.settings import ServiceSettings
from etter_extraction.parsing import limits

from .conftest import K8S, deployment, variables

MI = 1024 * 1024
HAND_BACK_S = 15
"""After the jobs' time: rows and messages written, the relay, health port and connections closed."""


def mebibytes(quantity: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(Mi|Gi)", quantity or "").groups()  # type: ignore[union-attr]
    return int(number) * (1024 if unit == "Gi" else 1)


def etter(pod: dict[str, Any]) -> dict[str, Any]:
    container: dict[str, Any] = next(one for one in pod["containers"] if one["name"] == "etter")
    return container


class TestDrain:
    def test_an_api_has_time_for_every_request(self) -> None:
        pod = deployment("base/patches/api.yaml")
        told_s = etter(pod)["lifecycle"]["preStop"]["sleep"]["seconds"]
        running_s = int(etter(pod)["args"][-1].removeprefix("--timeout-graceful-shutdown="))
        assert running_s >= ServiceSettings.model_fields["request_timeout_s"].default
        assert told_s + running_s + HAND_BACK_S <= pod["terminationGracePeriodSeconds"]

    @pytest.mark.parametrize("service", ["extraction", "simulation"])
    def test_a_worker_has_time_to_hand_its_jobs_back(self, service: str) -> None:
        """Its queues drain together."""
        pod = deployment(f"base/{service}-worker.yaml")
        assert pod["terminationGracePeriodSeconds"] >= DRAIN_S + HAND_BACK_S


class TestResources:
    def test_documents_that_take_all_they_may_fit_beside_one_another(self) -> None:
        resources = etter(deployment("base/extraction-worker.yaml"))["resources"]
        at_once = int(variables(K8S / "base/config/extraction.env")["EXTRACTION_PARSE_PARALLEL"])
        worker_mi = 256
        assert mebibytes(resources["limits"]["memory"]) >= at_once * limits.MEMORY // MI + worker_mi

    def test_the_engine_has_as_many_threads_as_cores_are_asked_for(self) -> None:
        asked = etter(deployment("base/simulation-worker.yaml"))["resources"]["requests"]["cpu"]
        assert variables(K8S / "base/config/simulation.env")["SIMULATION_ENGINE_THREADS"] == asked


def test_the_command_is_the_images_but_for_the_time_to_drain() -> None:
    dockerfile = (K8S.parent / "docker" / "Dockerfile").read_text(encoding="utf-8")
    written = re.search(r"^CMD (\[.*?\])$", dockerfile.replace("\\\n", ""), re.MULTILINE)
    assert written is not None
    images = " ".join(json.loads(written[1])).replace("=", " ")
    ours = " ".join(etter(deployment("base/patches/api.yaml"))["args"]).replace("=", " ")
    assert ours.rsplit(" ", 1)[0] == images.rsplit(" ", 1)[0]
