from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from etter_common.cache import LIFETIMES, CacheKey, tag

COMPANY = UUID("01900000-0000-7000-8000-000000000001")


class TestCacheKey:
    def test_the_order_of_parameters_does_not_matter(self) -> None:
        assert CacheKey.of(COMPANY, "roles", {"a": 1, "b": 2}) == CacheKey.of(COMPANY, "roles", {"b": 2, "a": 1})

    def test_a_parameter_that_is_none_counts_as_not_given(self) -> None:
        assert CacheKey.of(COMPANY, "roles", {"a": None}) == CacheKey(COMPANY, "roles")

    def test_a_long_parameter_does_not_make_a_long_name(self) -> None:
        assert len(str(CacheKey.of(COMPANY, "roles", {"q": "x" * 100_000}))) < 100

    @given(st.lists(st.tuples(st.text(), st.text()), min_size=2, max_size=2, unique=True))
    def test_different_parameters_or_scopes_have_different_names(self, pairs: list[tuple[str, str]]) -> None:
        one, two = (CacheKey(COMPANY, "roles", params, scope) for params, scope in pairs)
        assert str(one) != str(two)


class TestTag:
    def test_two_companies_share_no_tag(self) -> None:
        assert tag(COMPANY, "roles") != tag(None, "roles")

    def test_one_of_a_kind_is_not_all_of_it(self) -> None:
        assert tag(COMPANY, "roles") != tag(COMPANY, "roles", COMPANY)


class TestLifetimes:
    def test_those_the_owner_asked_for(self) -> None:
        asked = {
            "master_companies": 3600,
            "user_autocomplete": 300,
            "task_autocomplete": 600,
            "workflow_metadata": 1800,
            "simulation_results": 7200,
            "role_adjacency": 86400,
        }
        assert {name: LIFETIMES[name] for name in asked} == asked
