"""The document of extraction and the service agree."""

from __future__ import annotations

from etter_common.testing.contract.tests import ContractTests

from .test_surface import TestSurface as _Surface


class TestContract(ContractTests):
    makers = _Surface.makers
    own = """
[[operations]]
include-operation-id = "upload_document"
# the type of a file is what its name and its first bytes say: no schema knows them
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "409", "415", "422", "429", "503"]
"""
