"""What the dashboards show, by the name of their file in grafana/dashboards."""

from __future__ import annotations

from typing import Final

from infra.observability.boards import business, cache, jobs, platform, service
from infra.observability.panels import Board

BOARDS: Final[dict[str, Board]] = {
    "platform": platform.BOARD,
    **{name: service.board(name) for name in service.OWN},
    "jobs": jobs.BOARD,
    "cache": cache.BOARD,
    "business": business.BOARD,
}
