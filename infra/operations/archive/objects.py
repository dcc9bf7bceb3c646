"""Documents: each copied once and kept for a while after it is gone, so that any moment of that time can be restored.

An object is written once under a key of its own and never changed, so a copy that has its size is the object.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from archive.manifest import BackupError, digest, write_json

INDEX = "objects.json"
_PARTIAL = ".part"


class Store(Protocol):
    """Where objects are: a folder, or a bucket (`archive.bucket`)."""

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Every object's key and size."""
        ...

    def fetch(self, key: str, to: Path) -> None: ...

    def store(self, key: str, content: Path) -> None: ...


@dataclass(frozen=True)
class Folder:
    root: Path

    def sizes(self) -> Iterator[tuple[str, int]]:
        for file in sorted(self.root.rglob("*")):
            with suppress(FileNotFoundError):  # deleted meanwhile
                if file.is_file() and file.suffix != _PARTIAL:
                    yield file.relative_to(self.root).as_posix(), file.stat().st_size

    def fetch(self, key: str, to: Path) -> None:
        _copy(self.root / key, to)

    def store(self, key: str, content: Path) -> None:
        _copy(content, self.root / key)


def back_up(store: Store, to: Path) -> dict[str, int]:
    """Copy what is new, note what is gone; `objects.json` tells of each its size, SHA-256 and when it was missed."""
    index = _index(to)
    now = datetime.now(UTC).isoformat()
    present = dict(store.sizes())
    new = 0
    for key, size in present.items():
        known = index.get(key)
        if known is None or known["size"] != size:
            try:
                index[key] = _fetched(store, key, to / "objects" / key)
            except FileNotFoundError:  # deleted meanwhile
                continue
            new += 1
        else:
            known.pop("gone_at", None)
    for key, known in index.items():
        if key not in present:
            known.setdefault("gone_at", now)
    write_json(to / INDEX, index)
    return {"objects": len(present), "new": new, "gone": sum("gone_at" in known for known in index.values())}


def restore(store: Store, kept: Path, *, time: datetime | None = None) -> int:
    """Bring back every object that was there at `time` (or at the last copy) and is not now; how many."""
    present = dict(store.sizes())
    count = 0
    for key, known in _index(kept).items():
        gone_at = known.get("gone_at")
        was_there = gone_at is None or (time is not None and datetime.fromisoformat(gone_at) > time)
        if was_there and present.get(key) != known["size"]:
            copy = kept / "objects" / key
            if digest(copy) != known["sha256"]:
                raise BackupError(f"{copy} is not what was backed up")
            store.store(key, copy)
            count += 1
    return count


def prune(kept: Path, *, keep: timedelta) -> int:
    """Remove the copies of objects that have been gone for longer than `keep`; how many."""
    index = _index(kept)
    limit = datetime.now(UTC) - keep
    old = [
        key for key, known in index.items() if "gone_at" in known and datetime.fromisoformat(known["gone_at"]) < limit
    ]
    for key in old:
        (kept / "objects" / key).unlink(missing_ok=True)
        del index[key]
    if old:
        write_json(kept / INDEX, index)
    return len(old)


def _index(kept: Path) -> dict[str, dict[str, Any]]:
    try:
        found: dict[str, dict[str, Any]] = json.loads((kept / INDEX).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found


def _fetched(store: Store, key: str, copy: Path) -> dict[str, Any]:
    store.fetch(key, copy)
    return {"size": copy.stat().st_size, "sha256": digest(copy)}


def _copy(source: Path, target: Path) -> None:
    """Beside and into place; who reads sees all of it or nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}{_PARTIAL}")
    draft.write_bytes(source.read_bytes())
    draft.replace(target)
