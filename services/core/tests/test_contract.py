"""Core's document and core agree."""

from __future__ import annotations

from etter_common.testing.contract.tests import ContractTests

from .test_surface import TestSurface as _Surface


class TestContract(ContractTests):
    makers = _Surface.makers
