"""How right the facts of extraction are: `make bench k=extraction`, with `SHARED=folder` for documents elsewhere.

Precision, recall and F1 by field with bootstrap intervals over documents. Each part skips itself, and says so, where
its documents are missing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.accuracy import postings, skills
from bench.measuring.serving import ROOT

PARTS: tuple[Callable[[Path], Iterator[str]], ...] = (postings.measure, skills.measure)


def main() -> None:
    shared = Path(os.environ.get("SHARED", ROOT.parent / "shared"))
    for part in PARTS:
        for text in part(shared):
            print(text, flush=True)


if __name__ == "__main__":
    main()
