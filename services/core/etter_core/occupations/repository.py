"""Every query about the reference taxonomy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, delete, func, or_, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.dialects.postgresql import insert as upsert

from etter_common import fieldsets
from etter_common.db.repository import SharedRepository
from etter_common.pagination import Listing
from etter_common.responses import Slice
from etter_core.occupations.errors import OccupationNotFound
from etter_core.occupations.models import (
    Occupation,
    OccupationSkill,
    OccupationTask,
    OccupationTitle,
    TaxonomyRelease,
)
from etter_core.occupations.reference import Reference, ReferenceTask, Work
from etter_core.occupations.schemas import OccupationLine, OccupationQuery
from etter_core.tables import Base

LISTING = Listing("occupations", {"title": Occupation.title, "code": Occupation.code}, "title", Occupation.code)
COLUMNS: Mapping[str, SQLColumnExpression[Any]] = {n: getattr(Occupation, n) for n in OccupationLine.model_fields}
_LOADING = 7_041_922  # names the advisory lock that keeps two loaders apart
_BATCH = 2_000
_COPY_TIMEOUT_S = 120


class OccupationRepository(SharedRepository[Occupation]):
    model = Occupation
    not_found = OccupationNotFound

    async def list_page(self, query: OccupationQuery) -> Slice:
        wanted = fieldsets.top_level(fieldsets.parse(query.fields, OccupationLine), OccupationLine)
        where: list[ColumnElement[bool]] = []
        if query.job_zone is not None:
            where.append(Occupation.job_zone == query.job_zone)
        if query.q is not None:
            titled = select(OccupationTitle.occupation_code).where(_contains(OccupationTitle.title, query.q))
            where.append(or_(_contains(Occupation.title, query.q), Occupation.code.in_(titled)))
        return await self.page(LISTING, query, {name: COLUMNS[name] for name in wanted}, where=where)

    async def get_whole(self, code: str) -> dict[str, Any]:
        """The occupation with tasks, skills and titles, in one query."""
        parts = {
            "titles": select(func.jsonb_agg(OccupationTitle.title)).where(OccupationTitle.occupation_code == code),
            "tasks": select(func.jsonb_agg(aggregate_order_by(_task_json(), OccupationTask.position))).where(
                OccupationTask.occupation_code == code
            ),
            "skills": select(
                func.jsonb_agg(aggregate_order_by(_skill_json(), OccupationSkill.importance.desc()))
            ).where(OccupationSkill.occupation_code == code),
        }
        columns = [query.scalar_subquery().label(name) for name, query in parts.items()]
        row = (await self.session.execute(select(Occupation, *columns).where(Occupation.code == code))).one_or_none()
        if row is None:
            raise OccupationNotFound
        occupation = {name: getattr(row[0], name) for name in COLUMNS}
        return {**occupation, "description": row[0].description, **{n: row._mapping[n] or [] for n in parts}}

    async def suggest_tasks(self, part: str, limit: int) -> list[dict[str, Any]]:
        columns = (OccupationTask.statement, OccupationTask.exposure, OccupationTask.occupation_code)
        return await self._suggest(OccupationTask.statement, columns, part, limit)

    async def suggest_skills(self, part: str, limit: int) -> list[dict[str, Any]]:
        statement = (
            select(OccupationSkill.name, func.count().label("occupations"))
            .where(_contains(OccupationSkill.name, part))
            .group_by(OccupationSkill.name)
            .order_by(_starts(OccupationSkill.name, part).desc(), func.count().desc(), OccupationSkill.name)
            .limit(limit)
        )
        return [dict(row._mapping) for row in await self.session.execute(statement)]

    async def work_of(self, codes: Iterable[str]) -> dict[str, Work]:
        """Tasks and skills of these occupations; those without tasks are left out."""
        wanted = list(codes)
        tasks: dict[str, list[ReferenceTask]] = defaultdict(list)
        skills: dict[str, list[str]] = defaultdict(list)
        by_position = select(OccupationTask).where(OccupationTask.occupation_code.in_(wanted))
        for row in await self.session.scalars(by_position.order_by(OccupationTask.position)):
            task = ReferenceTask(row.statement, row.time_share, row.exposure, row.label_source)  # type: ignore[arg-type]  # a label of ours
            tasks[row.occupation_code].append(task)
        by_weight = select(OccupationSkill).where(OccupationSkill.occupation_code.in_(wanted))
        for skill in await self.session.scalars(by_weight.order_by(OccupationSkill.importance.desc())):
            skills[skill.occupation_code].append(skill.name)
        return {code: Work(tuple(found), tuple(skills[code])) for code, found in tasks.items()}

    async def titles(self) -> list[tuple[str, str, str]]:
        """(code, occupation title, title people use), the occupations' own titles among them."""
        own = select(Occupation.code, Occupation.title, Occupation.title.label("used"))
        others = select(Occupation.code, Occupation.title, OccupationTitle.title.label("used")).join(
            OccupationTitle, OccupationTitle.occupation_code == Occupation.code
        )
        rows = await self.session.execute(own.union_all(others).order_by("code", "used"))
        return [(row[0], row[1], row[2]) for row in rows]

    async def job_zones(self) -> dict[str, int | None]:
        rows = await self.session.execute(select(Occupation.code, Occupation.job_zone))
        return {row[0]: row[1] for row in rows}

    async def _suggest(self, column: Any, columns: Sequence[Any], part: str, limit: int) -> list[dict[str, Any]]:
        statement = (
            select(*columns)
            .where(_contains(column, part))
            .order_by(_starts(column, part).desc(), func.length(column), column)
            .limit(limit)
        )
        return [dict(row._mapping) for row in await self.session.execute(statement)]


