"""Each test has a database and a NATS of its own, so that it may kill them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.backbone import Backbone, backbone
from etter_common.testing.plugin import Servers


@pytest.fixture(name="backbone")
async def backbone_fixture(servers: Servers, worker: str) -> AsyncIterator[Backbone]:
    async with backbone(servers, worker) as found:
        yield found


@pytest.fixture
async def platform(backbone: Backbone) -> AsyncIterator[Platform]:
    async with backbone.platform() as found:
        yield found


@pytest.fixture
def company_id() -> UUID:
    return new_id()
