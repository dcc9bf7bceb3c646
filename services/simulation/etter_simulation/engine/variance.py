"""Section 10: how much of a figure's spread is what is not known, and how much is chance (law of total variance).

Every iteration is played twice with the same parameters. Half the mean square of the difference is the variance that is
left when all parameters are known, whatever they are; the rest of the whole variance is theirs. Needs no compiled code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from etter_simulation.engine.headlines import HEADLINES

Floats: TypeAlias = npt.NDArray[np.float64]

CHANCE: Final = "chance_"


def chance_metrics(played: Sequence[str]) -> tuple[str, ...]:
    """The series of differences between both draws: those headlines that were played."""
    return tuple(CHANCE + headline.name for headline in HEADLINES if headline.name in played)


def shares(sd: Floats, mean_difference: Floats, sd_difference: Floats) -> tuple[Floats, Floats]:
    """The share of the variance that parameters have, and chance; NaN where nothing varies.

    `sd` is of all iterations, the others are of the difference between both draws. Of few iterations an estimate may
    lie beyond 0 or 1; it is cut there.
    """
    from_chance = (sd_difference**2 + mean_difference**2) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip(from_chance / sd**2, 0.0, 1.0)
    return 1 - share, share
