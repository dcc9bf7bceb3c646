"""Prometheus finds every workload, streams are kept out of the objectives, and the compose fragment is hardened."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from etter_devstack.services import PROGRAMS, SERVICES

from . import existing

ROOT = existing.ROOT
OBSERVABILITY = ROOT / "infra" / "observability"


def read(path: str) -> Any:  # Any: YAML
    return yaml.safe_load((OBSERVABILITY / path).read_text(encoding="utf-8"))


COMPOSE = read("compose.yaml")


class TestScraping:
    def test_every_workload_is_found_by_its_name(self) -> None:
        [job] = [job for job in read("prometheus/prometheus.yml")["scrape_configs"] if job["job_name"] == "etter"]
        [discovery] = job["dns_sd_configs"]
        assert (discovery["type"], discovery["port"]) == ("A", 8000)
        assert sorted(discovery["names"]) == sorted(program.name for program in PROGRAMS)

    @pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
    def test_the_label_service_is_its_bounded_context(self, program: Any) -> None:
        [job] = [job for job in read("prometheus/prometheus.yml")["scrape_configs"] if job["job_name"] == "etter"]
        [rule] = [rule for rule in job["relabel_configs"] if rule["target_label"] == "service"]
        match = re.fullmatch(rule["regex"], program.name)
        assert match
        assert match[1] == program.service

    def test_absence_is_looked_for_in_every_workload(self) -> None:
        [rule] = [rule for rule in existing.alerts() if rule["alert"] == "EtterWorkloadAbsent"]
        assert sorted(re.findall(r'absent\(up\{workload="([^"]+)"\}\)', rule["expr"])) == sorted(
            program.name for program in PROGRAMS
        )


class TestLatency:
    def test_what_is_left_out_of_reads_is_what_streams(self) -> None:
        expressions = [rule["expr"] for group in existing.groups() for rule in group["rules"]]
        [pattern] = {found for text in expressions for found in re.findall(r'GET\|HEAD",route!~"([^"]+)"', text)}
        left_out, streaming = set(), set()
        for path, types in read_routes():
            if re.fullmatch(pattern, path):
                left_out.add(path)
            if types & {"text/event-stream", "application/octet-stream"}:
                streaming.add(path)
        assert left_out == streaming


def read_routes() -> Iterator[tuple[str, set[str]]]:
    """Each path with a GET, and what it answers with."""
    for service in SERVICES:
        paths = json.loads((ROOT / "docs" / "openapi" / f"{service}.json").read_text(encoding="utf-8"))["paths"]
        for path, methods in paths.items():
            if "get" in methods:
                yield path, set(methods["get"]["responses"].get("200", {}).get("content", {}))


@pytest.mark.parametrize("name", COMPOSE["services"])
class TestCompose:
    def test_it_is_hardened(self, name: str) -> None:
        service = COMPOSE["services"][name]
        assert service["profiles"] == ["observability"]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["deploy"]["resources"]["limits"]["memory"]
        if name == "log-collector":  # Docker's files are root's
            assert service["cap_add"] == ["DAC_READ_SEARCH"]
            assert "ports" not in service
        else:
            assert not service["user"].startswith("0")
            assert "cap_add" not in service

    def test_its_image_is_an_exact_release(self, name: str) -> None:
        assert re.fullmatch(r"\$\{\w+:-[a-z0-9/-]+:v?\d+\.\d+\.\d+\}", COMPOSE["services"][name]["image"])

    def test_its_files_are_there(self, name: str) -> None:
        for volume in COMPOSE["services"][name]["volumes"]:
            if volume.startswith("./"):
                assert (OBSERVABILITY / volume.split(":")[0]).exists(), volume

    def test_its_ports_are_for_this_machine_alone(self, name: str) -> None:
        assert all(port.startswith("127.0.0.1:") for port in COMPOSE["services"][name].get("ports", []))


def test_every_scraped_name_is_a_service_of_the_fragment() -> None:
    jobs = [job for job in read("prometheus/prometheus.yml")["scrape_configs"] if "static_configs" in job]
    hosts = {target.split(":")[0] for job in jobs for target in job["static_configs"][0]["targets"]}
    assert hosts - {"localhost"} <= set(COMPOSE["services"])
    [rule] = [rule for rule in existing.alerts() if rule["alert"] == "EtterMonitoringDown"]
    assert f'up{{job=~"{"|".join(job["job_name"] for job in jobs)}"}} == 0' == rule["expr"]
