"""What can go wrong with an automation roadmap."""

from __future__ import annotations

from etter_common.errors import NotFound, Unprocessable


class AutomationRoadmapNotFound(NotFound):
    code, title = "AUTOMATION_ROADMAP_NOT_FOUND", "There is no such automation roadmap in this company"


class AutomationRoadmapTooLarge(Unprocessable):
    code, title = (
        "AUTOMATION_ROADMAP_TOO_LARGE",
        "The roadmap has more workloads, quarters or iterations than are taken",
    )


class AutomationRoadmapNotSolved(Unprocessable):
    code, title = "AUTOMATION_ROADMAP_NOT_SOLVED", "No roadmap was found in the time there is"
