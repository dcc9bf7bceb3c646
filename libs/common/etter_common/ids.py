"""Identifiers: UUIDv7 (RFC 9562 §5.7), so that keys sort by creation and index pages stay warm."""

from __future__ import annotations

import os
import threading
from uuid import UUID

from etter_common.clock import epoch_s

_lock = threading.Lock()
_last = 0


def new_id() -> UUID:
    """A UUIDv7 that is greater than every one this process made before (§6.2, method 2)."""
    global _last
    with _lock:
        tick = (int(epoch_s() * 1000) << 12) | (int.from_bytes(os.urandom(2), "big") & 0x7FF)
        _last = tick = max(tick, _last + 1)
    random = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return UUID(int=((tick >> 12) << 80) | (0x7 << 76) | ((tick & 0xFFF) << 64) | (0b10 << 62) | random)
