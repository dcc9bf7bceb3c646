"""The drawing of a trace: below its parent, in order, statements of one kind in one line."""

from __future__ import annotations

from infra.observability.trace import tree
from tests.e2e.collector import Received


def span(name: str, own: str, parent: str, began_ms: float, took_ms: float, *, service: str = "core") -> Received:
    began_ns = int(began_ms * 1e6)
    return Received(f"etter-{service}", name, "t", own, parent, began_ns, began_ns + int(took_ms * 1e6))


def test_children_are_below_their_parent_and_like_leaves_together() -> None:
    spans = [
        span("SELECT b", "4", "2", 30, 1),
        span("handle x", "2", "1", 20, 15, service="simulation"),
        span("POST /x", "1", "the caller's", 10, 50),
        span("SELECT a", "3", "2", 22, 1),
        span("SELECT a", "5", "2", 25, 2.5),
    ]
    assert tree(spans).splitlines() == [
        "   begins     takes",
        "      0.0      50.0  core: POST /x",
        "     10.0      15.0     simulation: handle x",
        "     12.0       3.5        SELECT a ×2",
        "     20.0       1.0        SELECT b",
    ]
