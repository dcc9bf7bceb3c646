"""`python -m etter_core.export COMPANY_ID > core.zip`: all that core keeps of a company."""

from __future__ import annotations

import etter_core.models  # noqa: F401 - completes the metadata
from etter_common import tenant_export
from etter_common.tenant_export import Export
from etter_core.settings import CoreSettings
from etter_core.tables import Base

EXPORT = Export("core", CoreSettings, Base.metadata)

if __name__ == "__main__":
    tenant_export.run(EXPORT)
