"""Runs the parser in a fresh child process that cannot cost more than it may, and reads its answer from a pipe.

A document is hostile until proven otherwise: an 836-byte PDF makes a parser spin and take gigabytes. The child has
limits on memory, CPU time, files and output, a folder of its own, and neither network nor other files (`confinement`);
the parent kills its whole process group when the wall clock runs out. Nothing it says is trusted but as JSON.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from etter_common.logging import get_logger
from etter_common.scratch import scratch_folder
from etter_extraction import metrics
from etter_extraction.answering import Answer, Request
from etter_extraction.confinement import Held
from etter_extraction.parsing import limits
from etter_extraction.parsing.detection import ARCHIVES, check_archive
from etter_extraction.parsing.errors import (
    BY_REASON,
    DocumentOutOfMemory,
    DocumentParserCrashed,
    DocumentTimeout,
    DocumentTooManyPages,
)

if TYPE_CHECKING:
    from etter_common.platform import Platform

_log = get_logger(__name__)
_NO_RESOURCES: Final = (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS)
_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}


class _Refusal(msgspec.Struct):
    reason: str
    detail: str = ""


async def extract(path: Path, kind: str, filename: str, request: Request, *, wall_s: float = limits.WALL_S) -> Answer:
    """Text and facts of a document. Raises one of `parsing.errors`, within `wall_s` whatever it does."""
    if not await asyncio.to_thread(path.exists):
        raise FileNotFoundError(path)
    if kind in ARCHIVES:
        await asyncio.to_thread(check_archive, path, kind)
    with scratch_folder() as folder:
        asked = msgspec.json.encode(request).decode()
        code, answer = await _run("sandbox_child", kind, str(path), filename, asked, folder=folder, wall_s=wall_s)
    if code != 0:
        raise _error_of(code, answer)
    try:
        return msgspec.json.decode(answer, type=Answer)
    except msgspec.DecodeError as error:
        raise DocumentParserCrashed("the parser's answer was not complete") from error


@asynccontextmanager
async def confined(platform: Platform) -> AsyncGenerator[None]:
    """Try once, as the process starts, what a child is refused; a `Background`.

    Raises `SystemExit` where a child would have a network: no document may be read there. A system other than Linux,
    for development, and a kernel without Landlock only get a warning, which `etter_extraction_confined` keeps.
    """
    held = await confinement()
    for what, is_held in msgspec.structs.asdict(held).items():
        metrics.CONFINED.labels(what).set(is_held)
    if held.network and held.files:
        _log.info("sandbox_confined")
    else:
        _log.warning("sandbox_unconfined", network=held.network, files=held.files, kernel=os.uname().release)
    if not held.network and (sys.platform == "linux" or platform.settings.environment == "production"):
        raise SystemExit("etter-extraction: the reader of documents cannot be kept from the network on this machine")
    yield


async def confinement() -> Held:
    """What a confined child tried and was refused; nothing, if it did not live to tell."""
    with scratch_folder() as folder:
        code, answer = await _run("confinement", folder=folder, wall_s=limits.WALL_S)
    return msgspec.json.decode(answer, type=Held) if code == 0 else Held(network=False, files=False)


async def _run(module: str, *arguments: str, folder: Path, wall_s: float) -> tuple[int, bytes]:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-X", "faulthandler=0", "-m", f"etter_extraction.{module}", *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        cwd=folder, env={**_ENVIRONMENT, "TMPDIR": str(folder), "HOME": str(folder)}, start_new_session=True,
    )  # fmt: skip
    assert child.stdout is not None  # noqa: S101 - asked for above
    try:
        async with asyncio.timeout(wall_s):
            answer = await _read(child.stdout)
            return await child.wait(), answer
    except TimeoutError:
        raise DocumentTimeout(f"reading took more than {wall_s:.0f} s") from None
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()


async def _read(stream: asyncio.StreamReader) -> bytes:
    parts, size = [], 0
    while part := await stream.read(1 << 16):
        size += len(part)
        if size > limits.MAX_RESULT:
            raise DocumentTooManyPages(f"more than {limits.MAX_RESULT} bytes of text")
        parts.append(part)
    return b"".join(parts)


def _error_of(code: int, answer: bytes) -> Exception:
    """What an exit that is not a success means."""
    with suppress(msgspec.DecodeError, msgspec.ValidationError):
        refusal = msgspec.json.decode(answer, type=_Refusal)
        if kind := BY_REASON.get(refusal.reason):
            return kind(refusal.detail or None)
    if code == -signal.SIGXCPU:
        return DocumentTimeout(f"reading took more than {limits.CPU_S} s of computing")
    if code == -signal.SIGKILL or -code in _NO_RESOURCES:
        return DocumentOutOfMemory() if code == -signal.SIGKILL else DocumentParserCrashed(f"signal {-code}")
    return DocumentParserCrashed(f"exit code {code}")
