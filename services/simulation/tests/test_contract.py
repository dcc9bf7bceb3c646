"""The document of simulation and the service agree."""

from __future__ import annotations

from etter_common.testing.contract.tests import ContractTests

from .test_surface import TestSurface as _Surface


class TestContract(ContractTests):
    makers = _Surface.makers
    bounded = """
[[operations]]
include-method = ["POST", "PATCH"]
# every boundary of a run's request is some minutes' work: `make fuzz` tries them all
phases.coverage.enabled = false
"""
