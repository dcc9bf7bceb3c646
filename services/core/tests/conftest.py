"""Core under test: its own database, application and clients."""

from __future__ import annotations

from pathlib import Path

import etter_core.models  # noqa: F401 - completes the metadata
from etter_common.testing.service import ServiceUnderTest, fixtures
from etter_core.main import create
from etter_core.settings import CoreSettings
from etter_core.tables import Base

globals().update(fixtures(ServiceUnderTest("core", CoreSettings, create, Base.metadata, Path(__file__).parents[1])))
