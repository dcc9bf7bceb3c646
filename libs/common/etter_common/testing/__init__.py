"""What all tests share.

`plugin` gives the real servers, `service` a service's fixtures, `surface` its whole-surface tests.

A service's `tests/conftest.py`:

    from etter_common.testing.service import ServiceUnderTest, fixtures

    root = Path(__file__).parents[1]
    globals().update(fixtures(ServiceUnderTest("core", CoreSettings, create, Base.metadata, root)))

and its `tests/test_surface.py` subclasses `SurfaceTests`. Isolation is by company: each test has a company of its own
(`company_id`), commits for real, and sees nothing of the others; one database per worker, thrown away at the end.
"""
