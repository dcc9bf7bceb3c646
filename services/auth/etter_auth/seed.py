"""`python -m etter_auth.seed < spec.json`: one company and its users, made if they are not there.

For development and demonstrations. Passwords come on standard input, never on the command line, and go out nowhere.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel, Field, SecretStr, ValidationError

from etter_auth.companies import service as companies
from etter_auth.companies.models import Company
from etter_auth.companies.schemas import CompanyCreate
from etter_auth.hashing import hashing
from etter_auth.passwords import service as passwords
from etter_auth.settings import AuthSettings
from etter_auth.users import service as users
from etter_auth.users.schemas import UserCreate
from etter_common.context import Context
from etter_common.errors import AppError
from etter_common.platform import open_platform
from etter_common.responses import encode


class SeedUser(UserCreate):
    password: SecretStr


class SeedCompany(CompanyCreate):
    id: UUID | None = Field(default=None, description="of one that exists; needed where several have the name")


class SeedSpec(BaseModel):
    """The input: a company, and users with their roles and passwords."""

    company: SeedCompany
    users: list[SeedUser] = Field(min_length=1, max_length=1000)


class SeededUser(BaseModel):
    id: UUID
    email: str
    is_new: bool


class Seeded(BaseModel):
    """The output."""

    company_id: UUID
    is_new: bool
    users: list[SeededUser]


async def seed(ctx: Context, spec: SeedSpec) -> Seeded:
    """Works in the system scope. A user who is there keeps name and roles; the password becomes the given one."""
    company, is_new = await _company(ctx, spec.company)
    seeded = []
    for wanted in spec.users:
        data = UserCreate(**wanted.model_dump(exclude={"password"}))
        user, made = await users.provide(ctx, company.id, data)
        await passwords.provide(ctx, user, wanted.password.get_secret_value())
        seeded.append(SeededUser(id=user.id, email=user.email, is_new=made))
    return Seeded(company_id=company.id, is_new=is_new, users=seeded)


async def _company(ctx: Context, wanted: SeedCompany) -> tuple[Company, bool]:
    data = CompanyCreate(**wanted.model_dump(exclude={"id"}))
    try:
        return await companies.provide(ctx, data, wanted.id)
    except LookupError:
        raise SystemExit(f"etter-auth: several companies are named {data.name}; give the id of one") from None


async def run(settings: AuthSettings, spec: SeedSpec) -> Seeded:
    async with open_platform(settings) as platform, hashing(platform), platform.work(system=True) as ctx:
        return await seed(ctx, spec)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m etter_auth.seed", description=__doc__)
    parser.add_argument("--file", type=Path, help="the specification; standard input without it")
    arguments = parser.parse_args()
    text = arguments.file.read_text(encoding="utf-8") if arguments.file else sys.stdin.read()
    try:
        spec = SeedSpec.model_validate_json(text)
        seeded = asyncio.run(run(AuthSettings(), spec))
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        raise SystemExit(f"etter-auth: the specification is not right: {problems}") from None
    except AppError as error:
        reasons = "; ".join(part.message for part in error.errors)
        raise SystemExit(f"etter-auth: {error.detail}{': ' + reasons if reasons else ''}") from None
    sys.stdout.write(encode(seeded.model_dump()).decode() + "\n")


if __name__ == "__main__":
    main()
