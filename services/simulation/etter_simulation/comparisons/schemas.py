"""What crosses the wire about comparisons."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from etter_common.inputs import line
from etter_common.responses import Schema
from etter_simulation.analyses.schemas import AnalysisOut
from etter_simulation.engine.request import MAX_ITERATIONS, MAX_STEPS, Name
from etter_simulation.shown import one_of

MIN_ALTERNATIVES, MAX_ALTERNATIVES, MAX_MONTHS = 2, 5, 24
Probability = Annotated[float, Field(ge=0, le=1)]
Label = Annotated[str, line(100)]


def _has_alternative(place: int) -> dict[str, Any]:
    """A baseline at this place or after needs as many alternatives."""
    return {
        "if": {"required": ["baseline"], "properties": {"baseline": {"minimum": place}}},
        "then": {"properties": {"alternatives": {"minItems": place + 1}}},
    }


class AlternativeIn(Schema):
    """A simulation's request, played again, or a scenario.

    A scenario with current roles takes those of the comparison: the baseline's if that is a simulation, else those of
    the first simulation, else the company's own as they are now.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [one_of("simulation_id", "scenario_id", "version"), one_of("scenario_id", "simulation_id")]
        }
    )

    simulation_id: UUID | None = None
    scenario_id: UUID | None = None
    version: Annotated[int, Field(ge=1, lt=2**31)] | None = Field(
        default=None, description="of the scenario; null: its latest"
    )
    label: Label | None = Field(default=None, description="null: the name of what it is")

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        if (self.simulation_id is None) == (self.scenario_id is None):
            raise PydanticCustomError("NOT_ONE_ALTERNATIVE", "give either simulation_id or scenario_id")
        if self.version is not None and self.scenario_id is None:
            raise PydanticCustomError("VERSION_WITHOUT_SCENARIO", "version belongs to a scenario_id")
        return self


class ComparisonCreate(Schema):
    """What is left out is taken from the alternatives.

    All of them are played again, with one seed, as many iterations and the same months, whatever they were played with
    before: figures of different seeds are never compared.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [_has_alternative(place) for place in range(MIN_ALTERNATIVES, MAX_ALTERNATIVES)],
            "examples": [
                {
                    "name": "Fast or careful",
                    "alternatives": [
                        {"simulation_id": "0198f3c2-0000-7000-8000-000000000001"},
                        {"scenario_id": "0198f3c2-0000-7000-8000-000000000002", "label": "fast"},
                    ],
                    "months": [12, 36],
                }
            ],
        }
    )

    name: Name | None = None
    alternatives: Annotated[list[AlternativeIn], Field(min_length=MIN_ALTERNATIVES, max_length=MAX_ALTERNATIVES)]
    baseline: Annotated[int, Field(ge=0, lt=MAX_ALTERNATIVES)] = Field(
        default=0, description="place of the alternative that the others are compared with first"
    )
    n_iterations: Annotated[int, Field(ge=2, le=MAX_ITERATIONS)] | None = Field(
        default=None, description="null: the most that an alternative has"
    )
    steps: Annotated[int, Field(ge=1, le=MAX_STEPS)] | None = Field(
        default=None, description="months; null: the fewest that an alternative has"
    )
    seed: Annotated[int, Field(ge=0, lt=2**53)] | None = Field(
        default=None, description="null: the alternatives' own if they agree, else derived from their requests"
    )
    months: Annotated[list[Annotated[int, Field(ge=0, le=MAX_STEPS)]], Field(max_length=MAX_MONTHS)] | None = Field(
        default=None, description="to compare at; the last month is always added. null: 12, 36, 60, 120"
    )

    @model_validator(mode="after")
    def _baseline_is_there(self) -> Self:
        if self.baseline >= len(self.alternatives):
            raise PydanticCustomError("UNKNOWN_BASELINE", "baseline is the place of one of the alternatives, from 0 on")
        return self


class AlternativeOut(Schema):
    """What was compared; `seed_before` and `iterations_before` are what it was played with, if it was."""

    kind: Literal["simulation", "scenario"]
    id: UUID
    version: int | None
    label: str
    seed_before: int | None
    iterations_before: int | None
    steps_before: int | None


class Spread(Schema):
    """A figure over all iterations in one month; null where none has a value."""

    month: int
    mean: float | None
    min: float | None
    max: float | None
    p5: float | None
    p50: float | None
    p95: float | None
    sd: float | None
    se: float | None


class OutputSpread(Schema):
    output: str
    unit: str
    at: list[Spread]


class Payback(Schema):
    """Months; null reaches into the iterations that never pay back."""

    p5: float | None
    p50: float | None
    p95: float | None


class AlternativeFigures(Schema):
    """In the order of `alternatives`."""

    outputs: list[OutputSpread]
    payback_month: Payback
    share_never_paying_back: Probability


class PairedFigure(Schema):
    """Alternative less baseline in one month, iteration by iteration."""

    month: int
    n: int = Field(description="iterations in which both have a value")
    mean_difference: float | None
    standard_error: float | None = Field(description="of the mean difference")
    p5: float | None
    p50: float | None
    p95: float | None
    probability_higher: Probability | None
    probability_lower: Probability | None
    probability_better: Probability | None = Field(description="null where neither way is good in itself")
    variance_reduction: float | None = Field(
        description="variance of a difference of independent runs over that of the paired one; null if nothing varies"
    )


class PairedOutput(Schema):
    output: str
    unit: str
    better: Literal["higher", "lower"] | None
    at: list[PairedFigure]


class PairedPayback(Schema):
    """Months by which the alternative pays back later; never is later than any month."""

    mean_difference: float | None = Field(description="null if in some iteration only one of them pays back")
    standard_error: float | None
    p5: float | None
    p50: float | None
    p95: float | None
    probability_earlier: Probability
    probability_later: Probability
    share_only_baseline_pays_back: Probability
    share_only_alternative_pays_back: Probability


class PairOut(Schema):
    """Places in `alternatives`."""

    baseline: int
    alternative: int
    outputs: list[PairedOutput]
    payback: PairedPayback


class ComparisonResult(Schema):
    alternatives: list[AlternativeFigures]
    pairs: list[PairOut] = Field(description="those with the baseline first, then the others")


class ComparisonLine(AnalysisOut):
    """A comparison as a job."""

    alternatives: list[AlternativeOut]
    baseline: int
    iterations: int
    steps: int
    seed: int
    currency: str


class ComparisonOut(ComparisonLine):
    """A comparison with its figures; `result` is null until it has succeeded."""

    result: ComparisonResult | None
