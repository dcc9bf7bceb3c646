"""Whole-surface tests: they walk every route of a service, so that nobody has to remember to extend them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from nats.js.errors import NotFoundError
from pydantic import TypeAdapter
from sqlalchemy import Connection, ForeignKeyConstraint, MetaData, UniqueConstraint, func, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from etter_common.auth import Principal
from etter_common.context import Context
from etter_common.db.models import PlatformBase
from etter_common.db.provision import ServiceDatabase, provision
from etter_common.errors import AppError
from etter_common.events import erasures, streams
from etter_common.events.contracts.auth import CompanyDeleted
from etter_common.events.envelope import Event
from etter_common.ids import new_id
from etter_common.incoming import ANONYMOUS_BODY_BYTES
from etter_common.messaging import Nats
from etter_common.permissions import ROLE_PERMISSIONS
from etter_common.platform import Platform
from etter_common.settings import ServiceSettings
from etter_common.tenant_export import Export
from etter_common.testing.apart import ApartTests
from etter_common.testing.backbone import until
from etter_common.testing.calls import Maker as Maker
from etter_common.testing.client import CheckedClient, UnreadBody
from etter_common.testing.document import DocumentTests
from etter_common.testing.event_streams import EventStreamTests
from etter_common.testing.export import exported, looks_secret
from etter_common.testing.mistyped import mistyped, refuses
from etter_common.testing.outage import OutageTests
from etter_common.testing.plugin import Servers
from etter_common.testing.service import Clients, ServiceUnderTest, alembic_config
from etter_common.testing.texts import TextTests

_UPDATE = "ETTER_UPDATE_SNAPSHOTS"
_PARAMETER = re.compile(r"\{([^}]+)\}")


def operations(app: FastAPI, prefix: str) -> Iterator[tuple[str, str]]:
    """Every (method, path below the prefix) of the application's OpenAPI document."""
    for path, item in app.openapi()["paths"].items():
        for method in item:
            if method in ("get", "post", "put", "patch", "delete"):
                yield method.upper(), path.removeprefix(prefix)


