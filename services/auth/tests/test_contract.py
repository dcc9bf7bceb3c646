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

[[operations]]
include-path-regex = "/(api-keys|users)/[{]"
# a key is revoked and a user deactivated by DELETE; both stay readable, since histories name them
checks.use_after_free.enabled = false
"""
