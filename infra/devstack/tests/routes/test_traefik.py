"""What depends on the table or the place alone; that Traefik does as it is told is in `servers/test_ingress.py`."""

from __future__ import annotations

from dataclasses import replace

from etter_devstack.routes import files
from etter_devstack.routes.table import load
from etter_devstack.routes.traefik import Place, static_config

from ..conftest import ROOT

TABLE = load(ROOT / files.TABLE)


class TestStaticConfig:
    def test_forwarded_headers_count_from_named_balancers_only(self) -> None:
        place = Place(":8080", ":8443", ":8082")
        assert "forwardedHeaders" not in str(static_config(TABLE, place, dynamic="x"))
        trusting = replace(TABLE, trusted_balancers=("10.0.0.0/8",))
        entries = static_config(trusting, place, dynamic="x")["entryPoints"]
        assert (
            entries["web"]["forwardedHeaders"]
            == entries["secure"]["forwardedHeaders"]
            == {"trustedIPs": ["10.0.0.0/8"]}
        )

    def test_only_what_is_for_outside_gets_routes_without_an_entry(self) -> None:
        entries = static_config(TABLE, Place(":8080", ":8443", ":8082"), dynamic="x")["entryPoints"]
        assert {name for name, entry in entries.items() if entry.get("asDefault")} == {"web", "secure"}
