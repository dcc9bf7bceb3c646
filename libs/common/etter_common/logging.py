"""Structured logs: one JSON object a line, as bytes to stdout, secrets blacked out before.

Log events, not sentences: `log.info("workflow_submitted", workflow_id=…)`. Ids that hold for a whole
request or job are bound once with `bound(...)` and appear on every line, those of the standard library's
loggers included.
"""

from __future__ import annotations

import asyncio
import atexit
import logging as stdlib_logging
import sys
import traceback
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar, Token
from typing import Any, BinaryIO, Final, Literal, cast

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from etter_common import tracing
from etter_common.clock import epoch_s, utc_now
from etter_common.redaction import redact

Level = Literal["debug", "info", "warning", "error"]

_LEVELS: Final[dict[str, int]] = {
    "debug": stdlib_logging.DEBUG,
    "info": stdlib_logging.INFO,
    "warning": stdlib_logging.WARNING,
    "error": stdlib_logging.ERROR,
}
_CHATTY: Final = ("httpx2", "httpcore2", "asyncio", "nats", "urllib3")  # they log every call at info
_TRACEBACK_FRAMES: Final = 40
_LINES_TOGETHER: Final = 100
_TOGETHER_S: Final = 0.02
_encoder: Final = msgspec.json.Encoder()
_ids: ContextVar[Mapping[str, object] | None] = ContextVar("ids", default=None)
_access: _AccessLog | None = None


def configure(
    service: str, level: Level = "info", environment: str = "development", *, stream: BinaryIO | None = None
) -> None:
    """Send all logs of this process, the standard library's too, to `stream` (stdout) as JSON lines.

    Call it once, early. In the environment `test` loggers are not cached, so it may be called again.
    """
    global _access
    file = cast("BinaryIO", _Output(stream or sys.stdout.buffer))  # all that the loggers call of one
    chain = _chain(service, environment)
    output = structlog.BytesLogger(file)
    flush()
    _access = _AccessLog(output, service, environment) if _LEVELS[level] <= stdlib_logging.INFO else None
    structlog.configure(
        processors=chain,
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda name=None: structlog.BytesLogger(file, name=name),
        cache_logger_on_first_use=environment != "test",
    )
    _take_over_stdlib(_JsonHandler(chain, output), _LEVELS[level])
    if environment != "test":
        stdlib_logging.captureWarnings(True)


def get_logger(name: str) -> FilteringBoundLogger:
    """The logger of a module; usable at import time, before `configure`."""
    logger: FilteringBoundLogger = structlog.get_logger(name)
    return logger


def set_ids(ids: Mapping[str, object]) -> Token[Mapping[str, object] | None]:
    """Like `bind`, at a tenth of its cost, for the one outermost layer of a request; undo with `reset_ids`.

    The mapping may grow meanwhile: what is put into it later (the company, once it is known) is on later lines.
    """
    return _ids.set(ids)


def reset_ids(token: Token[Mapping[str, object] | None]) -> None:
    _ids.reset(token)


def current_ids() -> dict[str, Any]:
    """The ids that later lines of this task carry."""
    return {**(_ids.get() or {}), **structlog.contextvars.get_contextvars()}


class Access(msgspec.Struct, omit_defaults=True, frozen=True):
    """One answered request. `path` holds no secret: the caller gives the template where it would."""

    method: str
    path: str
    status: int
    duration_ms: float
    route: str | None
    request_id: str
    trace_id: str
    client_ip: str | None = None
    company_id: str | None = None
    user_id: str | None = None
    api_key_id: str | None = None
    outcome: str | None = None


def access(line: Access) -> None:
    """Write the access line: the same JSON as any other line, made without the chain of processors."""
    if _access is not None:
        _access.write(line)


@atexit.register
def flush() -> None:
    """Write the access lines that wait; the application does it at its end."""
    if _access is not None:
        with suppress(ValueError):  # at the very end the stream may be closed already
            _access.flush()


def bind(**ids: object) -> Mapping[str, Token[Any]]:
    """Put ids (request_id, company_id, job_id …) on every later line of this task; undo with `unbind`."""
    return structlog.contextvars.bind_contextvars(**ids)


def unbind(tokens: Mapping[str, Token[Any]]) -> None:
    structlog.contextvars.reset_contextvars(**tokens)


@contextmanager
def bound(**ids: object) -> Generator[None]:
    """Ids on every line written inside the block, in this task and those it starts."""
    tokens = bind(**ids)
    try:
        yield
    finally:
        unbind(tokens)


