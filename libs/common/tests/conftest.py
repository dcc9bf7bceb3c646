"""The library's own tests run against the sample service, set up like a real one."""

from __future__ import annotations

from pathlib import Path

from etter_common.events.relay import relay
from etter_common.testing.sample import Base, SampleSettings, create
from etter_common.testing.service import ServiceUnderTest, fixtures

globals().update(
    fixtures(
        ServiceUnderTest(
            "sample",
            SampleSettings,
            lambda settings: create(settings, background=(relay,)),
            Base.metadata,
            root=Path(__file__).parent / "sample",
        )
    )
)
