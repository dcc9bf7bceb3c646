"""What can go wrong with a company."""

from __future__ import annotations

from etter_common.errors import Conflict, NotFound, Unprocessable


class CompanyNotFound(NotFound):
    code, title = "COMPANY_NOT_FOUND", "There is no such company"
    constraint = "fk_users_company_id_companies"


class OwnCompany(Conflict):
    code, title = "OWN_COMPANY", "Nobody can delete the company they belong to"


class UnknownMasterCompany(Unprocessable):
    code, title = "UNKNOWN_MASTER_COMPANY", "The directory has no such company"
    constraint = "fk_companies_master_company_id_master_companies"
