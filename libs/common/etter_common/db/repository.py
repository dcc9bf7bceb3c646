"""Every query goes through a repository, and a repository cannot be built without a company."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase

from etter_common import pagination
from etter_common.context import Context
from etter_common.db.pages import PageRead
from etter_common.errors import AppError, NotFound
from etter_common.pagination import Cursor, Listing, PageParams, Position
from etter_common.responses import Slice

ModelT = TypeVar("ModelT", bound=DeclarativeBase)


class SharedRepository(Generic[ModelT]):
    """Reference tables that all companies share. A repository of owned rows is a `Repository`."""

    model: type[ModelT]
    not_found: ClassVar[type[AppError]] = NotFound

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx

    @property
    def session(self) -> AsyncSession:
        return self.ctx.session

    def visible(self) -> ColumnElement[bool] | None:
        """The condition every query of this repository carries."""
        return None

    def select(self, *columns: Any) -> Select[Any]:
        """A select of `columns` (default: the whole entity), already narrowed to what may be seen."""
        return (select(*columns) if columns else select(self.model)).where(*self._visible())

    def _visible(self) -> Sequence[ColumnElement[bool]]:
        condition = self.visible()
        return () if condition is None else (condition,)

    async def find(self, *where: ColumnElement[bool], for_update: bool = False) -> ModelT | None:
        """The first match or `None`; with `for_update` its row stays locked until the transaction ends."""
        statement = self.select().where(*where).limit(1)
        found: ModelT | None = await self.session.scalar(statement.with_for_update() if for_update else statement)
        return found

    async def get(self, id_: UUID, *, for_update: bool = False) -> ModelT:
        """The row with this id; raises `not_found`, also for another company's id."""
        key: ColumnElement[bool] = self.model.id == id_  # type: ignore[attr-defined]  # every model has IdMixin
        found = await self.find(key, for_update=for_update)
        if found is None:
            raise self.not_found()
        return found

    async def list_where(self, *where: ColumnElement[bool], limit: int = 10_000) -> Sequence[ModelT]:
        return (await self.session.scalars(self.select().where(*where).limit(limit))).all()

    async def count(self, *where: ColumnElement[bool]) -> int:
        statement = self.select(func.count()).select_from(self.model).where(*where)
        return int(await self.session.scalar(statement) or 0)

    async def page(
        self,
        listing: Listing,
        params: PageParams,
        columns: Mapping[str, SQLColumnExpression[Any]],
        *,
        where: Sequence[ColumnElement[bool]] = (),
        joined: Any = None,
    ) -> Slice:
        """One page as rows of `columns` (already narrowed to the wanted fields); one query, two with a total."""
        keys = listing.keys(params.sort)
        cursor = Cursor(listing, {**params.filters(), "company": str(self.ctx.company_id)}, keys=self.ctx.accepted_keys)
        position = cursor.read(params.cursor) if params.cursor is not None else None
        backward = position is not None and position.backward
        conditions = [*self._visible(), *where, *([pagination.beyond(keys, position)] if position else [])]
        read = PageRead(columns, keys, conditions, joined, backward, params.limit + 1)
        found = await self.ctx.read_page(read)
        rows, more = found[: params.limit], len(found) > params.limit
        if backward:
            rows = rows[::-1]
        width = len(columns)
        return Slice(
            rows=[dict(zip(columns, row, strict=False)) for row in rows],
            next_cursor=cursor.write(Position(rows[-1][width:])) if rows and (more or backward) else None,
            prev_cursor=(
                cursor.write(Position(rows[0][width:], backward=True))
                if rows and (more if backward else position is not None)
                else None
            ),
            limit=params.limit,
            total=await self._total(where, joined) if params.include_total else None,
        )

    async def _total(self, where: Sequence[ColumnElement[bool]], joined: Any) -> int:
        source = joined if joined is not None else self.model
        statement = self.select(func.count()).select_from(source).where(*where)
        return int(await self.session.scalar(statement) or 0)

    def add(self, entity: ModelT) -> ModelT:
        self.session.add(entity)
        return entity

    async def delete(self, entity: ModelT) -> None:
        await self.session.delete(entity)


class Repository(SharedRepository[ModelT]):
    """Rows owned by the context's company; row-level security is the second lock on the same door."""

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx)
        self.company_id = ctx.company_id

    def visible(self) -> ColumnElement[bool]:
        owned: ColumnElement[bool] = self.model.company_id == self.company_id  # type: ignore[attr-defined]  # CompanyMixin
        return owned

    def add(self, entity: ModelT) -> ModelT:
        entity.company_id = self.company_id  # type: ignore[attr-defined]  # CompanyMixin
        return super().add(entity)