class SurfaceTests(DocumentTests, ApartTests, TextTests, EventStreamTests, OutageTests):
    """Subclass in `tests/test_surface.py` and fill in the table and the public routes.

    `makers` has, for each path parameter that names an owned object, how to make one: `{"role_id": make_role}`.
    `shared` are path parameters that name things all companies share. `needs_session` are the routes that refuse API
    keys whatever their role. `erases` is false for the service that announces
    the end of companies and erases them before it does. `unmapped` names the constraints between rows
    that need no error of their own, and why. `export` is what `python -m etter_<service>.export` gives; `not_secret`
    names columns in it that look like secrets (`table.column`), and what they are. `wider` and `unread` are
    `ApartTests`'.
    """

    shared: ClassVar[frozenset[str]] = frozenset()
    needs_session: ClassVar[frozenset[tuple[str, str]]] = frozenset()
    unmapped: ClassVar[Mapping[str, str]] = {}
    public: ClassVar[frozenset[tuple[str, str]]] = frozenset()
    export: ClassVar[Export]
    not_secret: ClassVar[Mapping[str, str]] = {}
    erases: ClassVar[bool] = True

    def test_openapi_is_the_reviewed_one(self, app: FastAPI, unit_under_test: ServiceUnderTest) -> None:
        compare(
            app.openapi(),
            unit_under_test.root.parents[1] / "docs" / "openapi" / f"{unit_under_test.name}.json",
        )

    def test_numbers_booleans_and_times_of_a_body_take_their_own_json_type_only(self, app: FastAPI) -> None:
        """By the document: of every field of every body, at any depth, what its schema does not say is refused."""
        for route in iter_route_contexts(app.routes):
            dependant = getattr(route.original_route, "dependant", None)
            for parameter in dependant.body_params if dependant else ():
                adapter: TypeAdapter[object] = TypeAdapter(parameter.field_info.annotation)
                wrong = [case for case in mistyped(adapter.json_schema()) if not refuses(adapter, *case)]
                assert not wrong, f"{route.path} takes {wrong}"

    async def test_no_route_answers_anonymously(
        self, app: FastAPI, as_role: Clients, unit_under_test: ServiceUnderTest
    ) -> None:
        client = as_role(None)
        for method, path in operations(app, f"/api/{unit_under_test.name}/v1"):
            if (method, path) not in self.public:
                headers = {"content-type": "application/json"}
                response = await client.request(method, _filled(path), content=UnreadBody(), headers=headers)
                assert response.status_code == 401, f"{method} {path}"
                assert response.headers["www-authenticate"].startswith("Bearer")
                assert "ratelimit" in response.headers, "it counts against the address"

    async def test_an_anonymous_body_is_small(
        self, app: FastAPI, as_role: Clients, unit_under_test: ServiceUnderTest
    ) -> None:
        client = as_role(None)
        for method, path in operations(app, f"/api/{unit_under_test.name}/v1"):
            if (method, path) in self.public and method != "GET":
                body, headers = b" " * (ANONYMOUS_BODY_BYTES + 1), {"content-type": "application/json"}
                response = await client.request(method, _filled(path), content=body, headers=headers)
                assert response.status_code == 413, f"{method} {path}"
                assert response.json()["limit_bytes"] == ANONYMOUS_BODY_BYTES

    async def test_no_read_takes_a_parameter_it_does_not_know(
        self, app: FastAPI, as_role: Clients, unit_under_test: ServiceUnderTest
    ) -> None:
        client = as_role("super_admin")
        for method, path in operations(app, f"/api/{unit_under_test.name}/v1"):
            if method == "GET":
                response = await client.get(_filled(path), params={"no_such": "1"})
                assert response.status_code == 422, path
                assert [error["pointer"] for error in response.json()["errors"]] == ["/query/no_such"], path

    async def test_every_role_on_every_route_is_as_reviewed(
        self, app: FastAPI, as_role: Clients, unit_under_test: ServiceUnderTest
    ) -> None:
        matrix: dict[str, list[str]] = {}
        for method, path in operations(app, f"/api/{unit_under_test.name}/v1"):
            if (method, path) not in self.public:
                allowed = [role for role in ROLE_PERMISSIONS if await _allowed(as_role(role), method, path)]
                matrix[f"{method} {path}"] = allowed
        compare(matrix, unit_under_test.root / "tests" / "permissions.json")

    async def test_an_api_key_may_do_what_its_role_may_but_for_what_needs_a_session(
        self, app: FastAPI, as_role: Clients, as_key: Clients, unit_under_test: ServiceUnderTest
    ) -> None:
        for method, path in operations(app, f"/api/{unit_under_test.name}/v1"):
            if (method, path) in self.public:
                continue
            for role in ROLE_PERMISSIONS:
                response = await as_key(role).request(method, _filled(path), content=b"")
                where = f"{role} {method} {path}"
                if (method, path) in self.needs_session:
                    assert (response.status_code, response.json()["code"]) == (403, "SESSION_REQUIRED"), where
                else:
                    may = response.status_code not in (401, 403)
                    assert may is await _allowed(as_role(role), method, path), where

    async def test_another_companys_id_is_not_found(
        self, app: FastAPI, as_role: Clients, ctx: Context, unit_under_test: ServiceUnderTest
    ) -> None:
        made = {name: str(await maker(ctx)) for name, maker in self.makers.items()}
        await ctx.finish()
        stranger = as_role("super_admin", company=new_id())
        for method, path in operations(app, f"/api/{unit_under_test.name}/v1"):
            names = [name for name in _PARAMETER.findall(path) if name not in self.shared]
            if not names or (method, path) in self.public:
                continue
            assert set(names) <= set(made), f"{path}: say how to make {set(names) - set(made)} in `makers`"
            response = await stranger.request(method, path.format_map({**_Dummy(), **made}), headers={"If-Match": "*"})
            assert response.status_code in (404, 422), f"{method} {path} answers {response.status_code}"
            if response.status_code == 422:  # the body is wrong before the id is looked at; the schema is public
                assert response.json()["code"] == "VALIDATION_FAILED"

    async def test_login_role_sees_no_row_without_a_company(
        self, platform: Platform, unit_under_test: ServiceUnderTest
    ) -> None:
        """Row-level security is on, forced, and the login role can neither own nor bypass it."""
        tables = [*PlatformBase.metadata.sorted_tables, *unit_under_test.metadata.sorted_tables]
        owned = [table.name for table in tables if "company_id" in table.c]
        async with platform.db.engine.connect() as connection:
            for table in owned:
                security = await connection.execute(
                    text(
                        "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = cast(:t AS regclass)"
                    ),
                    {"t": table},
                )
                assert security.scalar_one() is True, f"{table} has no row-level security"
                rows = await connection.execute(text(f"SELECT count(*) FROM {table}"))  # noqa: S608 - our own names
                assert rows.scalar_one() == 0, f"{table} shows rows without a company"
            bypass = await connection.execute(
                text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
            )
            assert bypass.scalar_one() is False

    async def test_a_deleted_company_leaves_no_row_and_its_neighbour_all(
        self, platform: Platform, operator: Nats, ctx: Context, unit_under_test: ServiceUnderTest
    ) -> None:
        if not self.erases:
            pytest.skip("it announces the end of companies and erases its own part before")
        neighbour = platform.context(origin=ctx.origin, principal=replace(_principal(ctx), company_id=new_id()))
        for context in (ctx, neighbour):
            for maker in self.makers.values():
                await maker(context)
            await context.finish()
        before = [await _rows(platform, unit_under_test, of.company_id) for of in (ctx, neighbour)]
        assert min(before) > 0
        await _end_company(operator, unit_under_test.name, ctx.company_id)
        after = [await _rows(platform, unit_under_test, of.company_id) for of in (ctx, neighbour)]
        assert after == [0, before[1]]

    async def test_an_export_has_every_table_and_only_the_companys_rows(
        self, platform: Platform, ctx: Context, settings: ServiceSettings, unit_under_test: ServiceUnderTest
    ) -> None:
        neighbour = platform.context(origin=ctx.origin, principal=replace(_principal(ctx), company_id=new_id()))
        for context in (ctx, neighbour):
            for maker in self.makers.values():
                await maker(context)
            await context.finish()
        export = replace(self.export, settings=lambda: settings)
        manifest, members = await exported(export, ctx.company_id)
        owned = {table.name for table in unit_under_test.metadata.sorted_tables if "company_id" in table.c}
        assert set(manifest["tables"]) == owned | ({export.root} if export.root else set())
        rows = {name: members[f"{name}.ndjson"].splitlines() for name in manifest["tables"]}
        assert sum(len(rows[name]) for name in owned) == await _rows(platform, unit_under_test, ctx.company_id) > 0
        for name, part in manifest["tables"].items():
            assert (part["rows"], part["bytes"]) == (len(rows[name]), len(members[f"{name}.ndjson"]))
            assert part["sha256"] == hashlib.sha256(members[f"{name}.ndjson"]).hexdigest()
            whose = {json.loads(row)["id" if name == export.root else "company_id"] for row in rows[name]}
            assert whose <= {str(ctx.company_id)}, name
        assert str(neighbour.company_id).encode() not in b"".join(members.values())

    def test_no_secret_is_exported(self) -> None:
        """What looks like one is named in `Export.secret`, or in `not_secret` with what it is."""
        columns = {f"{table.name}.{column.name}": column for table in self.export.tables() for column in table.c}
        suspect = {name for name, column in columns.items() if looks_secret(column)}
        assert suspect - set(self.export.secret) == set(self.not_secret)
        assert set(self.export.secret) <= set(columns), "it names a column that is not there"
        for table in self.export.tables():
            names = {f"{table.name}.{name}" for name in self.export.columns(table)}
            assert not names & set(self.export.secret)

    async def test_migrations_go_up_down_and_up_and_match_the_models(
        self, servers: Servers, worker: str, unit_under_test: ServiceUnderTest
    ) -> None:
        name = f"m_{unit_under_test.name}_{worker}"
        target = ServiceDatabase(name, name, password="test", owner_password="test")  # noqa: S106
        await provision(servers.postgres_dsn, target)
        url = target.migration_url(servers.postgres_dsn)
        config = alembic_config(unit_under_test.root, url)
        for step, revision in (
            (command.upgrade, "head"),
            (command.downgrade, "base"),
            (command.upgrade, "head"),
        ):
            await asyncio.to_thread(step, config, revision)
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            drift = await connection.run_sync(_drift, [PlatformBase.metadata, unit_under_test.metadata])
        await engine.dispose()
        assert drift == [], drift

    def test_every_constraint_between_rows_is_a_business_error(self, unit_under_test: ServiceUnderTest) -> None:
        """What two requests at once can violate is told as what it is; an error's constraint is one there is."""
        named = set(between_rows(unit_under_test.metadata))
        package = unit_under_test.create.__module__.split(".")[0]
        own = {name for name, error in AppError.by_constraint.items() if error.__module__.split(".")[0] == package}
        assert own - named == set(), "errors name constraints that are not there"
        assert named - own == set(self.unmapped), "map it in an errors.py, or say why it needs no error of its own"

    def test_settings_refuse_development_secrets_in_production(self, settings: ServiceSettings) -> None:
        with pytest.raises(ValueError, match="secret_key"):
            type(settings)(**{**settings.model_dump(exclude={"secret_key"}), "environment": "production"})


