"""Simulation's settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from etter_common.settings import ServiceSettings


class SimulationSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="SIMULATION_", frozen=True, extra="ignore")

    service: ClassVar[str] = "simulation"

    numba_cache_dir: Path | None = Field(
        default=None, description="compiled engine; without it a private folder of the system's temporary directory"
    )
    engine_threads: int = Field(default=0, ge=0, le=256, description="of one run; 0: as many as there are cores")
    max_role_months: int = Field(default=60_000_000, ge=1, description="roles × iterations × steps of one run")
    max_role_iterations: int = Field(default=1_000_000, ge=1, description="roles × iterations of one run: its memory")
    max_agent_months: int = Field(default=100_000_000, ge=1, description="heads × iterations × steps with agents")
    max_agent_iterations: int = Field(default=2_000_000, ge=1, description="heads × iterations with agents: its memory")
    max_preview_role_months: int = Field(default=60_000, ge=1, description="roles × steps of one preview")
    max_preview_role_pairs: int = Field(default=40_000, ge=1, description="roles × roles of one with redeployment")
    max_sensitivity_role_months: int = Field(
        default=600_000_000, ge=1, description="evaluations × roles × iterations × steps of one sensitivity analysis"
    )
    max_result_values: int = Field(default=1_500_000, ge=1, description="figures in one answer of results")
    max_exact_values: int = Field(
        default=64_000_000, ge=0, description="figures of roles in all iterations of one run; beyond it, sketches"
    )
    max_inline_work: int = Field(
        default=10_000_000, ge=0, description="role-months of a run that is not shared out: some seconds of one core"
    )
    chunk_work: int = Field(
        default=4_000_000, ge=1, description="role-months of one chunk of a run that is shared out, about"
    )
    max_active_simulations: int = Field(default=100, ge=1, description="of one company, waiting or running")
    max_stored_simulations: int = Field(default=2_000, ge=1, description="of one company")

    @property
    def threads(self) -> int:
        return self.engine_threads or len(os.sched_getaffinity(0))
