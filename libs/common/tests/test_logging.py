from __future__ import annotations

import io
import json
import logging as stdlib_logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import pytest
import structlog
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from etter_common import logging

SECRET = "hunter2-hunter2"


@pytest.fixture
def output() -> Iterator[io.BytesIO]:
    before = structlog.get_config()
    root = stdlib_logging.getLogger()
    level = root.level
    stream = io.BytesIO()
    logging.configure("core", "info", "test", stream=stream)
    yield stream
    structlog.configure(**before)
    root.setLevel(level)
    for handler in [h for h in root.handlers if type(h).__name__ == "_JsonHandler"]:
        root.removeHandler(handler)


def lines(output: io.BytesIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


log = logging.get_logger("etter.test")


class TestConfigure:
    def test_a_line_is_one_json_object(self, output: io.BytesIO) -> None:
        log.info("workflow_submitted", workflow_id="w1", seconds=1.5)
        [line] = lines(output)
        assert line.pop("timestamp", "").endswith("Z")  # type: ignore[attr-defined]
        assert line == {
            "event": "workflow_submitted",
            "workflow_id": "w1",
            "seconds": 1.5,
            "level": "info",
            "logger": "etter.test",
            "service": "core",
            "environment": "test",
        }

    def test_lines_below_the_level_are_not_written(self, output: io.BytesIO) -> None:
        log.debug("detail")
        assert lines(output) == []

    def test_the_standard_library_writes_the_same_lines(self, output: io.BytesIO) -> None:
        with logging.bound(request_id="r1"):
            stdlib_logging.getLogger("uvicorn.error").warning("port %d taken", 8080)
        [line] = lines(output)
        assert line["event"] == "port 8080 taken"
        assert (line["logger"], line["level"], line["request_id"]) == ("uvicorn.error", "warning", "r1")

    def test_an_exception_is_told_with_its_traceback(self, output: io.BytesIO) -> None:
        try:
            raise LookupError("gone")
        except LookupError:
            log.exception("failed")
            stdlib_logging.getLogger("x").exception("failed too")
        for line in lines(output):
            assert line["level"] == "error"
            assert line["error_type"] == "LookupError"
            assert "test_logging.py" in str(line["exception"])

    def test_what_json_cannot_hold_is_written_anyway(self, output: io.BytesIO) -> None:
        log.info("odd", surrogate="\ud800", number=float("nan"), huge=1 << 80, item=object(), keys={1: {"a"}})
        [line] = lines(output)
        assert line["surrogate"] == "\\ud800"

    def test_a_line_break_in_a_value_makes_no_new_line(self, output: io.BytesIO) -> None:
        log.info("request", path='/x\n{"level":"error","event":"forged"}')
        assert len(lines(output)) == 1

    def test_in_a_process_of_its_own_it_writes_to_stdout(self) -> None:
        code = (
            "import warnings; from etter_common import logging; logging.configure('core', 'info', 'production');"
            "logging.get_logger('x').info('started'); warnings.warn('old', DeprecationWarning)"
        )
        done = subprocess.run([sys.executable, "-W", "always", "-c", code], capture_output=True, check=True, timeout=30)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        assert [line["logger"] for line in events] == ["x", "py.warnings"]
        assert done.stderr == b""


class TestRedaction:
    def test_no_planted_secret_is_written(self, output: io.BytesIO) -> None:
        with logging.bound(session_token=SECRET):
            log.info("a", password=SECRET, headers={"Authorization": f"Bearer {SECRET}", "cookie": SECRET})
            log.info(f"token={SECRET}", url=f"https://u:{SECRET}@x/?api_key={SECRET}")
            stdlib_logging.getLogger("x").warning("login with password=%s", SECRET)
            try:
                raise ValueError(f"refused secret={SECRET}")
            except ValueError:
                log.exception("b", detail=ValueError(f"token: {SECRET}"), raw=f"cookie={SECRET}".encode())
        assert len(lines(output)) == 4
        assert SECRET.encode() not in output.getvalue()


class TestBound:
    def test_ids_stand_on_every_line_inside_and_on_none_after(self, output: io.BytesIO) -> None:
        with logging.bound(request_id="r1"):
            with logging.bound(request_id="r2", company_id="c"):
                log.info("inner")
            log.info("outer")
        log.info("after")
        inner, outer, after = lines(output)
        assert (inner["request_id"], inner["company_id"]) == ("r2", "c")
        assert outer["request_id"] == "r1"
        assert "company_id" not in outer
        assert "request_id" not in after

    def test_the_running_trace_is_on_the_line(self, output: io.BytesIO) -> None:
        with TracerProvider().get_tracer("t").start_as_current_span("s") as span:
            log.info("inside")
        [line] = lines(output)
        assert line["trace_id"] == trace.format_trace_id(span.get_span_context().trace_id)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
class TestFullDisk:
    """A task that logs while nothing can be written must not end of it."""

    def test_what_cannot_be_written_is_dropped(self, output: io.BytesIO) -> None:
        with Path("/dev/full").open("wb", buffering=0) as full:
            logging.configure("core", "info", "test", stream=cast("BinaryIO", full))
            log.warning("outbox_row_not_published")
            stdlib_logging.getLogger("nats").warning("no room")
            logging.access(logging.Access("GET", "/", 200, 1.0, route=None, request_id="request-1", trace_id="0" * 32))
            logging.flush()
        logging.configure("core", "info", "test", stream=output)
        log.warning("room_again")
        assert [line["event"] for line in lines(output)] == ["room_again"]
