"""Python's collector of cycles, set for a process that makes few of them."""

from __future__ import annotations

import gc
from typing import Final

COLLECT_AFTER: Final = 20_000
"""New containers between two looks. Python's own 700 has a list of 50 rows pay for several."""

_OLDER_AFTER: Final = 20  # looks at the young before one at the next older


def settle() -> None:
    """Once all is loaded: what lives as long as the process is looked at no more, the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, _OLDER_AFTER, _OLDER_AFTER)
