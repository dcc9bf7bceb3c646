"""Points of a scrambled Sobol' sequence by their index (Sobol' 1967; Joe and Kuo 2008; Owen 1998, Matousek 1998).

A point follows from seed, dimension and index alone: it does not matter which others are asked for, so iterations find
their own whoever plays them. Scrambling is a random lower triangular matrix and a shift per dimension.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from etter_simulation.engine.statistics import Floats, Ints

BITS: Final = 32
Words = npt.NDArray[np.uint64]

DIRECTIONS: Final = (
    (1, (1,)), (3, (1,)), (7, (1, 3)), (11, (1, 3, 1)), (13, (1, 1, 1)), (19, (1, 1, 3, 3)), (25, (1, 3, 5, 13)),
    (37, (1, 1, 5, 5, 17)), (41, (1, 1, 5, 5, 5)), (47, (1, 1, 7, 11, 19)), (55, (1, 1, 5, 1, 1)),
    (59, (1, 1, 1, 3, 11)), (61, (1, 3, 5, 5, 31)), (67, (1, 3, 3, 9, 7, 49)), (91, (1, 1, 1, 15, 21, 21)),
    (97, (1, 3, 1, 13, 27, 49)), (103, (1, 1, 1, 15, 7, 5)), (109, (1, 3, 1, 15, 13, 25)),
    (115, (1, 1, 5, 5, 19, 61)), (131, (1, 3, 7, 11, 23, 15, 103)), (137, (1, 3, 7, 13, 13, 15, 69)),
    (143, (1, 1, 3, 13, 7, 35, 63)), (145, (1, 3, 5, 9, 1, 25, 53)), (157, (1, 3, 1, 13, 9, 35, 107)),
    (167, (1, 3, 1, 5, 27, 61, 31)), (171, (1, 1, 5, 11, 19, 41, 61)),
)  # fmt: skip
"""Primitive polynomial and first direction numbers of each dimension (Joe and Kuo 2008, file new-joe-kuo-6)."""


def points(seed: int, dimension: int, indices: Ints) -> Floats:
    """In the open interval (0, 1), for indices below 2**32."""
    directions, shift = _scrambled(seed, dimension)
    words = _sequence(directions, indices) ^ shift
    return (words.astype(np.float64) + 0.5) / 2.0**BITS


def unscrambled(dimension: int, indices: Ints) -> Floats:
    """The plain sequence; its first point is 0."""
    return _sequence(direction_numbers(dimension), indices).astype(np.float64) / 2.0**BITS


def _sequence(directions: Words, indices: Ints) -> Words:
    """The exclusive or of the directions at the bits of the index's Gray code."""
    index = indices.astype(np.uint64)
    gray = index ^ (index >> np.uint64(1))
    found = np.zeros(len(index), dtype=np.uint64)
    for bit, direction in enumerate(directions):
        found ^= np.where((gray >> np.uint64(bit)) & np.uint64(1), direction, np.uint64(0))
    return found


@cache
def direction_numbers(dimension: int) -> Words:
    """[bit of the Gray code], each with `BITS` bits, the first digit of the point highest."""
    polynomial, first = DIRECTIONS[dimension]
    numbers = list(first)
    degree = polynomial.bit_length() - 1
    if degree == 0:
        numbers = [1] * BITS
    while len(numbers) < BITS:
        found = numbers[-degree] ^ (numbers[-degree] << degree)
        for at in range(1, degree):
            if (polynomial >> (degree - at)) & 1:
                found ^= numbers[-at] << at
        numbers.append(found)
    return np.array([number << (BITS - 1 - bit) for bit, number in enumerate(numbers)], dtype=np.uint64)


@cache
def _scrambled(seed: int, dimension: int) -> tuple[Words, np.uint64]:
    """The directions times a random lower triangular matrix of bits with a full diagonal, and a random shift."""
    raw = np.random.Philox(key=(dimension << 64) | seed).random_raw(BITS + 1) & np.uint64(0xFFFFFFFF)
    plain, scrambled = direction_numbers(dimension), np.zeros(BITS, dtype=np.uint64)
    for digit in range(BITS):
        place = BITS - 1 - digit
        above = ~np.uint64((1 << (place + 1)) - 1) & np.uint64(0xFFFFFFFF)
        mask = (raw[digit] & above) | np.uint64(1 << place)
        parity = np.bitwise_count(plain & mask).astype(np.uint64) & np.uint64(1)
        scrambled |= parity << np.uint64(place)
    return scrambled, raw[BITS]
