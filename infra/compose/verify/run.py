"""The steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from etter_devstack.demo.client import Client
from etter_devstack.demo.command import documents
from etter_devstack.demo.journey import earlier_result, main_job
from etter_devstack.demo.people import Person
from etter_devstack.demo.report import Report
from verify import people, restoring, upgrading
from verify.images import ROOT, SERVICES, STANDINS, Builder
from verify.load import Load
from verify.stack import Stack
from verify.transcript import Transcript, expect

FIRST, NEXT = "verify-1", "verify-2"
REPLICAS = 3
CLOSED = ("/metrics", "/health/ready", "/health/live", "/api/core/metrics", "/ping", "/")


@dataclass
class Run:
    builder: Builder
    stack: Stack
    transcript: Transcript
    cast: dict[str, Person] = field(default_factory=people.cast)
    loaders: list[Person] = field(default_factory=people.loaders)

    def all_steps(self, compose: str) -> None:
        version = self.builder.engine_version()
        self.transcript.say(f"Docker Engine {version}, Compose {compose}")
        try:
            self._images()
            self._start()
            self._journey("The main job through the ingress")
            self._scale_and_kill()
            self._upgrade()
            self._lose_and_restore()
        except BaseException:
            self.transcript.say(self.stack.last_words())
            raise
        finally:
            with self.transcript.step("Stop everything"):
                self.stack.down("--volumes")

    def _images(self) -> None:
        step, say = self.transcript.step, self.transcript.say
        with step("Base image and stand-ins for the official images"):
            say(f"base: {self.builder.base()}")
            for name in STANDINS:
                self.builder.standin(name)
        for name in SERVICES:
            with step(f"Image etter/{name}"):
                say(f"{self.builder.service(name, FIRST)}, {self.builder.check(name, FIRST)}")
        self.builder.operations(FIRST)
        with step("The same again, without the cache: the same contents"):
            before = self.builder.contents(f"etter/core:{FIRST}")
            self.builder.service("core", "again", "--no-cache")
            after = self.builder.contents("etter/core:again")
            differing = sorted(path for path in before | after if before.get(path) != after.get(path))
            say(f"{len(before)} files, {len(differing)} of them differ {differing[:5] or ''}")
            expect(not differing, "two builds differ")

    def _start(self) -> None:
        self.stack.env["ETTER_VERSION"] = FIRST
        with self.transcript.step("docker compose up, from nothing"):
            self.stack.up(profile="backup")
            self.transcript.say(self.stack.memory())
        with self.transcript.step("What the ingress does not route"):
            for path in CLOSED:
                status = self.stack.status(path)
                expect(status == 404, f"{path} answers {status}")
            expect(self.stack.status("/healthz") == 200, "the ingress's health")
        people.seed_all(self.stack, self.cast, self.loaders)

    def _journey(self, name: str) -> Report:
        with self.transcript.step(name):
            report = main_job(self.stack.url, self.cast, documents(ROOT), _quiet)
            total = report.summary["total"]
            self.transcript.say(
                f"{report.seconds:.0f} s: {len(report.document_ids)} documents, {total['roles']} roles, "
                f"{total['headcount']} people, score {total['etter_score']:.2f}, one validated, one simulation"
            )
            expect(total["roles"] >= 38 and total["scored_roles"] >= 0.9 * total["roles"], "roles are missing")
            expect(report.simulation and report.validated_workflow_id, "nothing was validated or simulated")
            return report

    def _scale_and_kill(self) -> None:
        with self.transcript.step(f"Under load: core to {REPLICAS} replicas, one killed, it comes back"):
            with Load(self.stack.url, self.loaders) as load:
                self.stack.replicas["core"] = REPLICAS
                self.stack.up("core")
                load.run_for(10)
                shares = self.stack.requests_by_replica("core")
                victim = self.stack.containers("core")[0]
                self.stack.kill(victim)
                seconds = self.stack.await_restart(victim)
                load.run_for(5)
            self.transcript.say(f"requests by replica before the kill: {shares}; it was healthy after {seconds:.0f} s")
            expect(len(shares) == REPLICAS and min(shares) > 0, "a replica got nothing")
            load.judge(self.transcript, may_send_again=True)

    def _upgrade(self) -> None:
        with self.transcript.step("The next release's images"):
            upgrading.build(self.builder, self.stack.folder, NEXT)
            self.builder.operations(NEXT)
        with self.transcript.step("Upgrade under load: migrations first, then replica by replica"):
            with Load(self.stack.url, self.loaders) as load:
                load.run_for(3)
                self.transcript.say(upgrading.upgrade(self.stack, NEXT))
                load.run_for(3)
            load.judge(self.transcript, may_send_again=False)

    def _lose_and_restore(self) -> None:
        stack, step = self.stack, self.transcript.step
        with step("Back up while it runs, then write some more"):
            self.transcript.say(restoring.back_up(stack))
            late = self._write_late()
            before = self._remembered()
            restoring.await_log(stack)
        with step("Lose PostgreSQL, JetStream and the documents"):
            stack.down()
            stack.remove_data()
        with step("Restore"):
            restoring.restore(stack, self.transcript)
        with step("What was there is there"):
            after = self._remembered()
            expect(after == before, f"before {before}, after {after}")
            expect(late in after["roles"], "what was written after the backup is gone")
            told = f"{len(after['roles'])} roles, {len(after['documents'])} documents byte for byte, the simulation"
            self.transcript.say(told)
        self._journey("The main job again")

    def _write_late(self) -> str:
        with Client(self.stack.url, self.cast["analyst"].email, self.cast["analyst"].password) as analyst:
            return str(analyst.post("/api/core/v1/roles", {"title": "Written after the backup"})["id"])

    def _remembered(self) -> dict[str, list[str]]:
        """What people see: roles, documents with their contents, and what the last simulation came to."""
        person = self.cast["analyst"]
        with Client(self.stack.url, person.email, person.password) as analyst:
            roles = sorted(role["id"] for role in analyst.get_all("/api/core/v1/roles", fields="id"))
            held = analyst.get_all("/api/extraction/v1/documents", fields="id")
        paths = [f"/api/extraction/v1/documents/{document['id']}/content" for document in held]
        digests = [
            f"{path} {sha256(content).hexdigest()}" for path, content in people.download(self.stack, person, paths)
        ]
        report = earlier_result(self.stack.url, self.cast)
        expect(report is not None, "there is no simulation")
        assert report is not None  # noqa: S101 - for mypy
        return {"roles": roles, "documents": sorted(digests), "simulation": [str(row) for row in report.simulation]}


def _quiet(*_told: object, **_more: object) -> None:
    """Progress nobody watches."""
