"""What one core of each service carries, on the whole real platform: `make bench k=capacity`.

The service under load has a core to itself; servers, ingress, the other services and the load share the rest. A request
goes straight to the service. First as many as it answers, then 70 % of that (8,000 a second at most, which is what the
sender can do) at a fixed pace, for the latencies. Where the rest of the machine is the limit before the core is, the
table says how busy the core was, and what it would carry.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import platform as machine
import secrets
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from subprocess import PIPE, run
from typing import Any

from bench.measuring import load, pinned
from bench.measuring.pinned import Part
from bench.measuring.serving import ROOT
from etter_common.clock import monotonic, utc_now
from etter_devstack import runner
from etter_devstack.demo.client import Client, eventually
from etter_devstack.demo.command import documents
from etter_devstack.demo.journey import main_job
from etter_devstack.demo.people import Person
from etter_devstack.servers.identity import forget
from etter_devstack.stack import Plan
from etter_devstack.state import Home

SECONDS = float(os.environ.get("BENCH_SECONDS", "4"))
USERS = 32
ROLES = 300
SHARE = 0.7
MOST_PACED = 8_000  # a second: what the sender of a fixed pace can do beside the rest
UNLIMITED = {
    f"{service}_RATE_LIMIT_{what}": "100000000"
    for service in ("AUTH", "CORE", "EXTRACTION", "SIMULATION")
    for what in ("REQUESTS", "COMPANY_REQUESTS")
}
FIELDS = ("workflow_id", "title", "department", "headcount", "etter_score", "status", "freed_fte", "cost")
HEAD = (
    "| what | of | one core carries | seen | p50 / p99 at 70 %, ms | memory, MB | database connections |\n"
    "|---|---|---|---|---|---|---|"
)
BEGIN, END = "<!-- written by the bench -->", "<!-- to here -->"
SMALL, MEDIUM = {"n_iterations": 100, "steps": 60}, {"n_iterations": 1000, "steps": 120}


@dataclass
class Row:
    """`rate` in `unit`; `busy` is the share of its core that the part used for it."""

    what: str
    part: str
    rate: float
    unit: str = "requests/s"
    busy: float = 1.0
    p50_ms: float | None = None
    p99_ms: float | None = None
    memory_mb: float = 0.0
    connections: int = 0
    failed: int = 0

    @property
    def carries(self) -> float:
        return self.rate / max(self.busy, 0.01)

    def line(self) -> str:
        latency = f"{self.p50_ms:.1f} / {self.p99_ms:.1f}" if self.p50_ms and self.p99_ms else "–"
        failed = f" ({self.failed} FAILED)" if self.failed else ""
        seen = f"{self.rate:,.0f} at {self.busy:.0%}"
        return (
            f"| {self.what} | {self.part} | {self.carries:,.0f} {self.unit}{failed} | {seen} | {latency} "
            f"| {self.memory_mb:.0f} | {self.connections} |"
        )


@dataclass
class Bench:
    """The running platform with a company of `USERS` users."""

    plan: Plan
    parts: dict[str, Part]
    people: list[Person]
    tokens: list[str] = field(default_factory=list)
    refresh_tokens: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def port(self, part: str) -> int:
        return self.plan.ports[part]

    def signed(self, *paths: str) -> list[list[bytes]]:
        """Each user asks for paths of their own in turn, or all for the same when there are fewer."""
        each = len(paths) // USERS
        return [
            [
                load.request(path, {"authorization": f"Bearer {token}"})
                for path in (paths[number * each : (number + 1) * each] if each else paths)
            ]
            for number, token in enumerate(self.tokens)
        ]

    def told(self, row: Row) -> None:
        part = self.parts[row.part]
        row.memory_mb = part.memory_mb()
        row.connections = part.connections_to(self.port("postgres"))
        self.rows.append(row)
        print(row.line(), flush=True)


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    return load.request(path, {**headers, "content-length": str(len(body))}, method="POST") + body


async def of_requests(bench: Bench, what: str, part: str, requests: Sequence[Sequence[bytes]]) -> None:
    port, subject = bench.port(part), bench.parts[part]
    with pinned.alone(subject, bench.parts.values()):
        await load.closed_loop(port, requests, seconds=1, connections=USERS)
        cpu = subject.cpu_s()
        full = await load.closed_loop(port, requests, seconds=SECONDS, connections=USERS)
        busy = (subject.cpu_s() - cpu) / full.seconds
        unasked = [one for several in zip(*(own[len(own) // 2 :] for own in requests), strict=False) for one in several]
        pace = min(full.rps * SHARE, MOST_PACED)
        paced = await load.open_loop(port, unasked, per_second=pace, seconds=SECONDS, connections=USERS)
    seen = sorted(time for status, times in paced.items() if 200 <= status < 300 for time in times)
    failed = sum(n for status, n in full.statuses.items() if not 200 <= status < 300)
    failed += sum(len(times) for status, times in paced.items() if not 200 <= status < 300)
    bench.told(Row(what, part, full.rps, "requests/s", busy, *_middle_and_worst(seen), failed=failed))


def _middle_and_worst(seen: Sequence[float]) -> tuple[float | None, float | None]:
    if not seen:
        return None, None
    return statistics.median(seen), seen[min(len(seen) - 1, int(len(seen) * 0.99))]


async def of_refreshes(bench: Bench) -> None:
    """Each answer holds the token of the next request, so each user is a chain of their own."""
    subject = bench.parts["auth"]
    seen: list[float] = []
    refused: list[str] = []

    async def chain(number: int, until: float, every_s: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", bench.port("auth"))
        due = monotonic() + every_s * number / USERS
        while (now := monotonic()) < until:
            if every_s and now < due:
                await asyncio.sleep(due - now)
            began, due = max(due, now) if every_s else now, due + every_s
            body = json.dumps({"refresh_token": bench.refresh_tokens[number]}).encode()
            writer.write(post("/api/auth/v1/sessions/refresh", body, _as(number)))
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length: ")[2].split(b"\r\n", 1)[0])
            answer = json.loads(await reader.readexactly(length))
            if "data" in answer:
                bench.refresh_tokens[number] = answer["data"]["refresh_token"]
                seen.append((monotonic() - began) * 1000)
            else:
                refused.append(answer["code"])
        writer.close()

    async def all_of_them(seconds: float, every_s: float = 0.0) -> None:
        seen.clear()
        until = monotonic() + seconds
        await asyncio.gather(*(chain(number, until, every_s) for number in range(USERS)))

    with pinned.alone(subject, bench.parts.values()):
        await all_of_them(1)
        cpu, began = subject.cpu_s(), monotonic()
        await all_of_them(SECONDS)
        took = monotonic() - began
        rate, busy = len(seen) / took, (subject.cpu_s() - cpu) / took
        await all_of_them(SECONDS, every_s=USERS / (rate * SHARE))
    bench.told(Row("refresh", "auth", rate, "requests/s", busy, *_middle_and_worst(sorted(seen)), failed=len(refused)))


async def of_jobs(
    bench: Bench, what: str, worker: str, work: Callable[[], Awaitable[int]], *, unit: str, times: int = 1
) -> None:
    """`work` gives how many things were done."""
    subject = bench.parts[worker]
    with pinned.alone(subject, bench.parts.values()):
        cpu, began = subject.cpu_s(), monotonic()
        done = sum([await work() for _ in range(times)])
        took = monotonic() - began
    bench.told(Row(what, worker, done / took * 60, unit, (subject.cpu_s() - cpu) / took))


def _as(number: int) -> dict[str, str]:
    """Each user comes from a network of their own: tries to sign in are counted by it."""
    return {"content-type": "application/json", "x-forwarded-for": f"10.0.{number}.7", "user-agent": "bench"}


async def auth(bench: Bench) -> None:
    sign_in = [
        [
            post(
                "/api/auth/v1/sessions",
                json.dumps({"email": one.email, "password": one.password}).encode(),
                _as(number),
            )
        ]
        for number, one in enumerate(bench.people)
    ]
    for requests in sign_in:
        _, _, body = await load.answer_of(bench.port("auth"), requests[0])
        told = json.loads(body)["data"]
        bench.tokens.append(told["access_token"])
        bench.refresh_tokens.append(told["refresh_token"])
    await of_requests(bench, "sign in (argon2id, 19 MiB)", "auth", sign_in)
    await of_refreshes(bench)
    await of_requests(bench, "who am I", "auth", bench.signed("/api/auth/v1/me"))


async def core(bench: Bench) -> None:
    dashboard, roles = "/api/core/v1/chro/dashboard?limit=50", "/api/core/v1/roles?limit=50"
    await of_requests(bench, "dashboard, 50 lines, in the cache", "core", bench.signed(dashboard))
    orders = [",".join(order) for order in itertools.permutations(FIELDS)]
    await of_requests(
        bench, "dashboard, 50 lines, past the cache", "core", bench.signed(*(f"{dashboard}&fields={o}" for o in orders))
    )
    await of_requests(bench, "roles, 50 lines, in the cache", "core", bench.signed(roles))


async def extraction(bench: Bench, client: Client) -> None:
    path = "/api/extraction/v1/documents"
    letter = next(file for file in documents(ROOT) if file.suffix == ".docx")
    boundary = "b" * 20
    kind = {"content-type": f"multipart/form-data; boundary={boundary}"}
    head = f'--{boundary}\r\ncontent-disposition: form-data; name="file"; filename="{letter.name}"\r\n\r\n'
    body = head.encode() + letter.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    uploads = [
        [post(path, body, {**kind, "authorization": f"Bearer {token}"})]
        for token, one in zip(bench.tokens, bench.people, strict=True)
        if "analyst" in one.roles
    ]
    await of_requests(bench, f"upload, {len(body) // 1024} kB", "extraction", uploads)

    async def read() -> int:
        ids = [client.upload(path, file)["id"] for file in documents(ROOT) for _ in range(2)]
        job = client.post("/api/extraction/v1/extraction-jobs", {"document_ids": ids})["id"]
        await asyncio.to_thread(client.follow, f"/api/extraction/v1/extraction-jobs/{job}", lambda _: None)
        return len(ids)

    await of_jobs(
        bench, "documents read (pdf, docx, xlsx, html, text)", "extraction-worker", read, unit="documents/min"
    )


async def simulation(bench: Bench, client: Client) -> None:
    path = "/api/simulation/v1/simulations"

    roles = 0

    def played(size: dict[str, int]) -> Callable[[], Awaitable[int]]:
        async def play() -> int:
            nonlocal roles
            wanted = {"name": "bench", "roles": "current", "automation_factor": 0.5, "seed": secrets.randbelow(10**6)}
            made = client.post(path, wanted | size)
            roles = (await asyncio.to_thread(client.follow, f"{path}/{made['id']}", lambda _: None))["roles"]
            return 1

        return play

    for name, size, times in (("small", SMALL, 3), ("medium", MEDIUM, 1)):
        await played(size)()
        what = f"simulation, {name}: {roles} roles, {size['n_iterations']:,} iterations, {size['steps']} months"
        await of_jobs(bench, what, "simulation-worker", played(size), unit="runs/min", times=times)


def fill(url: str, people: Sequence[Person], folder: Path) -> Client:
    """The main job, for a company that can be simulated, and `ROLES` more roles from a headcount file; an analyst."""
    analyst, validator, chro = people[:3]
    cast = {"analyst": analyst, "validator": validator, "chro": chro}
    main_job(url, cast, documents(ROOT), lambda *_, **__: None)
    client = Client(url, analyst.email, analyst.password)
    titles = ("Accountant", "Buyer", "Chemist", "Nurse", "Electrician", "Recruiter", "Data Analyst", "Truck Driver")
    lines = [f"{titles[n % len(titles)]} {n:03},Department {n % 12},{3 + n % 40}" for n in range(ROLES)]
    sheet = folder / "headcount.csv"
    sheet.write_text("\n".join(["Job title,Department,Headcount", *lines]), encoding="utf-8")
    document = client.upload("/api/extraction/v1/documents", sheet)["id"]
    job = client.post("/api/extraction/v1/extraction-jobs", {"document_ids": [document]})["id"]
    client.follow(f"/api/extraction/v1/extraction-jobs/{job}", lambda _: None)
    found = client.get(f"/api/extraction/v1/documents/{document}/extraction")["id"]
    client.post(f"/api/extraction/v1/extractions/{found}/accept")

    def there() -> bool | None:
        return client.get("/api/core/v1/chro/summary")["total"]["roles"] >= ROLES or None

    eventually(there, "the roles of the headcount file", timeout_s=60)
    return client


def seed(plan: Plan) -> list[Person]:
    people = [
        Person(
            f"User {n}", f"user{n}@bench.example", ["validator"] if n == 1 else ["analyst", "chro"], secrets.token_hex()
        )
        for n in range(USERS)
    ]
    spec = {"company": {"name": "Bench", "currency": "USD"}, "users": [asdict(one) for one in people]}
    environment = plan.backbone().environment("auth")
    run(
        [sys.executable, "-m", "etter_auth.seed"],
        input=json.dumps(spec),
        env=environment,
        text=True,
        check=True,
        stdout=PIPE,
    )
    return people


def report(rows: Sequence[Row], took_s: float) -> None:
    result: dict[str, Any] = {
        "taken": utc_now().date().isoformat(), "took_s": round(took_s), "machine": machine.platform(),
        "cores": os.cpu_count(), "load_average": [round(one, 1) for one in os.getloadavg()],
        "python": machine.python_version(), "seconds": SECONDS,
        "rows": [asdict(row) | {"carries": round(row.carries, 1)} for row in rows],
    }  # fmt: skip
    file = ROOT / "bench" / "results" / "capacity.json"
    file.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    page = ROOT / "docs" / "operations" / "capacity.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    taken = (
        f"{result['taken']}, {result['cores']} cores, load average {result['load_average'][1]} with the bench's own."
    )
    table = "\n".join([HEAD, *(row.line() for row in rows), "", taken])
    page.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


async def measure(plan: Plan) -> None:
    began = monotonic()
    people = await asyncio.to_thread(seed, plan)
    bench = Bench(plan, pinned.parts(plan.home), people)
    client = await asyncio.to_thread(fill, plan.ingress_url, people, plan.home.folder)
    print(HEAD)
    await auth(bench)
    await core(bench)
    await extraction(bench, client)
    await simulation(bench, client)
    report(bench.rows, monotonic() - began)


def main() -> None:
    os.environ.update(UNLIMITED, SIMULATION_ENGINE_THREADS="1", EXTRACTION_PARSE_PARALLEL="1")
    with tempfile.TemporaryDirectory(prefix="etter-bench-", ignore_cleanup_errors=True) as folder:
        home = Home(ROOT, Path(folder) / ".etter")
        try:
            runner.run(home, report=lambda _: None, when_ready=measure, stay=False)
        finally:
            forget(home.data / "postgres")


if __name__ == "__main__":
    main()
