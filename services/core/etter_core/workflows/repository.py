"""Every query about workflows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, func, insert
from sqlalchemy.orm import join

from etter_common import fieldsets
from etter_common.clock import utc_now
from etter_common.db.repository import Repository
from etter_common.ids import new_id
from etter_common.pagination import Listing, PageParams
from etter_common.responses import Slice
from etter_core.people.models import Person
from etter_core.roles.models import Role
from etter_core.workflows.errors import WorkflowNotFound
from etter_core.workflows.models import Workflow, WorkflowHistory
from etter_core.workflows.schemas import HistoryOut, WorkflowLine, WorkflowQuery

WITH_ROLE = join(Workflow, Role, Workflow.role_id == Role.id)
LISTING = Listing(
    "workflows",
    {
        "updated_at": Workflow.updated_at,
        "created_at": Workflow.created_at,
        "role_title": Role.title,
        "status": Workflow.status,
        "etter_score": func.coalesce(Workflow.etter_score, -1.0),
    },
    default="-updated_at",
    tie_breaker=Workflow.id,
)
COLUMNS: Mapping[str, SQLColumnExpression[Any]] = {
    **{n: getattr(Workflow, n) for n in WorkflowLine.model_fields if hasattr(Workflow, n)},
    "role_title": Role.title,
    "department": Role.department,
}
HISTORY = Listing("workflow-history", {"at": WorkflowHistory.id}, default="-at", tie_breaker=WorkflowHistory.id)
HISTORY_COLUMNS: Mapping[str, SQLColumnExpression[Any]] = {
    **{n: getattr(WorkflowHistory, n) for n in HistoryOut.model_fields if hasattr(WorkflowHistory, n)},
    "user_name": Person.name,
}


class WorkflowRepository(Repository[Workflow]):
    model = Workflow
    not_found = WorkflowNotFound

    async def list_page(self, query: WorkflowQuery) -> Slice:
        wanted = fieldsets.top_level(fieldsets.parse(query.fields, WorkflowLine), WorkflowLine)
        where = []
        if query.status is not None:
            where.append(Workflow.status == query.status)
        if query.role_id is not None:
            where.append(Workflow.role_id == query.role_id)
        if query.department is not None:
            where.append(Role.department == query.department)
        columns = {name: COLUMNS[name] for name in wanted}
        return await self.page(LISTING, query, columns, where=where, joined=WITH_ROLE)

    async def get_with_role(self, workflow_id: UUID, *, for_update: bool = False) -> tuple[Workflow, Role]:
        """The workflow and the role it takes apart, in one query; raises `WorkflowNotFound`."""
        statement = self.select(Workflow, Role).select_from(WITH_ROLE).where(Workflow.id == workflow_id)
        if for_update:
            statement = statement.with_for_update(of=Workflow)
        row = (await self.session.execute(statement)).one_or_none()
        if row is None:
            raise WorkflowNotFound
        return row[0], row[1]

    async def after(self, workflow_id: UUID | None, limit: int) -> Sequence[tuple[Workflow, Role]]:
        """The next workflows by id with their roles, both locked against changes."""
        where = [Workflow.id > workflow_id] if workflow_id else []
        statement = self.select(Workflow, Role).select_from(WITH_ROLE).where(*where).order_by(Workflow.id).limit(limit)
        rows = (await self.session.execute(statement.with_for_update(read=True, of=[Workflow, Role]))).all()
        return [(row[0], row[1]) for row in rows]

    async def of_roles(self, role_ids: Iterable[UUID]) -> dict[UUID, Workflow]:
        """The workflows of these roles, by role; locked for the change that comes."""
        statement = self.select().where(Workflow.role_id.in_(list(role_ids))).with_for_update()
        return {workflow.role_id: workflow for workflow in (await self.session.scalars(statement)).all()}

    async def require(self, workflow_id: UUID) -> None:
        """Raises `WorkflowNotFound` unless the company has this workflow."""
        if await self.session.scalar(self.select(Workflow.id).where(Workflow.id == workflow_id)) is None:
            raise WorkflowNotFound


class HistoryRepository(Repository[WorkflowHistory]):
    model = WorkflowHistory

    def append(self, workflow_id: UUID, action: str, detail: dict[str, Any]) -> None:
        """A line of history; written with the outbox's rows, so that it costs no statement of its own."""
        self.ctx.append(insert(WorkflowHistory).values(self._line(workflow_id, action, detail)))

    def add_lines(self, lines: Iterable[tuple[UUID, str, dict[str, Any]]]) -> None:
        """Lines of many workflows, in one statement of their own."""
        self.session.add_all(WorkflowHistory(**self._line(*line)) for line in lines)

    def _line(self, workflow_id: UUID, action: str, detail: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": new_id(),
            "company_id": self.company_id,
            "workflow_id": workflow_id,
            "user_id": self.ctx.principal.user_id if self.ctx.principal else None,
            "action": action,
            "detail": {**detail, **self._acting_key()},
            "at": utc_now(),
        }

    def _acting_key(self) -> dict[str, str]:
        """Where an API key acts for its maker, who is the user then."""
        key = self.ctx.principal.api_key if self.ctx.principal else None
        return {"api_key_id": key} if key else {}

    async def list_page(self, params: PageParams, *where: ColumnElement[bool]) -> Slice:
        wanted = fieldsets.top_level(fieldsets.parse(params.fields, HistoryOut), HistoryOut)
        named = (Person.user_id == WorkflowHistory.user_id) & (Person.company_id == self.company_id)
        joined = join(WorkflowHistory, Person, named, isouter=True)
        columns = {n: HISTORY_COLUMNS[n] for n in wanted}
        return await self.page(HISTORY, params, columns, where=list(where), joined=joined)

    async def of_workflow(self, workflow_id: UUID, params: PageParams) -> Slice:
        return await self.list_page(params, WorkflowHistory.workflow_id == workflow_id)

    async def of_user(self, user_id: UUID, params: PageParams) -> Slice:
        return await self.list_page(params, WorkflowHistory.user_id == user_id)
