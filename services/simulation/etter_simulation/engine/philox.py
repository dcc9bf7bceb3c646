"""Section 7: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC11, 2011), addressed by counter.

A *stream* is a small array: key, counter, the four words of the current block and how many of them are used. `seek`
points it at one draw; the numbers that follow depend on that address and on nothing else.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from etter_simulation.engine.compiled import compiled, inlined

Stream: TypeAlias = npt.NDArray[np.uint64]
Lane: TypeAlias = npt.NDArray[np.float64]
"""One number for each of neighbouring iterations."""

KEY_LOW, KEY_HIGH, ITERATION, STEP, PLACE, BLOCK, WORD, USED = 0, 1, 2, 3, 4, 5, 6, 10
STREAM_LENGTH = 11
CHANNELS = 256
"""Draws of one role in one month: kinds of draw, see `channels`."""

_MASK = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_ONE = np.uint64(1)
_SIX, _TWENTY_SIX = np.uint64(6), np.uint64(26)


def new_stream(seed: int) -> Stream:
    """A stream keyed by the 64-bit `seed`; nothing is drawn before `seek`."""
    stream = np.zeros(STREAM_LENGTH, dtype=np.uint64)
    stream[KEY_LOW] = seed & 0xFFFFFFFF
    stream[KEY_HIGH] = seed >> 32
    stream[USED] = 4
    return stream


@inlined
def begin(stream: Stream, iteration: int, step: int) -> None:
    """Enter one month of one iteration."""
    stream[ITERATION] = np.uint64(iteration)
    stream[STEP] = np.uint64(step)


@inlined
def seek(stream: Stream, role: int, channel: int) -> None:
    """Point at one draw of the month entered by `begin`; `role` is the role's index, `channel` the kind of draw."""
    stream[PLACE] = np.uint64(role * CHANNELS + channel)
    stream[BLOCK] = np.uint64(0)
    stream[USED] = np.uint64(4)


@inlined
def _round_ten_times(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """The generator: four words for a counter and a key."""
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> _SHIFT) ^ c1 ^ k0, p1 & _MASK, (p0 >> _SHIFT) ^ c3 ^ k1, p0 & _MASK
        k0, k1 = (k0 + _W0) & _MASK, (k1 + _W1) & _MASK
    return c0, c1, c2, c3


@inlined
def _in_open_interval(high: np.uint64, low: np.uint64) -> float:
    """52 random bits of two words, and a half."""
    return float((np.float64(((high >> _SIX) << _TWENTY_SIX) | (low >> _SIX)) + 0.5) * 2.220446049250313e-16)  # 2**-52


@inlined
def fill_block(stream: Stream) -> None:
    """Make the four words of the current block and step to the next."""
    words = _round_ten_times(
        stream[ITERATION], stream[STEP], stream[PLACE], stream[BLOCK], stream[KEY_LOW], stream[KEY_HIGH]
    )
    stream[WORD], stream[WORD + 1], stream[WORD + 2], stream[WORD + 3] = words
    stream[BLOCK] += _ONE
    stream[USED] = np.uint64(0)


@inlined
def uniform(stream: Stream) -> float:
    """The next number in the open interval (0, 1), from two words."""
    if stream[USED] >= np.uint64(4):
        fill_block(stream)
    at = WORD + np.int64(stream[USED])
    stream[USED] += np.uint64(2)
    return _in_open_interval(stream[at], stream[at + 1])


@compiled
def uniforms(stream: Stream, iterations: Stream, count: int, block: int, first: Lane, second: Lane) -> None:
    """The two numbers of one block of the draw that was sought, for the first `count` of `iterations`.

    They are what `uniform` finds in a stream that has begun that iteration.
    """
    step, place, low, high = stream[STEP], stream[PLACE], stream[KEY_LOW], stream[KEY_HIGH]
    for i in range(count):
        words = _round_ten_times(iterations[i], step, place, np.uint64(block), low, high)
        first[i] = _in_open_interval(words[0], words[1])
        second[i] = _in_open_interval(words[2], words[3])
