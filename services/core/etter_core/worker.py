"""What core reacts to."""

from __future__ import annotations

from etter_common.events import erasure
from etter_common.events.consumer import on
from etter_common.events.contracts.auth import CompanyChanged, CompanyCreated, UserChanged, UserCreated
from etter_common.events.contracts.core import CompanyErasedByCore, RoleChanged
from etter_common.events.contracts.extraction import ExtractionAccepted
from etter_common.events.contracts.simulation import RunCompleted
from etter_core.chro import handlers as chro
from etter_core.intake import handlers as intake
from etter_core.people import handlers as people
from etter_core.tables import Base
from etter_core.workflows import handlers as workflows

subscriptions = (
    on(CompanyCreated, people.company_known),
    on(CompanyChanged, people.company_known),
    on(UserCreated, people.user_known),
    on(UserChanged, people.user_known),
    on(ExtractionAccepted, intake.extraction_accepted),
    on(RoleChanged, workflows.role_changed),
    on(RunCompleted, chro.run_completed),
    erasure.on_company_deleted(Base.metadata, CompanyErasedByCore),
)
