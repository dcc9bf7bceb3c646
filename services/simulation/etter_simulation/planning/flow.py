"""Who can move where: a minimum-cost flow from surplus to shortage roles over months.

People wait at no price once they are surplus (unless `hold` says otherwise), a post that waits costs `late` a month.
All capacities are whole numbers, so the flow is (the constraint matrix of a network is totally unimodular).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from ortools.graph.python import min_cost_flow

Ints: TypeAlias = npt.NDArray[np.int64]
Column: TypeAlias = Ints | np.int64
UNBOUND: Final = 10**9


class FlowNotSolved(RuntimeError):
    """The numbers are beyond the solver's."""


@dataclass(frozen=True)
class Transport:
    """What is to be solved. People and prices are whole; prices are per person and may be negative.

    `supply` and `demand` are [month, role], what each month adds; arcs go from role to role at a price, in any month.
    """

    supply: Ints
    demand: Ints
    sources: Ints
    targets: Ints
    prices: Ints
    hold: Ints
    """[role], for a surplus person's month of waiting."""
    late: Ints
    """[role], for a post's month of waiting."""
    out_limit: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """[month, role]; empty: none."""
    in_limit: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    only_if_cheaper: bool = False


@dataclass(frozen=True)
class Flow:
    """`arcs`, `months`, `people` name the moves; `unplaced` and `unfilled` [role] are what is left of both sides."""

    arcs: Ints
    months: Ints
    people: Ints
    unplaced: Ints
    unfilled: Ints
    cost: int
    """Prices of all moves and of waiting."""


class _Network:
    """Nodes by kind, month and role; arcs in the order in which they are added."""

    def __init__(self, months: int, roles: int) -> None:
        self.months, self.roles = months, roles
        self._parts: list[list[Ints]] = []
        self.size = 0

    def node(self, kind: int, month: Ints, role: Ints) -> Ints:
        """Kinds: 0 surplus, 1 leaving this month, 2 arriving this month, 3 posts."""
        return 2 + (kind * self.months + month) * self.roles + role

    def add(self, tails: Column, heads: Column, capacity: Column, price: Column) -> slice:
        """Where the arcs stand among all."""
        columns = np.broadcast_arrays(tails, heads, capacity, price)
        self._parts.append([column.astype(np.int64).ravel() for column in columns])
        place = slice(self.size, self.size + columns[0].size)
        self.size = place.stop
        return place

    def columns(self) -> list[Ints]:
        return [np.concatenate(column) for column in zip(*self._parts, strict=True)]


_SOURCE, _SINK = np.int64(0), np.int64(1)


def solve(asked: Transport) -> Flow:
    """The cheapest of the flows that move the most people, or with `only_if_cheaper` simply the cheapest."""
    months, roles = asked.supply.shape
    network = _Network(months, roles)
    month, role = (axis.ravel() for axis in np.indices((months, roles)))
    placed = network.add(_SOURCE, network.node(0, month, role), asked.supply.ravel(), np.int64(0))
    filled = network.add(network.node(3, month, role), _SINK, asked.demand.ravel(), np.int64(0))
    _wait(network, asked, month, role)
    moved = _move(network, asked, month, role)
    if asked.only_if_cheaper:
        network.add(_SOURCE, _SINK, np.int64(asked.supply.sum()), np.int64(0))
    flows, cost = _solved(network, np.int64(asked.supply.sum()))
    people = flows[moved].reshape(months, len(asked.sources))
    at_month, arc = np.nonzero(people)
    return Flow(
        arc, at_month, people[at_month, arc],
        (asked.supply - flows[placed].reshape(months, roles)).sum(axis=0),
        (asked.demand - flows[filled].reshape(months, roles)).sum(axis=0),
        cost,
    )  # fmt: skip


def _wait(network: _Network, asked: Transport, month: Ints, role: Ints) -> None:
    later = month > 0
    month, role = month[later], role[later]
    unbound = np.int64(UNBOUND)
    network.add(network.node(0, month - 1, role), network.node(0, month, role), unbound, asked.hold[role])
    network.add(network.node(3, month, role), network.node(3, month - 1, role), unbound, asked.late[role])


def _move(network: _Network, asked: Transport, month: Ints, role: Ints) -> slice:
    unbound = np.full(month.shape, UNBOUND, dtype=np.int64)
    leaving = asked.out_limit.ravel() if asked.out_limit.size else unbound
    arriving = asked.in_limit.ravel() if asked.in_limit.size else unbound
    network.add(network.node(0, month, role), network.node(1, month, role), leaving, np.int64(0))
    network.add(network.node(2, month, role), network.node(3, month, role), arriving, np.int64(0))
    at_month, arc = (axis.ravel() for axis in np.indices((network.months, len(asked.sources))))
    return network.add(
        network.node(1, at_month, asked.sources[arc]), network.node(2, at_month, asked.targets[arc]),
        np.int64(UNBOUND), asked.prices[arc],
    )  # fmt: skip


def _solved(network: _Network, supply: np.int64) -> tuple[Ints, int]:
    solver = min_cost_flow.SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(*network.columns())
    solver.set_nodes_supplies(np.array([_SOURCE, _SINK]), np.array([supply, -supply]))
    status = solver.solve_max_flow_with_min_cost()
    if status != solver.OPTIMAL:
        raise FlowNotSolved(status.name)
    return np.asarray(solver.flows(arcs), dtype=np.int64), int(solver.optimal_cost())
