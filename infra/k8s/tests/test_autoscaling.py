"""What the autoscaler of the workers asks NATS for is there, by the names that the code gives it."""

from __future__ import annotations

import asyncio
import json
import sysconfig
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import nats
import pytest

import etter_extraction.worker
import etter_simulation.worker
from etter_common.events import streams
from etter_common.events.accounts import OWNER
from etter_common.ids import new_id
from etter_common.jobs import Queue
from etter_devstack.accounts import Accounts
from etter_devstack.servers.ports import answers, free_port
from etter_devstack.servers.process import Process
from etter_devstack.state import write_secret

from .conftest import objects

WORKERS = {"extraction-worker": etter_extraction.worker, "simulation-worker": etter_simulation.worker}
TRIGGERS = {
    one["spec"]["scaleTargetRef"]["name"]: [trigger["metadata"] for trigger in one["spec"]["triggers"]]
    for one in objects("components/autoscaling-workers/scaled-objects.yaml")
}


def queues(worker: ModuleType) -> list[Queue]:
    return [value for value in vars(worker).values() if isinstance(value, Queue)]


@pytest.mark.parametrize("name", WORKERS)
def test_each_queue_of_a_worker_has_its_trigger(name: str) -> None:
    asked = sorted(trigger["stream"] for trigger in TRIGGERS[name])
    assert asked == sorted(queue.stream for queue in queues(WORKERS[name]))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A NATS with its monitoring port: its address, and that port's."""
    port, monitor = free_port(), free_port()
    binary = Path(sysconfig.get_path("scripts")) / "nats-server"
    users = Accounts.for_tests()
    configuration = write_secret(tmp_path / "nats.conf", users.nats_config)
    command: list[str | Path] = [
        binary, "-c", configuration, "-js", "-sd", tmp_path / "streams", "-a", "127.0.0.1", "-p", str(port),
        "-m", str(monitor),
    ]  # fmt: skip
    process = Process(command, log=tmp_path / "log")
    try:
        process.wait_until(lambda: answers(f"http://127.0.0.1:{monitor}/healthz"))
        yield users.nats_url("operator", port), f"http://127.0.0.1:{monitor}"
    finally:
        process.stop()


def lags(monitor: str) -> dict[tuple[str, str, str], int]:
    """What KEDA reads, by its own request, and adds up: what waits and what a worker holds."""
    with urllib.request.urlopen(f"{monitor}/jsz?acc={OWNER}&consumers=true&config=true") as answer:  # noqa: S310 - ours
        told = json.load(answer)
    return {
        (account["name"], stream["name"], consumer["name"]): consumer["num_pending"] + consumer["num_ack_pending"]
        for account in told["account_details"]
        for stream in account["stream_detail"]
        for consumer in stream.get("consumer_detail", [])
    }


async def test_the_monitoring_port_tells_the_lag_of_each(server: tuple[str, str]) -> None:
    url, monitor = server
    client = await nats.connect(url)
    try:
        js = client.jetstream()
        for queue in (queue for worker in WORKERS.values() for queue in queues(worker)):
            await streams.ensure_stream(js, streams.jobs_config(queue.name))
            await js.add_consumer(queue.stream, streams.jobs_consumer())
            for _ in range(3):
                await js.publish(streams.job_subject(queue.name, new_id()), b"")
        taken = await js.pull_subscribe_bind(streams.WORKERS, "ETTER_JOBS_EXTRACTION")
        await taken.fetch(1)
    finally:
        await client.close()
    lag = await asyncio.to_thread(lags, monitor)
    for trigger in (trigger for triggers in TRIGGERS.values() for trigger in triggers):
        assert lag[trigger["account"], trigger["stream"], trigger["consumer"]] == 3
