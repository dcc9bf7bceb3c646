"""Tables of the reference taxonomy. They belong to no company: all read them, only loaders write them."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from etter_core.tables import Base


class Occupation(Base):
    """`source` says which data set the row came from; a later import of the same code replaces it."""

    __tablename__ = "occupations"
    __table_args__ = (CheckConstraint("job_zone BETWEEN 1 AND 5", name="job_zone_range"),)

    code: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    description: Mapped[str]
    job_zone: Mapped[int | None]
    median_wage: Mapped[int | None]  # USD a year
    wage_source: Mapped[str | None]
    source: Mapped[str]


class OccupationTask(Base):
    """`time_share` of the occupation's working time; the shares of an occupation sum to 1."""

    __tablename__ = "occupation_tasks"

    occupation_code: Mapped[str] = mapped_column(ForeignKey("occupations.code", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    statement: Mapped[str]
    time_share: Mapped[float]
    exposure: Mapped[str]
    label_source: Mapped[str]


class OccupationSkill(Base):
    """`importance` 0..1."""

    __tablename__ = "occupation_skills"

    occupation_code: Mapped[str] = mapped_column(ForeignKey("occupations.code", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    importance: Mapped[float]


class OccupationTitle(Base):
    """A title people use for the occupation. One title may belong to several."""

    __tablename__ = "occupation_titles"

    occupation_code: Mapped[str] = mapped_column(ForeignKey("occupations.code", ondelete="CASCADE"), primary_key=True)
    title: Mapped[str] = mapped_column(primary_key=True)


class TaxonomyRelease(Base):
    """What was loaded last from which source: the content's hash makes loading again a no-op."""

    __tablename__ = "taxonomy_releases"

    source: Mapped[str] = mapped_column(primary_key=True)
    content_hash: Mapped[str]
    revision: Mapped[int]


Index(
    "ix_occupations_title_trgm",
    func.lower(Occupation.title).label("title"),
    postgresql_using="gin",
    postgresql_with={"gin_pending_list_limit": 512},
    postgresql_ops={"title": "gin_trgm_ops"},
)
Index(
    "ix_occupation_titles_title_trgm",
    func.lower(OccupationTitle.title).label("title"),
    postgresql_using="gin",
    postgresql_with={"gin_pending_list_limit": 512},
    postgresql_ops={"title": "gin_trgm_ops"},
)
Index(
    "ix_occupation_tasks_statement_trgm",
    func.lower(OccupationTask.statement).label("statement"),
    postgresql_using="gin",
    postgresql_with={"gin_pending_list_limit": 512},
    postgresql_ops={"statement": "gin_trgm_ops"},
)
Index(
    "ix_occupation_skills_name_trgm",
    func.lower(OccupationSkill.name).label("name"),
    postgresql_using="gin",
    postgresql_with={"gin_pending_list_limit": 512},
    postgresql_ops={"name": "gin_trgm_ops"},
)
