"""Runs a reader in a child process that cannot cost more than it may, and takes its answer.

A document is hostile until proven otherwise: an 836-byte PDF makes a parser spin and take gigabytes. The child has
limits on memory, CPU time, files and output, and neither network nor other files (`confinement`). On Linux it is a fork
of a process that has loaded the readers (`zygote`), elsewhere a fresh process. Past the wall clock it is killed.
Nothing it says is trusted but as JSON.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import asdict, replace

from etter_common.logging import get_logger
from etter_common.scratch import scratch_folder
from etter_extraction import metrics
from etter_extraction.answering import Answer, Ending, Refusal, Request, Task
from etter_extraction.confinement import Held
from etter_extraction.forking import ENVIRONMENT, Zygote, ZygoteDied, read_all
from etter_extraction.parsing import limits
from etter_extraction.parsing.detection import ARCHIVES, PICTURES, check_archive
from etter_extraction.parsing.errors import (
    BY_REASON,
    DocumentCpuTimeout,
    DocumentNoTextLayer,
    DocumentOutOfMemory,
    DocumentParserCrashed,
    DocumentTimeout,
)

if TYPE_CHECKING:
    from etter_common.platform import Platform

_log = get_logger(__name__)
_zygotes: Final[dict[str, Zygote]] = {}
"""By profile, started when the first document needs it."""


async def extract(
    path: Path, kind: str, filename: str, request: Request, *, wall_s: float = limits.WALL_S, ocr: bool = True
) -> Answer:
    """Text and facts of a document. Raises one of `parsing.errors`, within `wall_s` whatever it does.

    Where pages are pictures, the document is read again by a process that recognises them, unless `ocr` is off. It may
    take `limits.times` as long.
    """
    path = await asyncio.to_thread(path.resolve, strict=True)  # a reader has another working folder
    if kind in ARCHIVES:
        kind = await asyncio.to_thread(check_archive, path, kind)
    task = Task(kind, str(path), filename, request, "refuse" if ocr else "leave_out")
    if kind in PICTURES:
        if not ocr:
            raise DocumentNoTextLayer("the file is a picture, and reading pictures is switched off")
        return await _recognised(task, wall_s)
    try:
        return await _extract(task, "text", wall_s)
    except DocumentNoTextLayer:
        if not ocr:
            raise
    return await _recognised(task, wall_s)


async def _recognised(task: Task, wall_s: float) -> Answer:
    return await _extract(replace(task, pictures="read"), "pictures", wall_s)


async def _extract(task: Task, profile: str, wall_s: float) -> Answer:
    asked = msgspec.json.encode(task)
    wall_s *= limits.times(profile, task.kind)
    run = _forked if sys.platform == "linux" else _fresh
    ending, said = await run(profile, asked, wall_s)
    if ending.code != 0:
        raise _error_of(ending, said, task, profile)
    try:
        return msgspec.json.decode(said, type=Answer)
    except msgspec.DecodeError as error:
        raise DocumentParserCrashed("the parser's answer was not complete") from error


@asynccontextmanager
async def confined(platform: Platform) -> AsyncGenerator[None]:
    """Try once, as the process starts, what a reader is refused, and start the process that forks readers.

    A `Background`. Raises `SystemExit` where a reader would have a network: no document may be read there. A system
    other than Linux, for development, and a kernel without Landlock only get a warning, which
    `etter_extraction_confined` keeps.
    """
    held = await confinement()
    for what, is_held in asdict(held).items():
        metrics.CONFINED.labels(what).set(is_held)
    if held.network and held.files:
        _log.info("sandbox_confined")
    else:
        _log.warning("sandbox_unconfined", network=held.network, files=held.files, kernel=os.uname().release)
    if not held.network and (sys.platform == "linux" or platform.settings.environment == "production"):
        raise SystemExit("etter-extraction: the reader of documents cannot be kept from the network on this machine")
    if sys.platform == "linux":
        _zygote("text")
    try:
        yield
    finally:
        close()


def close() -> None:
    """End the processes that fork readers. The next document starts them again."""
    while _zygotes:
        _zygotes.popitem()[1].close()


atexit.register(close)


async def confinement() -> Held:
    """What a confined child tried and was refused; nothing, if it did not live to tell."""
    with suppress(DocumentTimeout):
        code, said = await _run("confinement", asked=b"", wall_s=limits.WALL_S)
        if code == 0:
            return msgspec.json.decode(said, type=Held)
    return Held(network=False, files=False)


def _zygote(profile: str) -> Zygote:
    found = _zygotes.get(profile)
    if found is not None and found.is_alive():
        return found
    if found is not None:
        _forget(profile, found)
    _zygotes[profile] = Zygote(profile)
    return _zygotes[profile]


def _forget(profile: str, dead: Zygote) -> None:
    """The next document starts another one."""
    _log.warning("zygote_died", profile=profile)
    if _zygotes.get(profile) is dead:
        del _zygotes[profile]
    dead.close()


async def _forked(profile: str, asked: bytes, wall_s: float) -> tuple[Ending, bytes]:
    """Have a fork serve the task; once more where the process that forks died under it."""
    for _ in range(2):
        zygote = _zygote(profile)
        try:
            await zygote.ready()
            async with asyncio.timeout(wall_s):
                return await zygote.run(asked)
        except TimeoutError:
            raise DocumentTimeout(f"reading took more than {wall_s:.0f} s") from None
        except ZygoteDied as error:
            _forget(profile, zygote)
            died = error
    raise DocumentParserCrashed("the process that forks readers died twice") from died


async def _fresh(profile: str, asked: bytes, wall_s: float) -> tuple[Ending, bytes]:
    """Have a fresh process serve the task."""
    code, said = await _run("sandbox_child", profile, asked=asked, wall_s=wall_s)
    return Ending(code, is_starved=-code == signal.SIGABRT), said


async def _run(module: str, *arguments: str, asked: bytes, wall_s: float) -> tuple[int, bytes]:
    with scratch_folder() as folder:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-X", "faulthandler=0", "-m", f"etter_extraction.{module}", *arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            cwd=folder, env={**ENVIRONMENT, "TMPDIR": str(folder), "HOME": str(folder)}, start_new_session=True,
        )  # fmt: skip
        assert child.stdin is not None and child.stdout is not None  # noqa: S101, PT018 - asked for above
        try:
            async with asyncio.timeout(wall_s):
                if asked:
                    with suppress(OSError, RuntimeError):  # a child that has died already says so by its exit
                        child.stdin.write(asked)
                child.stdin.close()
                said = await read_all(child.stdout.read)
                return await child.wait(), said
        except TimeoutError:
            raise DocumentTimeout(f"reading took more than {wall_s:.0f} s") from None
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.wait()


def _error_of(ending: Ending, said: bytes, task: Task, profile: str) -> Exception:
    """What an exit that is not a success means."""
    with suppress(msgspec.DecodeError, msgspec.ValidationError):
        refusal = msgspec.json.decode(said, type=Refusal)
        if kind := BY_REASON.get(refusal.reason):
            return kind(refusal.detail or None)
    if ending.code == -signal.SIGXCPU:
        return DocumentCpuTimeout(
            f"reading took more than {limits.CPU_S * limits.times(profile, task.kind)} s of computing"
        )
    if ending.is_starved or ending.code == -signal.SIGKILL:
        return DocumentOutOfMemory(f"reading took more than {limits.memory(profile) >> 20} MiB")
    reason = f"signal {-ending.code}" if ending.code < 0 else f"exit code {ending.code}"
    return DocumentParserCrashed(reason)
