from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from etter_common import metrics


def value(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


class TestObserveRequest:
    def test_rate_errors_and_duration_by_route_template(self) -> None:
        labels = {"method": "GET", "route": "/roles/{id}"}
        before = value("etter_http_requests_total", **labels, status="5xx")
        metrics.observe_request("GET", "/roles/{id}", 503, 0.03)
        assert value("etter_http_requests_total", **labels, status="5xx") == before + 1
        assert value("etter_http_request_seconds_count", **labels) >= 1

    def test_what_a_client_invents_makes_no_new_label(self) -> None:
        for number in range(50):
            metrics.observe_request(f"METHOD{number}", None, 404, 0.001)
        methods = {
            sample.labels["method"]
            for family in metrics.REGISTRY.collect()
            if family.name == "etter_http_requests"
            for sample in family.samples
        }
        assert "OTHER" in methods
        assert not any(method.startswith("METHOD") for method in methods)


class TestWatchPool:
    def test_figures_are_read_at_every_scrape(self) -> None:
        used = 3
        metrics.watch_pool({"test_in_use": lambda: used})
        assert value("etter_db_pool_connections", state="test_in_use") == 3
        used = 4
        assert value("etter_db_pool_connections", state="test_in_use") == 4
        metrics.DB_POOL.remove("test_in_use")


class TestRender:
    def test_prometheus_can_read_it(self) -> None:
        metrics.observe_request("GET", "/roles", 200, 0.01)
        body, content_type = metrics.render()
        families = {family.name for family in text_string_to_metric_families(body.decode())}
        assert content_type.startswith("text/plain; version=0.0.4")
        assert {"etter_http_requests", "process_resident_memory_bytes", "python_gc_collections"} <= families

    @pytest.mark.parametrize("family", [f for f in metrics.REGISTRY.collect() if f.name.startswith("etter_")])
    def test_every_metric_says_what_it_is(self, family: object) -> None:
        assert len(family.documentation) > 5  # type: ignore[attr-defined]