def compare(value: Any, file: Path) -> None:
    """Compare with a checked-in snapshot; `make specs` writes it anew for review."""
    fresh = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if os.environ.get(_UPDATE):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(fresh, encoding="utf-8")
    assert file.exists(), f"{file.name} is not checked in: run `make specs`"
    assert json.loads(file.read_text(encoding="utf-8")) == json.loads(fresh), f"{file.name} changed: `make specs`"


def between_rows(metadata: MetaData) -> Iterator[str]:
    """Names of the unique and foreign keys, which depend on other rows."""
    for table in metadata.sorted_tables:
        yield from (
            str(constraint.name)
            for constraint in table.constraints
            if isinstance(constraint, UniqueConstraint | ForeignKeyConstraint)
        )
        yield from (str(index.name) for index in table.indexes if index.unique)


class _Dummy(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return str(UUID(int=0))


def _filled(path: str) -> str:
    return path.format_map(_Dummy())


def _principal(ctx: Context) -> Principal:
    assert ctx.principal is not None
    return ctx.principal


async def _rows(platform: Platform, unit: ServiceUnderTest, company_id: UUID) -> int:
    """What all tables of the service have of a company."""
    tables = [table for table in unit.metadata.sorted_tables if "company_id" in table.c]
    counts = [select(func.count()).select_from(table).where(table.c.company_id == company_id) for table in tables]
    async with platform.work(company_id=company_id) as ctx:
        return sum([await ctx.session.scalar(count) or 0 for count in counts])


async def _end_company(operator: Nats, service: str, company_id: UUID) -> None:
    """Confirm and announce its end as auth does, and wait for the service's receipt."""
    await erasures.confirm(operator, company_id)
    event = Event.of(CompanyDeleted(company_id=company_id), company_id=company_id, aggregate_id=company_id)
    js = operator.jetstream()
    await js.publish(event.subject, event.body(), headers=event.headers())

    async def is_answered() -> bool:
        with suppress(NotFoundError):
            await js.get_last_msg(streams.EVENTS, f"etter.{service}.company.erased.v1.{company_id}.{company_id}")
            return True
        return False

    await until(is_answered, timeout_s=60)


async def _allowed(client: CheckedClient, method: str, path: str) -> bool:
    response = await client.request(method, _filled(path), content=b"")
    return response.status_code not in (401, 403)


def _drift(connection: Connection, metadata: list[MetaData]) -> list[Any]:
    found: list[Any] = compare_metadata(
        MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False}),
        metadata,  # type: ignore[arg-type]  # its own configuration takes a list, its signature does not say so
    )
    return found
