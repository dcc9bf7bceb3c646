"""Section 7: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC11, 2011), addressed by counter.

A *stream* is a small array: key, counter, the four words of the current block and how many of them are used. `seek`
points it at one draw; the numbers that follow depend on that address and on nothing else.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from etter_simulation.engine.compiled import inlined

Stream: TypeAlias = npt.NDArray[np.uint64]

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
def fill_block(stream: Stream) -> None:
    """Make the four words of the current block and step to the next."""
    c0, c1, c2, c3 = stream[ITERATION], stream[STEP], stream[PLACE], stream[BLOCK]
    k0, k1 = stream[KEY_LOW], stream[KEY_HIGH]
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> _SHIFT) ^ c1 ^ k0, p1 & _MASK, (p0 >> _SHIFT) ^ c3 ^ k1, p0 & _MASK
        k0, k1 = (k0 + _W0) & _MASK, (k1 + _W1) & _MASK
    stream[WORD], stream[WORD + 1], stream[WORD + 2], stream[WORD + 3] = c0, c1, c2, c3
    stream[BLOCK] += _ONE
    stream[USED] = np.uint64(0)


@inlined
def uniform(stream: Stream) -> float:
    """The next number in the open interval (0, 1): 52 random bits and a half, from two words."""
    if stream[USED] >= np.uint64(4):
        fill_block(stream)
    at = WORD + np.int64(stream[USED])
    bits = ((stream[at] >> _SIX) << _TWENTY_SIX) | (stream[at + 1] >> _SIX)
    stream[USED] += np.uint64(2)
    return (np.float64(bits) + 0.5) * 2.220446049250313e-16  # 2**-52
