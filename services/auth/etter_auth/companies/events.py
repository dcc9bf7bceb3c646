"""What companies announce."""

from __future__ import annotations

from uuid import UUID

from etter_auth.companies.models import Company
from etter_common.events.contracts.auth import CompanyChanged, CompanyCreated, CompanyDeleted
from etter_common.events.envelope import Event


def company_created(company: Company) -> Event:
    payload = CompanyCreated(company_id=company.id, name=company.name, currency=company.currency)
    return Event.of(payload, company_id=company.id, aggregate_id=company.id)


def company_changed(company: Company) -> Event:
    payload = CompanyChanged(company_id=company.id, name=company.name, currency=company.currency)
    return Event.of(payload, company_id=company.id, aggregate_id=company.id)


def company_deleted(company_id: UUID) -> Event:
    return Event.of(CompanyDeleted(company_id=company_id), company_id=company_id, aggregate_id=company_id)
