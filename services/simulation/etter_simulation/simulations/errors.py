"""What can go wrong with a simulation."""

from __future__ import annotations

from etter_common.errors import Conflict, NotFound, Unprocessable


class SimulationNotFound(NotFound):
    code, title = "SIMULATION_NOT_FOUND", "There is no such simulation in this company"


class SimulationTooLarge(Unprocessable):
    code, title = "SIMULATION_TOO_LARGE", "The product of roles (or heads), iterations and steps is above the limit"


class PreviewTooLarge(Unprocessable):
    code, title = "PREVIEW_TOO_LARGE", "More than is computed at once; ask for a simulation"


class SimulationNotFinished(Conflict):
    code, title = "SIMULATION_NOT_FINISHED", "The simulation has no results (yet)"


class UnknownSimulatedRole(Unprocessable):
    code, title = "UNKNOWN_SIMULATED_ROLE", "The simulation has no such role"


class ResultsTooLarge(Unprocessable):
    code, title = "RESULTS_TOO_LARGE", "The answer would be too large; narrow it by roles, fields or every"


class TooManyActiveSimulations(Conflict):
    code, title = "TOO_MANY_ACTIVE_SIMULATIONS", "The company has as many simulations under way as it may"


class TooManyStoredSimulations(Conflict):
    code, title = "TOO_MANY_STORED_SIMULATIONS", "The company has as many simulations as it may; delete some"
