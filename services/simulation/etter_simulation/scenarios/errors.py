"""What can go wrong with a scenario."""

from __future__ import annotations

from typing import Final

from etter_common.errors import Conflict, NotFound


class ScenarioNotFound(NotFound):
    code, title = "SCENARIO_NOT_FOUND", "There is no such scenario in this company"


class ScenarioVersionNotFound(NotFound):
    code, title = "SCENARIO_VERSION_NOT_FOUND", "The scenario has no such version"


class ScenarioHasNoBaseline(NotFound):
    code, title = "SCENARIO_HAS_NO_BASELINE", "This version takes the company's roles as they are at each run"


class ScenarioNameTaken(Conflict):
    code, title = "SCENARIO_NAME_TAKEN", "The company has a scenario of this name"
    constraint = "uq_scenarios_company_id_name"


UNKNOWN_SCENARIO: Final = (ScenarioNotFound, ScenarioVersionNotFound)
"""What a request that names a scenario, and may name its version, can hear of them."""
