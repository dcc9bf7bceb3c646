"""The document of auth and the service agree."""

from __future__ import annotations

from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.client import Caller
from etter_common.testing.contract.tests import ContractTests

from .test_surface import TestSurface as _Surface
from .test_surface import make_user


class TestContract(ContractTests):
    makers = _Surface.makers
    own = """
[[operations]]
include-operation-id = "end_current_session"
enabled = false                  # it would sign out the caller of all other requests
"""

    async def make_caller(self, platform: Platform, role: str) -> Caller:
        company_id = new_id()
        async with platform.work(company_id=company_id) as ctx:
            return Caller(await make_user(ctx), company_id, role)
