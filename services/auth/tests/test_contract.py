"""The document of auth and the service agree."""

from __future__ import annotations

from etter_common.testing.contract.tests import ContractTests

from .test_surface import TestSurface as _Surface


class TestContract(ContractTests):
    makers = _Surface.makers
    own = """
[[operations]]
include-operation-id = "end_current_session"
enabled = false                  # it would sign out the caller of all other requests

[[operations]]
include-operation-id = ["sign_in", "refresh_session"]
warnings = false                 # nobody has generated credentials: 401 is what they get
"""
