"""`python -m verify [--folder FOLDER]`: all steps, in order; the first that fails ends it. Everything is stopped."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from verify.engine import engine
from verify.images import Builder
from verify.run import Run
from verify.stack import Stack
from verify.tools import provide_compose
from verify.transcript import CheckFailed, Transcript


def main() -> int:
    parser = argparse.ArgumentParser(prog="make verify-containers", description=__doc__)
    parser.add_argument("--folder", type=Path, help="keep the engine's data here, for the next run to be quicker")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    transcript = Transcript()
    try:
        with _folder(asked.folder) as folder:
            compose = provide_compose(folder)
            with engine(folder) as env:
                Run(Builder(folder, env), Stack(folder, {**env}), transcript).all_steps(compose)
    except (CheckFailed, KeyboardInterrupt) as error:
        transcript.say(str(error) or "interrupted")
        transcript.say("FAILED")
        return 1
    transcript.close()
    return 0


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="etter-verify-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
