"""What can go wrong with a redeployment plan."""

from __future__ import annotations

from etter_common.errors import NotFound, Unprocessable


class RedeploymentPlanNotFound(NotFound):
    code, title = "REDEPLOYMENT_PLAN_NOT_FOUND", "There is no such redeployment plan in this company"


class RedeploymentPlanTooLarge(Unprocessable):
    code, title = "REDEPLOYMENT_PLAN_TOO_LARGE", "The plan has more roles, months or iterations than are taken"


class RedeploymentPlanNotSolved(Unprocessable):
    code, title = "REDEPLOYMENT_PLAN_NOT_SOLVED", "No plan was found with these numbers in the time there is"
