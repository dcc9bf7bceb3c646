"""Reads one document in a process that limits and confines itself: takes a `Task`, writes an `Answer` or a `Refusal`.

`python -I -m etter_extraction.sandbox_child PROFILE` reads the task from standard input; a fork of `zygote` has it from
its socket.
"""

from __future__ import annotations

import importlib
import os
import resource
import sys
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

from etter_extraction.answering import Answer, Refusal, Task
from etter_extraction.confinement import confine
from etter_extraction.facts.finding import find_facts
from etter_extraction.parsing import limits
from etter_extraction.parsing.parsed import Parsed
from etter_extraction.parsing.readers import PROFILES, read
from etter_extraction.parsing.writing import PageWriter, Piece

REFUSED: Final = 3
_CHUNK: Final = 1 << 20
_WARMING: Final = (
    "Senior Ledger Clerk", "Salary: $41,000 to $45,000 per year", "Keep the books in Excel and advise managers.",
    "Knowledge of bookkeeping and of German is required.",
)  # fmt: skip


def main() -> None:
    sys.exit(serve(sys.stdin.fileno(), sys.stdout.fileno(), sys.argv[1]))


def warm_up(profile: str) -> None:
    """Load readers and models, which forks then share."""
    for module in PROFILES[profile]:
        loaded: Any = importlib.import_module(f"etter_extraction.parsing.readers.{module}")
        getattr(loaded, "warm_up", int)()
    writer = PageWriter(1, "text")
    for text in _WARMING:
        writer.add_piece(Piece(text))
    find_facts(Parsed("text", [writer.page()], writer.blocks), "clerk.txt", as_of=date(2026, 1, 1))


def serve(source: int, target: int, profile: str) -> int:
    """Read the task from one descriptor and write what comes of it to the other; the exit code."""
    task = msgspec.json.decode(b"".join(iter(lambda: os.read(source, _CHUNK), b"")), type=Task)
    _limit(profile, task.kind)
    if sys.platform == "linux":  # elsewhere, in development, without: the worker warned of it
        confine(Path(task.path))
    result = _result(task)
    answer = memoryview(msgspec.json.encode(result))
    with suppress(BrokenPipeError):  # the worker gave up
        while answer:
            answer = answer[os.write(target, answer) :]
    return REFUSED if isinstance(result, Refusal) else 0


def _result(task: Task) -> Answer | Refusal:
    try:
        parsed = read(Path(task.path), task.kind, task.filename, pictures=task.pictures)
        found = find_facts(parsed, task.filename, as_of=task.request.as_of, choices=task.request.choices)
        return Answer.of(parsed, found)
    except MemoryError:
        return Refusal("out_of_memory")
    except RecursionError:
        return Refusal("nested_too_deep")
    except Exception as error:
        return Refusal(getattr(error, "reason", "damaged"), str(getattr(error, "detail", None) or "")[:300])


def _limit(profile: str, kind: str) -> None:
    """Limits for the rest of this process's life."""
    for what, limit in (
        (resource.RLIMIT_AS, limits.memory(profile)),
        (resource.RLIMIT_CPU, limits.CPU_S * limits.times(profile, kind)),
        (resource.RLIMIT_FSIZE, limits.WRITTEN),
        (resource.RLIMIT_NOFILE, limits.OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))


if __name__ == "__main__":
    main()
