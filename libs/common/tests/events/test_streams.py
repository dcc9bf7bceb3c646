"""Streams are made once, brought up to date, and keep what operators have set."""

from __future__ import annotations

from dataclasses import replace

from etter_common.events import streams
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.backbone import step


class TestEnsure:
    async def test_it_can_run_again(self, platform: Platform) -> None:
        await streams.ensure(platform)
        await streams.ensure(platform)
        info = await platform.nats.jetstream().stream_info(streams.EVENTS)
        assert info.config.duplicate_window == streams.DUPLICATE_WINDOW_S
        assert info.config.max_age == streams.EVENTS_KEPT_S

    async def test_an_older_definition_is_updated_and_an_operators_limit_stays(self, platform: Platform) -> None:
        js = platform.nats.jetstream()
        await js.add_stream(replace(streams.events_config(), max_age=600, max_bytes=10_000_000))
        await streams.ensure(platform)
        config = (await js.stream_info(streams.EVENTS)).config
        assert (config.max_age, config.max_bytes) == (streams.EVENTS_KEPT_S, 10_000_000)

    async def test_each_subject_finds_its_stream_and_signals_find_none(self, platform: Platform) -> None:
        js = platform.nats.jetstream()
        subjects = {
            step(new_id(), 1, new_id()).subject: streams.EVENTS,
            streams.job_subject("probe", new_id()): "ETTER_JOBS_PROBE",
            f"etter.dead_letters.core.{7}": streams.DEAD_LETTERS,
        }
        for subject in subjects:
            await streams.ensure_for(platform, subject)
        assert {subject: await js.find_stream_name_by_subject(subject) for subject in subjects} == subjects
        assert streams.is_signal(streams.cancel_subject(new_id()))
