"""Simulations over HTTP."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

import pytest
from nanoarrow import ArrayStream

from etter_common.clock import monotonic
from etter_common.context import Context
from etter_common.ids import new_id
from etter_common.testing.backbone import until
from etter_common.testing.client import CheckedClient
from etter_simulation.engine.metrics import ENGINE_VERSIONS
from etter_simulation.role_profiles import handlers

from ..factories import engineer
from ..role_profiles.test_handlers import published
from .following import LONG, body, follow, simulated, simulating

pytestmark = [pytest.mark.principal("analyst"), pytest.mark.timeout(600)]  # the engine may have to be compiled
THREE = [engineer(), engineer(role="Tester"), engineer(role="Operator")]


class TestCreate:
    async def test_it_is_accepted_and_can_be_followed(self, client: CheckedClient) -> None:
        response = await client.post("/simulations", json=body(name="Half"))
        data = response.json()["data"]
        assert response.status_code == 202
        assert response.headers["location"] == f"/api/simulation/v1/simulations/{data['id']}"
        assert (data["status"], data["progress"], data["name"], data["roles"]) == ("queued", 0.0, "Half", 2)
        assert (data["seed"], data["source"], data["currency"]) == (7, "explicit", "USD")

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"automation_factor": 2}, "/body/automation_factor", "less_than_equal"),
            ({"roles": []}, "/body/roles", "too_short"),
            ({"roles": "all"}, "/body/roles", "list_type"),
            ({"roles": [engineer(), engineer()]}, "/body/roles", "DUPLICATE_ROLE"),
            ({"n_iterations": 10_001}, "/body/n_iterations", "less_than_equal"),
            ({"steps": 601}, "/body/steps", "less_than_equal"),
            ({"engine": "mean_field"}, "/body/engine", "ENGINE_WITHOUT_ITERATIONS"),
            ({"engine": "oracle"}, "/body/engine", "literal_error"),
            ({"uncertainty": {"adoption.speed": {"uniform": [0, 1]}}}, "/body/uncertainty", "UNKNOWN_PARAMETER"),
            ({"currency": "dollar"}, "/body/currency", "string_pattern_mismatch"),
            (
                {"layoffs": {"policy": "surplus"}, "backfill": {"policy": "to_original"}},
                "/body/layoffs",
                "POLICIES_CONTRADICT",
            ),
        ],
    )
    async def test_what_is_wrong_is_named(
        self, client: CheckedClient, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        response = await client.post("/simulations", json=body(**change))
        assert response.status_code == 422
        assert response.json()["code"] == "VALIDATION_FAILED"
        assert {"pointer": pointer, "code": code}.items() <= response.json()["errors"][0].items()

    @pytest.mark.parametrize("change", [{"n_iterations": 9000, "roles": THREE}, {"n_iterations": 9999, "steps": 201}])
    async def test_a_run_above_the_deployments_limit(self, client: CheckedClient, change: dict[str, Any]) -> None:
        response = await client.post("/simulations", json=body(**change))
        assert (response.status_code, response.json()["code"]) == (422, "SIMULATION_TOO_LARGE")

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [({"n_iterations": 60}, "/body/n_iterations"), ({"steps": 60, "n_iterations": 40}, "/body/steps")],
    )
    async def test_agents_have_a_limit_of_their_own(
        self, client: CheckedClient, change: dict[str, Any], pointer: str
    ) -> None:
        assert (await client.post("/simulations", json=body(**change))).status_code == 202
        response = await client.post("/simulations", json=body(engine="agent", **change))
        assert (response.status_code, response.json()["code"]) == (422, "SIMULATION_TOO_LARGE")
        assert response.json()["errors"][0]["pointer"] == pointer

    async def test_a_repeated_request_starts_one_run(self, client: CheckedClient) -> None:
        headers = {"idempotency-key": str(new_id())}
        first, again = [await client.post("/simulations", json=body(), headers=headers) for _ in range(2)]
        assert first.json() == again.json()
        other = await client.post("/simulations", json=body(steps=1), headers=headers)
        assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")

    async def test_current_roles_need_a_published_profile(self, client: CheckedClient) -> None:
        response = await client.post("/simulations", json=body(roles="current"))
        assert (response.status_code, response.json()["code"]) == (409, "NO_ROLE_PROFILES")

    async def test_current_roles_are_the_companys_own(self, client: CheckedClient, ctx: Context) -> None:
        await handlers.take_over(ctx, published(new_id(), company_id=ctx.company_id))
        await handlers.take_over(ctx, published(new_id(), company_id=ctx.company_id, title="Unpaid", salary=None))
        await ctx.finish()
        data = (await client.post("/simulations", json=body(roles="current"))).json()["data"]
        assert (data["source"], data["roles"]) == ("current", 1)
        assert data["left_out"] == [{"role": "Unpaid", "reason": "no salary is known"}]

    @pytest.mark.principal("viewer")
    async def test_a_viewer_may_not(self, client: CheckedClient) -> None:
        assert (await client.post("/simulations", json=body())).status_code == 403


class TestList:
    async def test_pages_are_stable_and_newest_first(self, client: CheckedClient) -> None:
        made = [(await client.post("/simulations", json=body(name=f"n{i}"))).json()["data"]["id"] for i in range(3)]
        first = (await client.get("/simulations", params={"limit": 2, "include_total": True})).json()
        rest = (await client.get("/simulations", params={"limit": 2, "cursor": first["meta"]["next_cursor"]})).json()
        assert [row["id"] for row in first["data"] + rest["data"]] == made[::-1]
        assert (first["meta"]["total"], rest["meta"]["has_more"]) == (3, False)

    async def test_filters_and_fields(self, client: CheckedClient) -> None:
        await client.post("/simulations", json=body())
        assert (await client.get("/simulations", params={"source": "current"})).json()["data"] == []
        (row,) = (await client.get("/simulations", params={"fields": "status,roles"})).json()["data"]
        assert row == {"status": row["status"], "roles": 2}

    @pytest.mark.parametrize(
        ("params", "code"),
        [({"fields": "request"}, "INVALID_FIELDS"), ({"sort": "seed"}, "INVALID_SORT"),
         ({"cursor": "x"}, "INVALID_CURSOR"), ({"status": "done"}, "VALIDATION_FAILED")],
    )  # fmt: skip
    async def test_what_is_not_there_is_refused(self, client: CheckedClient, params: dict[str, str], code: str) -> None:
        response = await client.get("/simulations", params=params)
        assert (response.status_code, response.json()["code"]) == (422, code)


@pytest.mark.usefixtures("working")
class TestResults:
    async def test_the_flat_steps_have_the_v1_names(self, client: CheckedClient) -> None:
        found = await client.get(f"/simulations/{await simulated(client)}/results", params={"fields": "steps"})
        steps = found.json()["data"]["steps"]
        assert [step["Step"] for step in steps] == list(range(25))
        assert steps[0]["Engineer_count_mean"] == 300
        assert steps[0]["Marketing_total_salary_of_employee_p95"] == 7_000_000
        assert steps[0]["employees_min"] == 1
        assert len(steps[0]) == 1 + 15 * 6

    async def test_everything_is_there_and_documented(self, client: CheckedClient) -> None:
        simulation_id = await simulated(client, adoption={"q": 0.5})
        data = (await client.get(f"/simulations/{simulation_id}/results")).json()["data"]
        assert (data["mode"], data["seed"], data["iterations"], data["quantiles"]) == ("ceiling", 7, 8, "exact")
        assert len(data["company"]["attributed_cum_net"]["p50"]) == 25
        assert data["roles"][1]["role"] == "Marketing"
        basis = {line["parameter"]: line["basis"] for line in data["assumptions"]}
        assert (basis["adoption.q"], basis["adoption.p"], basis["layoffs.patience_months"]) == (
            "given",
            "source",
            "assumption",
        )

    async def test_a_result_says_its_engine(self, client: CheckedClient) -> None:
        for engine in ("cohort", "agent"):
            simulation_id = await simulated(client, engine=engine)
            params = {"fields": "engine,engine_version,company.heads.mean"}
            data = (await client.get(f"/simulations/{simulation_id}/results", params=params)).json()["data"]
            assert (data["engine"], data["engine_version"]) == (engine, ENGINE_VERSIONS[engine])
            assert data["company"]["heads"]["mean"][0] == 400

    async def test_the_same_request_gives_the_same_figures(self, client: CheckedClient) -> None:
        one, other = [
            (await client.get(f"/simulations/{await simulated(client)}/results")).json()["data"] for _ in range(2)
        ]
        assert one.pop("simulation_id") != other.pop("simulation_id")
        assert one == other

    async def test_a_derived_seed_is_told_and_can_be_given(self, client: CheckedClient) -> None:
        path = "/simulations/{}/results"
        derived = (await client.get(path.format(await simulated(client, seed=None)))).json()["data"]
        given = (await client.get(path.format(await simulated(client, seed=derived["seed"])))).json()["data"]
        assert given["company"] == derived["company"]
        assert given["roles"] == derived["roles"]

    async def test_it_can_be_narrowed(self, client: CheckedClient) -> None:
        path = f"/simulations/{await simulated(client)}/results"
        params: dict[str, str | int] = {
            "fields": "months,roles.role,roles.count.p50",
            "roles": "Marketing",
            "every": 10,
        }
        data = (await client.get(path, params=params)).json()["data"]
        assert data["months"] == [0, 10, 20, 24]
        (role,) = data["roles"]
        assert (role["role"], set(role), len(role["count"]["p50"])) == ("Marketing", {"role", "count"}, 4)

    async def test_what_is_not_known_and_chance_share_the_variance(self, client: CheckedClient) -> None:
        uncertainty = {"adoption.q": {"triangular": [0.2, 0.38, 0.6]}, "costs.on_cost": {"uniform": [0.3, 0.5]}}
        path = f"/simulations/{await simulated(client, n_iterations=40, uncertainty=uncertainty)}/results"
        data = (await client.get(path, params={"fields": "uncertainty,company.heads"})).json()["data"]
        payroll = data["uncertainty"]["payroll"]
        assert (payroll["parameters"][0], payroll["chance"][0]) == (1, 0)
        assert payroll["parameters"][24] + payroll["chance"][24] == pytest.approx(1, abs=1e-5)
        assert data["uncertainty"]["heads"]["chance"][0] is None
        assert set(data["company"]) == {"heads"}

    async def test_without_uncertainty_there_are_no_shares(self, client: CheckedClient) -> None:
        path = f"/simulations/{await simulated(client)}/results"
        assert (await client.get(path, params={"fields": "uncertainty"})).json()["data"] == {"uncertainty": None}

    async def test_without_counterfactual_nothing_is_attributed(self, client: CheckedClient) -> None:
        simulation_id = await simulated(client, counterfactual=False)
        data = (await client.get(f"/simulations/{simulation_id}/results")).json()["data"]
        assert data["company"]["attributed_cum_net"] is None
        assert data["summary"]["at_end"]["attributed"] is False

    async def test_an_empty_role_has_null_averages(self, client: CheckedClient) -> None:
        simulation_id = await simulated(client, roles=[engineer(0)])
        data = (await client.get(f"/simulations/{simulation_id}/results")).json()["data"]
        assert set(data["roles"][0]["avg_time_per_employee"]["mean"]) == {None}

    async def test_an_unknown_role_is_named(self, client: CheckedClient) -> None:
        response = await client.get(f"/simulations/{await simulated(client)}/results", params={"roles": "Pilot"})
        assert (response.status_code, response.json()["code"]) == (422, "UNKNOWN_SIMULATED_ROLE")

    async def test_an_answer_above_the_limit(self, client: CheckedClient) -> None:
        simulation_id = await simulated(client, steps=300, n_iterations=2)
        response = await client.get(f"/simulations/{simulation_id}/results")
        assert (response.status_code, response.json()["code"]) == (422, "RESULTS_TOO_LARGE")
        assert (await client.get(f"/simulations/{simulation_id}/results", params={"every": 60})).status_code == 200

    async def test_it_comes_as_a_table_too(self, client: CheckedClient) -> None:
        path = f"/simulations/{await simulated(client)}/results"
        params: dict[str, str | int] = {
            "fields": "company.heads.p50,roles.count.p50",
            "every": 12,
            "roles": "Marketing",
        }
        found = await client.get(path, params=params, headers={"accept": "text/csv"})
        assert found.headers["content-type"].startswith("text/csv; charset=utf-8; header=present")
        assert found.text.splitlines()[:2] == [
            '"role","role_id","metric","month","p50"',
            '"","","heads",0,400.0',
        ]
        assert len(found.text.splitlines()) == 1 + 2 * 3
        arrow = await client.get(path, params=params, headers={"accept": "application/vnd.apache.arrow.stream"})
        assert arrow.headers["content-type"] == "application/vnd.apache.arrow.stream"
        table = ArrayStream.from_readable(io.BytesIO(arrow.content))
        assert dict(table.schema.metadata)[b"seed"] == b"7"
        assert next(row["p50"] for row in table.read_all().to_pylist()) == 400

    async def test_each_form_has_its_own_tag_and_is_kept_apart(self, client: CheckedClient) -> None:
        path = f"/simulations/{await simulated(client)}/results"
        for accept in ("application/json", "text/csv", "application/json", "text/csv"):
            found = await client.get(path, headers={"accept": accept})
            assert found.headers["content-type"].startswith(accept)
            assert "Accept" in [name.strip() for name in found.headers["vary"].split(",")]
        assert client.last_statements == []
        csv = await client.get(path, headers={"accept": "text/csv", "if-none-match": found.headers["etag"]})
        json = await client.get(path, headers={"accept": "application/json", "if-none-match": found.headers["etag"]})
        assert (csv.status_code, json.status_code) == (304, 200)

    async def test_another_form_is_not_acceptable(self, client: CheckedClient) -> None:
        found = await client.get(f"/simulations/{await simulated(client)}/results", headers={"accept": "text/html"})
        assert (found.status_code, found.json()["code"]) == (406, "NOT_ACCEPTABLE")
        assert found.json()["available"][0] == "application/json"

    async def test_a_second_read_needs_no_query_and_has_an_etag(self, client: CheckedClient) -> None:
        path = f"/simulations/{await simulated(client)}/results"
        first = await client.get(path)
        again = await client.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, client.last_statements) == (304, [])

    async def test_a_deleted_simulation_is_gone_at_once(self, client: CheckedClient) -> None:
        simulation_id = await simulated(client)
        await client.get(f"/simulations/{simulation_id}/results")
        assert (await client.delete(f"/simulations/{simulation_id}")).status_code == 204
        response = await client.get(f"/simulations/{simulation_id}/results")
        assert (response.status_code, response.json()["code"]) == (404, "SIMULATION_NOT_FOUND")


class TestUnfinished:
    async def test_there_are_no_results_before_the_end(self, client: CheckedClient) -> None:
        simulation_id = (await client.post("/simulations", json=body())).json()["data"]["id"]
        response = await client.get(f"/simulations/{simulation_id}/results")
        if response.status_code != 200:  # a worker of another test may have been quicker
            assert (response.status_code, response.json()["code"]) == (409, "SIMULATION_NOT_FINISHED")

    async def test_an_unknown_simulation(self, client: CheckedClient) -> None:
        for path in ("", "/results", "/events"):
            response = await client.get(f"/simulations/{UUID(int=1)}{path}")
            assert (response.status_code, response.json()["code"]) == (404, "SIMULATION_NOT_FOUND")


@pytest.mark.usefixtures("working")
class TestEvents:
    async def test_progress_ends_with_the_final_state(self, client: CheckedClient) -> None:
        simulation_id = (await client.post("/simulations", json=body())).json()["data"]["id"]
        states = await follow(client, simulation_id)
        assert (states[-1]["status"], states[-1]["progress"]) == ("succeeded", 1.0)
        one = (await client.get(f"/simulations/{simulation_id}")).json()["data"]
        assert (one["status"], one["progress"]) == ("succeeded", 1.0)
        assert one["summary"]["at_end"]["attributed"] is True


class TestCancel:
    async def test_a_finished_run_cannot_be_cancelled(self, client: CheckedClient, working: None) -> None:
        response = await client.post(f"/simulations/{await simulated(client)}/cancel")
        assert (response.status_code, response.json()["code"]) == (409, "JOB_NOT_CANCELLABLE")

    async def test_a_running_one_ends_within_moments(self, client: CheckedClient, working: None) -> None:
        simulation_id = (await client.post("/simulations", json=body(**LONG))).json()["data"]["id"]
        await until(simulating(client, simulation_id), timeout_s=200)
        asked = monotonic()
        assert (await client.post(f"/simulations/{simulation_id}/cancel")).status_code == 202
        assert (await follow(client, simulation_id))[-1]["status"] == "cancelled"
        assert monotonic() - asked < 5  # a second on an idle machine
        response = await client.get(f"/simulations/{simulation_id}/results")
        assert (response.status_code, response.json()["status_of_run"]) == (409, "cancelled")