class TaxonomyRepository(SharedRepository[TaxonomyRelease]):
    """Loads whole data sets."""

    model = TaxonomyRelease

    async def lock(self) -> None:
        """Wait for other loaders; held until the transaction ends."""
        await self.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOADING})
        await self.session.execute(text("SET LOCAL statement_timeout = '120s'"))

    async def release_of(self, source: str) -> TaxonomyRelease | None:
        return await self.find(TaxonomyRelease.source == source)

    async def codes_not_from(self, source: str) -> set[str]:
        return set(await self.session.scalars(select(Occupation.code).where(Occupation.source != source)))

    async def replace(self, references: Sequence[Reference], *, source: str) -> None:
        """Put these occupations in place of what was known under their codes."""
        codes = [reference.code for reference in references]
        for start in range(0, len(codes), _BATCH):
            chunk = codes[start : start + _BATCH]
            await self.session.execute(delete(Occupation).where(Occupation.code.in_(chunk)))
        await self._copy(Occupation, [_row(reference, source) for reference in references])
        await self._copy(OccupationTitle, [row for reference in references for row in _titles(reference)])
        await self._copy(OccupationTask, [row for reference in references for row in _tasks(reference)])
        await self._copy(OccupationSkill, [row for reference in references for row in _skills(reference)])

    async def note(self, source: str, content_hash: str) -> None:
        statement = upsert(TaxonomyRelease).values(source=source, content_hash=content_hash, revision=1)
        fresh = {"content_hash": content_hash, "revision": TaxonomyRelease.revision + 1}
        await self.session.execute(statement.on_conflict_do_update(index_elements=[TaxonomyRelease.source], set_=fresh))

    async def _copy(self, model: type[Base], rows: list[dict[str, Any]]) -> None:
        """COPY, inside this transaction: a full release has 110,000 rows."""
        columns = list(model.__mapper__.columns.keys())
        raw = await (await self.session.connection()).get_raw_connection()
        await raw.driver_connection.copy_records_to_table(  # type: ignore[union-attr]  # asyncpg's own connection
            model.__tablename__,
            records=[tuple(row[column] for column in columns) for row in rows],
            columns=columns,
            timeout=_COPY_TIMEOUT_S,
        )


def _row(reference: Reference, source: str) -> dict[str, Any]:
    return {
        "code": reference.code,
        "title": reference.title,
        "description": reference.description,
        "job_zone": reference.job_zone,
        "median_wage": reference.median_wage,
        "wage_source": reference.wage_source,
        "source": source,
    }


def _titles(reference: Reference) -> list[dict[str, Any]]:
    return [{"occupation_code": reference.code, "title": title} for title in dict.fromkeys(reference.titles)]


def _tasks(reference: Reference) -> list[dict[str, Any]]:
    return [
        {
            "occupation_code": reference.code,
            "position": position,
            "statement": task.statement,
            "time_share": task.time_share,
            "exposure": task.exposure,
            "label_source": task.label_source,
        }
        for position, task in enumerate(reference.tasks)
    ]


def _skills(reference: Reference) -> list[dict[str, Any]]:
    best: dict[str, float] = {}
    for skill in reference.skills:
        best[skill.name] = max(skill.importance, best.get(skill.name, 0.0))
    return [{"occupation_code": reference.code, "name": name, "importance": value} for name, value in best.items()]


def _task_json() -> Any:
    return func.jsonb_build_object(
        "statement", OccupationTask.statement, "time_share", OccupationTask.time_share,
        "exposure", OccupationTask.exposure, "label_source", OccupationTask.label_source,
    )  # fmt: skip


def _skill_json() -> Any:
    return func.jsonb_build_object("name", OccupationSkill.name, "importance", OccupationSkill.importance)


def _contains(column: Any, part: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = func.lower(column).contains(part.lower(), autoescape=True)
    return found


def _starts(column: Any, part: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = func.lower(column).startswith(part.lower(), autoescape=True)
    return found
