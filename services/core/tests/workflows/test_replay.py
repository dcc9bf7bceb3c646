"""Published role profiles are told again under the version they have."""

from __future__ import annotations

from uuid import UUID

import pytest

from etter_common.context import Context
from etter_common.events.contracts.core import WorkflowPublished
from etter_common.events.snapshot import replay
from etter_common.platform import Platform
from etter_core.workflows import service

from ..factories import make_workflow


@pytest.mark.principal("analyst")
async def test_a_profile_told_again_is_the_one_told_before(ctx: Context, platform: Platform, company_id: UUID) -> None:
    heard = await platform.nats.subscribe(f"etter.{WorkflowPublished.type}.{company_id}.>")
    await platform.nats.flush()
    await make_workflow(ctx)
    await ctx.finish()
    before = await heard.next_msg(timeout=60)
    assert await replay(platform, [company_id], service.present) == 1
    again = await heard.next_msg(timeout=60)
    await heard.unsubscribe()
    assert WorkflowPublished.model_validate_json(again.data) == WorkflowPublished.model_validate_json(before.data)
    assert before.headers
    assert again.headers
    assert before.headers["ce-id"] != again.headers["ce-id"]
