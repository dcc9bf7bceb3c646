"""The child: limits and confines itself, reads one document, writes JSON, ends.

`python -I -m etter_extraction.sandbox_child KIND PATH NAME REQUEST`, the request as JSON (`sandbox.Request`).
"""

from __future__ import annotations

import importlib
import resource
import sys
from pathlib import Path
from typing import Final, NoReturn

import msgspec

from etter_extraction.answering import Answer, Request
from etter_extraction.confinement import confine
from etter_extraction.facts.finding import find_facts
from etter_extraction.parsing import limits

_READERS: Final = {
    "pdf": "pdf", "docx": "docx", "xlsx": "sheets", "xls": "sheets", "pptx": "pptx", "html": "html", "csv": "delimited",
    "text": "plain",
}  # fmt: skip
REFUSED: Final = 3


def main() -> None:
    kind, path, filename = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    request = msgspec.json.decode(sys.argv[4], type=Request)
    reader = importlib.import_module(f"etter_extraction.parsing.readers.{_READERS[kind]}")
    _limit()
    if sys.platform == "linux":  # elsewhere, in development, without: the worker warned of it
        confine(path)
    try:
        parsed = reader.read(path, kind)
        found = find_facts(parsed, filename, as_of=request.as_of, choices=request.choices)
        answer = msgspec.json.encode(Answer.of(parsed, found))
    except MemoryError:
        _refuse("out_of_memory")
    except RecursionError:
        _refuse("damaged", "nested too deep")
    except Exception as error:
        _refuse(getattr(error, "reason", "damaged"), getattr(error, "detail", ""))
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()


def _limit() -> None:
    """Limits for the rest of this process's life."""
    for what, limit in (
        (resource.RLIMIT_AS, limits.MEMORY),
        (resource.RLIMIT_CPU, limits.CPU_S),
        (resource.RLIMIT_FSIZE, limits.WRITTEN),
        (resource.RLIMIT_NOFILE, limits.OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))


def _refuse(reason: str, detail: str = "") -> NoReturn:
    sys.stdout.buffer.write(msgspec.json.encode({"reason": reason, "detail": str(detail)[:300]}))
    sys.stdout.buffer.flush()
    sys.exit(REFUSED)


if __name__ == "__main__":
    main()
