"""Section 7: who is drawn from groups of people, with replacement and without; many lanes at once, as in `samplers`."""

from __future__ import annotations

from typing import Any

import numpy as np

from etter_simulation.engine.compiled import compiled, inlined, spliced
from etter_simulation.engine.elementary import exp, log1p
from etter_simulation.engine.philox import Lane, uniforms
from etter_simulation.engine.samplers import (
    CHANCE,
    DOWN,
    DRAWS,
    FEW,
    FIRST,
    K_A,
    K_B,
    K_C,
    LEFT,
    MASS,
    MODE,
    REST,
    SECOND,
    SECOND_DRAW,
    STAY,
    TABLE,
    UP,
    A,
    B,
    C,
    Draws,
    K,
    N,
    Sheet,
    binomials,
    fill_up,
    log_factorial,
)


@compiled
def hypergeometrics(
    draws: Draws, sheet: Sheet, count: int, number: Lane, good: Lane, others: Lane, taken: Lane, k: Lane
) -> None:
    """`k`: how many of `taken` drawn without replacement from `good` and `others` are good, inverted from the mode.

    What rounding leaves over, less than 1e-10 of all draws, gets the mode.
    """
    undecided, large = 0, 0
    for i in range(count):
        undecided += (good[i] > 0.0) & (others[i] > 0.0) & (taken[i] > 0.0)
        large += good[i] + others[i] >= TABLE
    mode = sheet.slips[MODE]
    for i in range(count):
        mode[i] = np.floor((taken[i] + 1.0) * (good[i] + 1.0) / (good[i] + others[i] + 2.0))
        k[i] = mode[i]
    if not undecided:  # the mode is all there is
        return
    if large:
        _lay_mass_by_series(sheet.slips, count, good, others, taken)
    else:
        _lay_mass_by_table(sheet.slips, draws.table, count, good, others, taken)
    _lay_rest(sheet.slips, number, count)
    away, going = 0.0, 1
    while going:
        going = _one_away(away, sheet.slips, count, good, others, taken, k)
        away += 1.0


@spliced
def _lay_mass_by_table(slips: Any, ln: Lane, count: int, good: Lane, others: Lane, taken: Lane) -> None:
    mode, mass = slips[MODE], slips[MASS]
    for i in range(count):
        g, o, d, m = np.int64(good[i]), np.int64(others[i]), np.int64(taken[i]), np.int64(mode[i])
        chosen = (ln[g] - ln[m] - ln[g - m]) + (ln[o] - ln[d - m] - ln[o - d + m])
        mass[i] = chosen - (ln[g + o] - ln[d] - ln[g + o - d])


@spliced
def _lay_mass_by_series(slips: Any, count: int, good: Lane, others: Lane, taken: Lane) -> None:
    for i in range(count):
        g, o, d, m = good[i], others[i], taken[i], slips[MODE, i]
        chosen = (log_factorial(g) - log_factorial(m) - log_factorial(g - m)) + (
            log_factorial(o) - log_factorial(d - m) - log_factorial(o - d + m)
        )
        slips[MASS, i] = chosen - (log_factorial(g + o) - log_factorial(d) - log_factorial(g + o - d))


@spliced
def _lay_rest(slips: Any, number: Lane, count: int) -> None:
    mass, rest, up, down = slips[MASS], slips[REST], slips[UP], slips[DOWN]
    for i in range(count):
        up[i] = exp(mass[i])
        down[i] = up[i]
        rest[i] = number[i] - up[i]


@spliced
def _one_away(away: float, slips: Any, count: int, good: Lane, others: Lane, taken: Lane, k: Lane) -> int:
    """Take off the mass one further above and one further below the mode; beyond the support it is 0 by itself."""
    mode, rest, up, down, going = slips[MODE], slips[REST], slips[UP], slips[DOWN], 0
    for i in range(count):
        high, low, left, missing = mode[i] + away, mode[i] - away, rest[i], others[i] - taken[i]
        over = (high + 1.0) * (missing + high + 1.0)
        under = (good[i] - low + 1.0) * (taken[i] - low + 1.0)
        both = 1.0 / (over * under)
        above = up[i] * ((good[i] - high) * (taken[i] - high) * (under * both))
        below = down[i] * (low * (missing + low) * (over * both))
        after, before = left - above, k[i]
        last = after - below
        found = high + 1.0 if after <= 0.0 else low - 1.0
        k[i] = found if (left > 0.0) & (last <= 0.0) else before
        up[i], down[i], rest[i] = above, below, last
        going += (last > 0.0) & (above + below > 0.0)
    return going


