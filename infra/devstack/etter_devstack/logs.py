"""Reading a part's log file, also while it is written."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

_POLL_S = 0.2
_OWN = ("timestamp", "level", "event", "logger", "service", "environment")


def last_lines(file: Path, count: int) -> list[str]:
    """Without their line ends; none when there is no such file yet."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8", errors="replace") as log:
        return [line.rstrip("\n") for line in deque(log, maxlen=count)]


def follow(file: Path) -> Iterator[str]:
    """Lines as they are added from now on, for ever; goes on with the new file when the log has been put aside."""
    log = file.open(encoding="utf-8", errors="replace")
    log.seek(0, os.SEEK_END)
    try:
        while True:
            if line := log.readline():
                yield line.rstrip("\n")
                continue
            time.sleep(_POLL_S)
            if file.exists() and file.stat().st_ino != os.fstat(log.fileno()).st_ino:
                log.close()
                log = file.open(encoding="utf-8", errors="replace")
    finally:
        log.close()


def readable(line: str) -> str:
    """A structured line as people read it: time, level, event, the rest; any other line as it is."""
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    if not isinstance(entry, dict) or "event" not in entry:
        return line
    moment = str(entry.get("timestamp", ""))[11:23]
    rest = [f"{name}={value}" for name, value in entry.items() if name not in _OWN]
    return " ".join([moment, f"{entry.get('level', ''):<7}", str(entry["event"]), *rest]).strip()