def _chain(service: str, environment: str) -> list[Processor]:
    def identify(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        head = {
            "timestamp": utc_now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": "error" if method == "exception" else method,
            "service": service,
            "environment": environment,
        }
        event.setdefault("logger", logger.name)
        return {**event, **head}

    return [_add_ids, structlog.contextvars.merge_contextvars, identify, _add_trace, _add_exception, redact, _render]


def _add_ids(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    ids = _ids.get()
    return event if ids is None else {**ids, **event}


def _add_trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    ids = tracing.current_ids()
    if ids is not None:
        event.setdefault("trace_id", f"{ids[0]:032x}")
        event.setdefault("span_id", f"{ids[1]:016x}")
    return event


def _add_exception(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error_type"] = type(error).__name__
        event["exception"] = "".join(traceback.format_exception(error, limit=-_TRACEBACK_FRAMES))
    return event


def _render(_: WrappedLogger, __: str, event: EventDict) -> bytes:
    try:
        return _encoder.encode(event)
    except UnicodeEncodeError:  # lone surrogates, as in undecodable file names
        return _encoder.encode(_encodable(event))


def _encodable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_encodable(item) for item in value]
    return value


class _Output:
    """Where lines go. Those of a moment when nothing can be written, on a full disk, are lost: the work goes on."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, line: bytes) -> None:
        with suppress(OSError):
            self._file.write(line)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()


class _AccessLog:
    """The fields every line has are encoded once; those of a request by one pass of the encoder.

    Lines of a busy moment go out together: after 20 ms, or when there are 100 of them.
    """

    def __init__(self, output: structlog.BytesLogger, service: str, environment: str) -> None:
        fixed = {"event": "request", "level": "info", "logger": "etter.access"}
        self._head = _encoder.encode({**fixed, "service": service, "environment": environment})[:-1]
        self._output = output
        self._second = (-1, b"")  # the running second as text
        self._lines: list[bytes] = []
        self._waiting: asyncio.TimerHandle | None = None

    def write(self, line: Access) -> None:
        moment = epoch_s()
        second = int(moment)
        if second != self._second[0]:
            self._second = second, utc_now().isoformat(timespec="seconds")[:19].encode()
        millis = int((moment - second) * 1000)
        self._lines.append(b'%s,"timestamp":"%s.%03dZ",%s' % (self._head, self._second[1], millis, _encoded(line)[1:]))
        if len(self._lines) >= _LINES_TOGETHER:
            self.flush()
        elif self._waiting is None:
            self._flush_later()

    def flush(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        lines, self._lines = self._lines, []
        if lines:
            self._output.msg(b"\n".join(lines))

    def _flush_later(self) -> None:
        try:
            self._waiting = asyncio.get_running_loop().call_later(_TOGETHER_S, self.flush)
        except RuntimeError:  # nothing runs that could do it later
            self.flush()


def _encoded(line: Access) -> bytes:
    try:
        return _encoder.encode(line)
    except UnicodeEncodeError:
        return _encoder.encode(_encodable(msgspec.structs.asdict(line)))


class _JsonHandler(stdlib_logging.Handler):
    """Lines of the standard library's loggers, through the same chain."""

    def __init__(self, chain: list[Processor], output: structlog.BytesLogger) -> None:
        super().__init__()
        self._chain = chain
        self._output = output

    def emit(self, record: stdlib_logging.LogRecord) -> None:
        try:
            self._output.msg(self._line(record))
        except Exception:  # a log line must never break the work it reports
            self.handleError(record)

    def _line(self, record: stdlib_logging.LogRecord) -> bytes:
        event: EventDict = {"event": record.getMessage(), "logger": record.name}
        if record.exc_info:
            event["exc_info"] = record.exc_info
        line: Any = event
        for process in self._chain:
            line = process(self._output, record.levelname.lower(), line)
        assert isinstance(line, bytes)  # noqa: S101 - `_render` is last
        return line


def _take_over_stdlib(handler: stdlib_logging.Handler, level: int) -> None:
    """Route every logger to the root's one handler; uvicorn sets up its own before us."""
    root = stdlib_logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old, _JsonHandler) or type(old) is stdlib_logging.StreamHandler:
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    stdlib_logging.getLogger("uvicorn.access").propagate = False  # the access log is our own middleware's
    for name in ("uvicorn", "uvicorn.error", "uvicorn.asgi", "alembic", "sqlalchemy"):
        logger = stdlib_logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in _CHATTY:
        stdlib_logging.getLogger(name).setLevel(max(level, stdlib_logging.WARNING))