@compiled
def leaving(draws: Draws) -> None:
    """`K_A`, `K_B`, `K_C`: of `DRAWS` drawn without replacement from `A`, `B`, `C`: multivariate hypergeometric."""
    sheet, count = draws.all, len(draws.all.index)
    most = _lay_singles(sheet.slips, count)
    slips, left_a, left_b = sheet.slips, sheet.slips[UP], sheet.slips[DOWN]
    for i in range(count):
        left_a[i], left_b[i] = slips[A, i], slips[B, i]
    for pair in range((most + 1) // 2):
        uniforms(draws.stream, sheet.iterations, count, pair, slips[FIRST], slips[SECOND])
        _take_one(slips, count, slips[FIRST], 2.0 * pair)
        _take_one(slips, count, slips[SECOND], 2.0 * pair + 1.0)
    for i in range(count):
        slips[K_A, i], slips[K_B, i] = slips[A, i] - left_a[i], slips[B, i] - left_b[i]
    _finish_singles(slips, count)
    many = _set_apart(draws)
    if many:
        _leave_apart(draws, many)


@inlined
def _lay_singles(slips: Any, count: int) -> int:
    """`LEFT`: how many a lane draws one by one; returns the most. Where only the first group is, none need be drawn."""
    left, most = slips[LEFT], 0
    for i in range(count):
        drawn, others = slips[DRAWS, i], slips[B, i] + slips[C, i]
        few = drawn if (drawn <= FEW) & (others > 0.0) else 0.0
        left[i] = few
        most = max(most, int(few))
    return most


@inlined
def _take_one(slips: Any, count: int, number: Lane, done: float) -> None:
    left_a, left_b = slips[UP], slips[DOWN]
    for i in range(count):
        point, in_a, in_b = number[i] * (slips[A, i] + slips[B, i] + slips[C, i] - done), left_a[i], left_b[i]
        draws = done < slips[LEFT, i]
        left_a[i] = in_a - np.float64(draws & (point < in_a))
        left_b[i] = in_b - np.float64(draws & (point >= in_a) & (point < in_a + in_b))


@inlined
def _finish_singles(slips: Any, count: int) -> None:
    """Of lanes without a second and a third group, all are of the first; the third group has the rest."""
    for i in range(count):
        drawn, in_a, others = slips[DRAWS, i], slips[K_A, i], slips[B, i] + slips[C, i]
        first = in_a if others > 0.0 else drawn
        slips[K_A, i] = first
        slips[K_C, i] = drawn - first - slips[K_B, i]


@inlined
def _set_apart(draws: Draws) -> int:
    """Lanes with more than a few draws, and with more than the first group, move to a sheet of their own."""
    sheet, apart, many = draws.all, draws.apart, 0
    for i in range(len(sheet.index)):
        if sheet.slips[DRAWS, i] > FEW and sheet.slips[B, i] + sheet.slips[C, i] > 0.0:
            apart.index[many], apart.iterations[many] = i, sheet.iterations[i]
            for row in (DRAWS, A, B, C):
                apart.slips[row, many] = sheet.slips[row, i]
            many += 1
    return many


@inlined
def _hand_back(draws: Draws, many: int) -> None:
    for j in range(many):
        for row in (K_A, K_B, K_C):
            draws.all.slips[row, draws.apart.index[j]] = draws.apart.slips[row, j]


@compiled
def _leave_apart(draws: Draws, many: int) -> None:
    apart, slips, count = draws.apart, draws.apart.slips, fill_up(draws.apart, many)
    uniforms(draws.stream, apart.iterations, count, 0, slips[FIRST], slips[SECOND])
    for i in range(count):
        slips[N, i] = slips[B, i] + slips[C, i]
    hypergeometrics(draws, apart, count, slips[FIRST], slips[A], slips[N], slips[DRAWS], slips[K_A])
    for i in range(count):
        slips[LEFT, i] = slips[DRAWS, i] - slips[K_A, i]
    hypergeometrics(draws, apart, count, slips[SECOND], slips[B], slips[C], slips[LEFT], slips[K_B])
    for i in range(count):
        slips[K_C, i] = slips[LEFT, i] - slips[K_B, i]
    _hand_back(draws, many)


@compiled
def joining(draws: Draws) -> None:
    """`K_A`, `K_B`, `K_C`: `DRAWS` drawn with replacement by the shares of `A`, `B`, `C`: multinomial.

    All in the first if all are empty.
    """
    sheet, slips, count = draws.all, draws.all.slips, len(draws.all.index)
    most = _lay_singles(slips, count)
    for i in range(count):
        slips[K_A, i], slips[K_B, i] = 0.0, 0.0
    for pair in range((most + 1) // 2):
        uniforms(draws.stream, sheet.iterations, count, pair, slips[FIRST], slips[SECOND])
        _choose_one(slips, count, slips[FIRST], 2.0 * pair)
        _choose_one(slips, count, slips[SECOND], 2.0 * pair + 1.0)
    _finish_singles(slips, count)
    many = _set_apart(draws)
    if many:
        _join_apart(draws, many)


@inlined
def _choose_one(slips: Any, count: int, number: Lane, done: float) -> None:
    in_a, in_b = slips[K_A], slips[K_B]
    for i in range(count):
        a, b = slips[A, i], slips[B, i]
        point = number[i] * (a + b + slips[C, i])
        draws = done < slips[LEFT, i]
        in_a[i] += np.float64(draws & (point < a))
        in_b[i] += np.float64(draws & (point >= a) & (point < a + b))


@compiled
def _join_apart(draws: Draws, many: int) -> None:
    apart, slips, count = draws.apart, draws.apart.slips, fill_up(draws.apart, many)
    for i in range(count):
        slips[LEFT, i] = slips[B, i] + slips[C, i]
    _lay_share(slips, count, slips[DRAWS], slips[A], slips[LEFT])
    binomials(draws, apart, count, 0)
    for i in range(count):
        slips[K_A, i] = slips[K, i]
        slips[LEFT, i] = slips[DRAWS, i] - slips[K, i]
    _lay_share(slips, count, slips[LEFT], slips[B], slips[C])
    binomials(draws, apart, count, SECOND_DRAW)
    for i in range(count):
        slips[K_B, i] = slips[K, i]
        slips[K_C, i] = slips[LEFT, i] - slips[K, i]
    _hand_back(draws, many)


@inlined
def _lay_share(slips: Any, count: int, taken: Lane, one: Lane, other: Lane) -> None:
    """Lay out a binomial of `taken` with the share of `one` in both; all if there is no `other`."""
    for i in range(count):
        part = one[i] / max(one[i] + other[i], 1.0)
        share = part if other[i] > 0.0 else 1.0
        slips[N, i], slips[CHANCE, i] = taken[i], share
        slips[STAY, i] = log1p(-min(share, 0.5))
