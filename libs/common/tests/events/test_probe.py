"""JetStream on a disk that is full: health says so, writes go on, and the outbox drains after a restart."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest
from nats.js.errors import NotFoundError

from etter_common.events import probe, streams
from etter_common.events.probe import StoreProbe
from etter_common.events.relay import relay
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.backbone import Backbone, step, until

from .test_relay import bodies, outbox_is_empty, published, take_steps

SIZE = 24 * 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MiB, where this process may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    try:
        is_mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        is_mounted = False
    if not is_mounted:
        pytest.skip("mounting a file system is not permitted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    filler = disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as out:
        while True:
            out.write(b"\0" * 4096)
    return filler


async def stores(platform: Platform) -> bool:
    """What a health check says that asks now."""
    try:
        await StoreProbe(platform).check()
    except Exception:
        return False
    return True


class TestStoreProbe:
    async def test_it_makes_its_stream_and_keeps_one_message_in_it(self, platform: Platform) -> None:
        js = platform.nats.jetstream()
        with suppress(NotFoundError):
            await js.delete_stream(streams.HEALTH)
        for _ in range(3):
            await StoreProbe(platform).check()
        info = await js.stream_info(streams.HEALTH)
        assert (info.state.messages, info.config.storage) == (1, "file")

    async def test_a_success_counts_for_a_while(self, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
        now = 1_000.0
        monkeypatch.setattr(probe, "monotonic", lambda: now)
        one = StoreProbe(platform)
        for moment in (0.0, 0.0, probe.TRUSTED_S - 0.1, probe.TRUSTED_S, probe.TRUSTED_S + 0.1):
            now = 1_000.0 + moment
            await one.check()
        info = await platform.nats.jetstream().stream_info(streams.HEALTH)
        assert info.state.last_seq == 2

    async def test_a_server_that_is_gone_fails_at_once(self, backbone: Backbone, platform: Platform) -> None:
        one = StoreProbe(platform)
        await one.check()
        await backbone.kill_nats()

        async def is_lost() -> bool:
            return not platform.nats.is_connected

        await until(is_lost)
        with pytest.raises(ConnectionError):
            await one.check()


class TestFullDisk:
    async def test_health_says_so_and_the_outbox_drains_after_a_restart(
        self, backbone: Backbone, small_disk: Path, company_id: UUID
    ) -> None:
        await backbone.kill_nats()
        backbone.folder = small_disk
        await backbone.start_nats()
        aggregate = new_id()
        async with backbone.platform() as platform, relay(platform):
            platform.health.start()
            await streams.ensure(platform)
            await take_steps(platform, company_id, aggregate, range(10))
            await until(lambda: outbox_is_empty(backbone))
            assert (await platform.health.report()).checks["jetstream"].status == "up"
            filler = fill(small_disk)
            await until(lambda: _refuses(platform))
            await take_steps(platform, company_id, aggregate, range(10, 20))

            async def is_degraded() -> bool:
                report = await platform.health.report()
                return report.status == "degraded" and {"jetstream", "outbox"} <= {
                    name for name, result in report.checks.items() if result.status == "down"
                }

            await until(is_degraded)
            filler.unlink()
            await backbone.kill_nats()
            await backbone.start_nats()
            await until(lambda: stores(platform))
            await until(lambda: outbox_is_empty(backbone))
            assert (await published(platform))[str(aggregate)] == bodies(20)


async def _refuses(platform: Platform) -> bool:
    """Publish until nothing more is stored."""
    js = platform.nats.jetstream(timeout=1)
    with suppress(Exception):
        await js.publish(step(new_id(), 0, new_id()).subject, b"x" * 100_000)
    return not await stores(platform)
