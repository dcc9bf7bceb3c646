"""The shared directory of companies that tenants link to; filled by the operator's loader, empty until then."""
