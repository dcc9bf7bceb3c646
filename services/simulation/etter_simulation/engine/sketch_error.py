"""How exact a quantile out of a sketch is; apart from `sketch`, which needs the compiler."""

from __future__ import annotations

from typing import Final

BITS: Final = 10
"""Leading bits, after the first, that tell two bins apart."""

RELATIVE_ERROR: Final = 2.0**-BITS
"""At most, of the two values between which a quantile lies; of the rows' own numbers, so none below 2**11 units."""
