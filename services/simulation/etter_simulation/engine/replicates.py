"""Section 10: the second draw of chance with the same parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from etter_simulation.engine.outputs import NULL
from etter_simulation.engine.statistics import Ints
from etter_simulation.engine.variance import CHANCE, chance_metrics

REPLICATE: Final = 2**31
"""Added to an iteration's number it addresses the second draw."""


def chance(played: Sequence[str], one: Ints, other: Ints) -> Ints:
    """[month, chance metric, iteration]: the difference of both draws' rows [month, played metric, iteration]."""
    places = [list(played).index(name.removeprefix(CHANCE)) for name in chance_metrics(played)]
    first, second = one[:, places], other[:, places]
    return np.where((first == NULL) | (second == NULL), NULL, second - first)
