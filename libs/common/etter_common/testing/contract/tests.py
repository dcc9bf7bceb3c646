"""What each service's `tests/test_contract.py` subclasses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from fastapi import FastAPI

from etter_common.context import Origin
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import Caller, TokenMint
from etter_common.testing.contract.runner import Bounds, configure, run, served
from etter_common.testing.service import ServiceUnderTest
from etter_common.testing.surface import Maker


class ContractTests:
    """`makers` as in `SurfaceTests`. `own` is the service's part of the configuration, exclusions with their reasons;
    `bounded` is a further part that `make fuzz` goes without.

    Objects are made in the company of the first caller; the second belongs to another company and is shown none.
    """

    makers: ClassVar[Mapping[str, Maker]] = {}
    own: ClassVar[str] = ""
    bounded: ClassVar[str] = ""

    @pytest.mark.timeout(1200)  # a busy machine, not a bound of the run, which is a number of examples
    async def test_the_document_and_the_service_agree(
        self, app: FastAPI, platform: Platform, mint: TokenMint, unit_under_test: ServiceUnderTest, tmp_path: Path
    ) -> None:
        roles = {"one": "company_admin", "operator": "super_admin", "two": "company_admin"}
        callers = {name: Caller(new_id(), new_id(), role) for name, role in roles.items()}
        tokens = {name: mint.token(caller) for name, caller in callers.items()}
        for token in tokens.values():
            if unit_under_test.enrol is not None:
                await unit_under_test.enrol(platform, platform.tokens.verify(token))
        ids = await self._ids(platform, mint, callers["one"])
        bounds = Bounds.of_environment()
        own = self.own if bounds.is_long else self.own + self.bounded
        config = configure(tmp_path, tokens=tokens, peers=("one", "two"), ids=ids, own=own)
        async with served(app) as url:
            outcome = await run(app.openapi(), url, config, bounds)
        print(outcome.report)  # noqa: T201 - `make fuzz` shows it
        assert outcome.passed, outcome.report

    async def _ids(self, platform: Platform, mint: TokenMint, caller: Caller) -> dict[str, list[str]]:
        made: dict[str, list[str]] = {}
        for name, maker in self.makers.items():
            ctx = platform.context(origin=Origin(request_id="contract"), principal=mint.principal(caller))
            made[name] = [str(await maker(ctx)) for _ in range(3)]
            await ctx.finish()
        return made
