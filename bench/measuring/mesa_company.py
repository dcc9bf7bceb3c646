"""Section 4 of the simulation's MODEL.md in Mesa: one agent per employee, as a careful user of Mesa would write it.

Random numbers are drawn in bulk by numpy, counts are kept up to date instead of being counted anew, and nothing is
shuffled, as no order matters. It records less than our engine does (no money, no quantiles), which favours Mesa.
Redeployment (4.6) is left out; a request for it is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import mesa
import numpy as np
from numpy.typing import NDArray

from etter_simulation.engine.request import RoleIn, SimulationRequest

NOT_ADOPTED, LEARNING, PROFICIENT = range(3)
RECORDED: Final = ("heads", "automation", "released_fte")

Floats = NDArray[np.float64]


class Employee(mesa.Agent):  # type: ignore[misc]  # Mesa has no types
    """A role, whether still ramping, and an adoption stage per Auto workload."""

    def __init__(self, model: mesa.Model, role: Role, stages: list[int], *, ramping: bool) -> None:
        super().__init__(model)
        self.role, self.stages, self.ramping = role, stages, ramping

    def step(self) -> None:
        """4.2 to 4.4 for one person; all three follow from the start of the month alone."""
        role = self.role
        quits, ramps, *numbers = next(role.numbers)
        for work, number in enumerate(numbers):
            if number < role.chances[work][self.stages[work]]:
                self.advance_stage(work)
        if quits < role.quit:
            role.leavers.append(self)
        elif self.ramping and ramps < role.ramped:
            self.become_active()

    def advance_stage(self, work: int) -> None:
        stage, counts = self.stages[work], self.role.counts[work]
        self.stages[work] = stage + 1
        counts[stage] -= 1
        counts[stage + 1] += 1

    def become_active(self) -> None:
        self.ramping = False
        del self.role.ramping[self]

    def leave(self) -> None:
        for counts, stage in zip(self.role.counts, self.stages, strict=True):
            counts[stage] -= 1
        self.role.ramping.pop(self, None)
        del self.role.staff[self]
        self.remove()


class Role:
    """Parameters and counts of one role, and who is in it (in dictionaries, for quick removal)."""

    def __init__(self, request: SimulationRequest, given: RoleIn) -> None:
        adoption, works = request.adoption, [work for work in given.workloads if work.Type == "Auto"]
        intensity, factor = adoption.mode == "intensity", request.automation_factor
        self.start, self.workloads = given.count, len(given.workloads)
        self.times = [work.Time for work in works]
        self.cuts = [work.ceiling * (1.0 if intensity else factor) for work in works]
        pace = factor if intensity else 1.0
        self.speeds = [pace * math.exp(adoption.skill_drag * (0.5 - work.Skill)) for work in works]
        self.learn = [min(1.0, 1 / max(1.0, request.learning.months * (0.5 + work.Skill))) for work in works]
        self.begins = [work.start_month for work in works]
        self.quit = request.attrition.monthly_quit if given.monthly_quit is None else given.monthly_quit
        self.ramped = 1 / request.ramp.months
        self.counts = [[0, 0, 0] for _ in works]
        self.staff: dict[Employee, None] = {}
        self.ramping: dict[Employee, None] = {}
        self.leavers: list[Employee] = []
        self.chances: list[tuple[float, float, float]] = []
        self.numbers: Iterator[list[float]] = iter(())
        self.required = self.surplus = self.surplus_months = 0

    def automated(self, saving: float) -> list[float]:
        """a_rw by Auto workload (4.5)."""
        present = max(1, len(self.staff))
        return [
            cut * (saving * counts[LEARNING] + counts[PROFICIENT]) / present
            for cut, counts in zip(self.cuts, self.counts, strict=True)
        ]

    def enter(self, model: mesa.Model, stages: list[int], *, ramping: bool) -> None:
        employee = Employee(model, self, stages, ramping=ramping)
        self.staff[employee] = None
        if ramping:
            self.ramping[employee] = None
        for counts, stage in zip(self.counts, stages, strict=True):
            counts[stage] += 1


class Company(mesa.Model):  # type: ignore[misc]  # Mesa has no types
    """One iteration of a request. Every agent acts every month."""

    def __init__(self, request: SimulationRequest, seed: int) -> None:
        super().__init__(rng=seed)
        if request.redeployment.enabled:
            raise ValueError("this company has no redeployment")
        self.request = request
        self.roles = [Role(request, given) for given in request.roles]
        for role in self.roles:
            for _ in range(role.start):
                role.enter(self, [NOT_ADOPTED] * len(role.times), ramping=False)

    def play(self) -> Floats:
        """[month, `RECORDED`] of the company."""
        rows = np.empty((self.request.steps + 1, len(RECORDED)))
        rows[0] = self.record()
        for month in range(1, len(rows)):
            self.step()
            rows[month] = self.record()
        return rows

    def step(self) -> None:
        everywhere = self.adopted_everywhere() if self.request.adoption.mixing else 0.0
        for role in self.roles:
            self.press(role, everywhere)
        self.act()
        for role in self.roles:
            self.plan(role)
        for role in self.roles:
            self.hire(role)
            self.lay_off(role)

    def adopted_everywhere(self) -> float:
        """F_all of 4.1."""
        counts = np.array([counts for role in self.roles for counts in role.counts]).reshape(-1, 3).sum(axis=0)
        return float(1 - counts[NOT_ADOPTED] / counts.sum()) if counts.sum() else 0.0

    def press(self, role: Role, everywhere: float) -> None:
        """4.1: what each stage of each workload is left with this month."""
        adoption, present = self.request.adoption, len(role.staff)
        role.chances = []
        for counts, speed, learn, begins in zip(role.counts, role.speeds, role.learn, role.begins, strict=True):
            here = 1 - counts[NOT_ADOPTED] / present if present else 0.0
            pressure = adoption.p + adoption.q * ((1 - adoption.mixing) * here + adoption.mixing * everywhere)
            hazard = -math.expm1(-speed * pressure / 12)
            role.chances.append((hazard, learn, 0.0) if self.steps > begins else (0.0, 0.0, 0.0))

    def act(self) -> None:
        """4.2 to 4.4."""
        for role in self.roles:
            role.numbers = iter(self.rng.random((len(role.staff), 2 + len(role.times))).tolist())
        self.agents.do("step")
        for role in self.roles:
            for employee in role.leavers:
                employee.leave()
            role.leavers.clear()

    def demand(self, role: Role) -> float:
        return float(role.start * (1 + self.request.demand.growth) ** (self.steps / 12))

    def time_needed(self, role: Role) -> float:
        saved = zip(role.times, role.automated(self.request.learning.saving_while_learning), strict=True)
        rules = self.request.consolidation
        return max(rules.min_time_share, 1 - sum(time * share for time, share in saved))

    def plan(self, role: Role) -> None:
        """4.5."""
        demand, time = self.demand(role), self.time_needed(role)
        spare = 1 - self.request.consolidation.threshold * time
        original = math.ceil(demand - 1e-9)
        role.required = min(original, math.ceil(demand * time / spare - 1e-9)) if spare > 0 else original
        role.surplus = max(0, len(role.staff) - role.required)
        role.surplus_months = role.surplus_months + 1 if role.surplus else 0

    def hire(self, role: Role) -> None:
        """4.7, with stages by 4.9."""
        backfill = self.request.backfill
        if backfill.policy == "none":
            return
        goal = role.required if backfill.policy == "to_required" else math.ceil(self.demand(role) - 1e-9)
        vacancies, filled = max(0, goal - len(role.staff)), min(1.0, 1 / backfill.fill_months)
        hires = int(self.rng.binomial(vacancies, filled)) if vacancies else 0
        if not hires:
            return
        present = [tuple(counts) for counts in role.counts]
        numbers = (self.rng.random((hires, len(present))) * max(1, len(role.staff))).tolist()
        for own in numbers:
            stages = [
                (number >= none) + (number >= none + learning) if none + learning + proficient else NOT_ADOPTED
                for number, (none, learning, proficient) in zip(own, present, strict=True)
            ]
            role.enter(self, stages, ramping=True)

    def lay_off(self, role: Role) -> None:
        """4.8."""
        rules = self.request.layoffs
        if rules.policy == "none" or not role.surplus or role.surplus_months <= math.floor(rules.patience_months):
            return
        many = min(int(self.rng.binomial(role.surplus, rules.monthly_share)), len(role.staff))
        staff = list(role.staff)
        for at in self.rng.choice(len(staff), many, replace=False).tolist():
            staff[at].leave()

    def record(self) -> tuple[float, float, float]:
        """`RECORDED`, by section 5."""
        heads, weighted, released = 0, 0.0, 0.0
        saving = self.request.learning.saving_while_learning
        for role in self.roles:
            present = len(role.staff)
            heads += present
            weighted += present * sum(role.automated(saving)) / role.workloads
            released += self.demand(role) * (1 - self.time_needed(role))
        return heads, weighted / heads if heads else math.nan, released


class TunedCompany(Company):
    """The same law, but only agents to whom something may happen are called: numpy finds them by their numbers."""

    def act(self) -> None:
        for role in self.roles:
            staff = list(role.staff)
            self.advance_stages(role, staff)
            self.mature(role)
            for at in np.flatnonzero(self.rng.random(len(staff)) < role.quit).tolist():
                staff[at].leave()

    def advance_stages(self, role: Role, staff: list[Employee]) -> None:
        numbers = self.rng.random((len(role.times), len(staff)))
        for work, chances in enumerate(role.chances):
            near = np.flatnonzero(numbers[work] < max(chances))
            for at, number in zip(near.tolist(), numbers[work, near].tolist(), strict=True):
                employee = staff[at]
                if number < chances[employee.stages[work]]:
                    employee.advance_stage(work)

    def mature(self, role: Role) -> None:
        """Before quits instead of after them: both are independent of each other, and who quits is gone either way."""
        ramping = list(role.ramping)
        for at in np.flatnonzero(self.rng.random(len(ramping)) < role.ramped).tolist():
            ramping[at].become_active()


def play(request: SimulationRequest, kind: type[Company], *, iterations: int, seed: int) -> Floats:
    """[iteration, month, `RECORDED`]; a generator of its own for every iteration."""
    rows = []
    for at in range(iterations):
        company = kind(request, seed + at)
        rows.append(company.play())
        mesa.Agent._ids.pop(company, None)  # or Mesa would keep every company for ever
    return np.array(rows)
