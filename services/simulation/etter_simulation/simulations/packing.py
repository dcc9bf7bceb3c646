"""Series as they are stored: numbers by [metric, statistic, month], compressed."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import zstandard

from etter_simulation.engine.metrics import STATS

Floats: TypeAlias = npt.NDArray[np.float64]


def pack(values: Floats) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(np.ascontiguousarray(values, dtype="<f8").tobytes())


def unpack(packed: bytes, metrics: int) -> Floats:
    """[metric, statistic, month]; the number of months follows from the length."""
    flat = np.frombuffer(zstandard.ZstdDecompressor().decompress(packed), dtype="<f8")
    return flat.reshape(metrics, len(STATS), -1)
