"""What customers do, counted by the events that the services publish about it; over the time that is shown."""

from __future__ import annotations

from typing import Final

from infra.observability.panels import Board, Panel, Row

_NOTE: Final = "Over the time that is shown; counted from events, so close but not for an invoice."


def _count(title: str, event: str, text: str) -> Panel:
    query = f'sum(increase(etter_events_published_total{{type="{event}"}}[$__range]))'
    return Panel(title, f"{text} {_NOTE}", {"": query}, kind="stat", width=4, height=4, whole_range=True)


_PEOPLE = Row(
    "Companies and people",
    (
        _count("Companies joined", "auth.company.created.v1", "New tenants."),
        _count("Companies left", "auth.company.deleted.v1", "Each is followed by three receipts of erasure."),
        _count("Users added", "auth.user.created.v1", "By administrators and seeds."),
        Panel(
            "Sign-ins",
            "Successful ones, over the time that is shown. Fewer than usual: can people sign in?",
            {"": 'sum(increase(etter_auth_sign_ins_total{outcome="success"}[$__range]))'},
            kind="stat", width=4, height=4, whole_range=True,
        ),
    ),
)  # fmt: skip
_EXTRACTION = Row(
    "From documents to scores",
    (
        _count("Documents uploaded", "extraction.document.uploaded.v1", "Where the main job begins."),
        Panel(
            "Documents extracted",
            f"Read by a job with success. Far fewer than uploaded: look at the dashboard Jobs. {_NOTE}",
            {"": 'sum(increase(etter_extraction_documents_total{outcome="extracted"}[$__range]))'},
            kind="stat", width=4, height=4, whole_range=True,
        ),
        _count("Extractions accepted", "extraction.extraction.accepted.v1", "By an analyst; core takes them over."),
        _count("Roles changed", "core.role.changed.v1", "Created, corrected or taken over."),
        _count("Scores computed", "core.score.computed.v1", "Etter scores of workflows."),
        _count("Scores validated", "core.score.validated.v1", "Signed off by a person."),
    ),
)  # fmt: skip
_SIMULATION = Row(
    "Simulations",
    (
        _count("Runs asked for", "simulation.run.requested.v1", "A repeated request is answered from what was played."),
        _count("Runs completed", "simulation.run.completed.v1", "Played to the end."),
        _count("Runs failed", "simulation.run.failed.v1", "Their owners see why."),
        Panel(
            "Analyses and plans",
            f"Comparisons, sensitivity analyses, redeployment plans, roadmaps that succeeded. {_NOTE}",
            {
                "{{kind}}": 'sum by (kind) (increase(etter_jobs_finished_total{status="succeeded",'
                'kind=~"comparisons|sensitivity_analyses|redeployment_plans|automation_roadmaps"}[$__range]))'
            },
            kind="stat", width=12, height=4, whole_range=True,
        ),
    ),
)  # fmt: skip
_OVER_TIME = Row(
    "Over time",
    (
        Panel(
            "The main job, an hour",
            "Uploaded, accepted, scored, validated. A step that stops while the one before goes on is where to look.",
            {
                "{{type}}": "sum by (type) (increase(etter_events_published_total{type=~"
                '"extraction.document.uploaded.v1|extraction.extraction.accepted.v1|core.score.*"}[1h]))'
            },
            width=12, height=9,
        ),
        Panel(
            "Simulations, an hour",
            "Asked for and completed. Asked for without completed: dashboard Jobs.",
            {"{{type}}": 'sum by (type) (increase(etter_events_published_total{type=~"simulation.run.*"}[1h]))'},
            width=12, height=9,
        ),
    ),
)  # fmt: skip

BOARD: Final = Board(
    "etter-business", "Etter business", "What customers do with it.", (_PEOPLE, _EXTRACTION, _SIMULATION, _OVER_TIME)
)
