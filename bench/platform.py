"""What the shared stack costs beside the least that could do the same: `make bench k=platform`.

Every comparison runs both sides in turn, five rounds, on the same core, with the load generator on another. Figures
are medians; the ratio is what counts, the absolute numbers are this machine's.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform as machine
import statistics
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from time import thread_time

import asyncpg
import nats
from alembic import command

from bench.measuring import load
from bench.measuring.serving import LOAD_CORE, ROOT, Server, serve
from etter_common import auth
from etter_common.api_keys import ApiKeys
from etter_common.auth import KeyRing, Revocations, TokenVerifier
from etter_common.buckets import bucket
from etter_common.clock import monotonic
from etter_common.db.provision import ServiceDatabase, provision
from etter_common.ids import new_id
from etter_common.responses import encode
from etter_common.testing.client import Caller, TokenMint, plant_key
from etter_common.testing.service import alembic_config
from etter_devstack.servers import TestServers

ROUNDS = 5
SECONDS = 2.0
USERS = 64
ROWS = 2_000
CHECKS = 500
HEADS = 200
API = "/api/sample/v1"


@dataclass
class Side:
    """One side of a comparison, measured round by round."""

    name: str
    rps: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    failed: int = 0

    def add(self, result: load.Result) -> None:
        self.rps.append(result.rps)
        self.cpu_us.append(result.cpu_us)
        self.p50_ms.append(result.p50)
        self.p99_ms.append(result.p99)
        self.failed += sum(n for status, n in result.statuses.items() if status not in (200, 304))

    def middle(self, what: str) -> float:
        return float(statistics.median(getattr(self, what)))


@dataclass
class Comparison:
    """`ours` beside `limit`; `of` says which figure makes the ratio, `wanted` what it should be."""

    title: str
    limit: Side
    ours: Side
    of: str
    wanted: str

    @property
    def ratio(self) -> float:
        return self.ours.middle(self.of) / self.limit.middle(self.of)

    def line(self) -> str:
        def side(one: Side) -> str:
            failed = f", {one.failed} FAILED" if one.failed else ""
            return (
                f"{one.middle('rps'):,.0f}/s, {one.middle('cpu_us'):.0f} µs, p99 {one.middle('p99_ms'):.1f} ms{failed}"
            )

        spread = max(self.ours.rps) / min(self.ours.rps) - 1
        extra = self.ours.middle("cpu_us") - self.limit.middle("cpu_us")
        return (
            f"| {self.title} | {self.limit.name}: {side(self.limit)} | {self.ours.name}: {side(self.ours)} "
            f"| {self.ratio:.2f} ({extra:+.0f} µs) | {self.wanted} | {spread:.0%} |"
        )


@dataclass(frozen=True)
class Bench:
    bare: Server
    fastapi: Server
    ours: Server
    second_tier: Server
    tokens: list[str]

    def signed(self, path: str, **headers: str) -> list[list[bytes]]:
        """The same request by every user, one connection each."""
        return [[load.request(path, {"authorization": f"Bearer {token}", **headers})] for token in self.tokens]

    def various(self, path: str) -> list[list[bytes]]:
        """The same, but each request with a header of its own: more of them than the server keeps heads of."""
        return [
            [load.request(path, {"authorization": f"Bearer {token}", "x-number": str(n)}) for n in range(HEADS)]
            for token in self.tokens
        ]


@asynccontextmanager
async def stack() -> AsyncGenerator[Bench]:
    async with AsyncExitStack() as parts:
        folder = Path(
            parts.enter_context(tempfile.TemporaryDirectory(prefix="etter-bench-", ignore_cleanup_errors=True))
        )
        servers = parts.enter_context(TestServers.start(folder, parts=("postgres", "valkey", "nats")))
        target = ServiceDatabase("bench", "bench", password="bench", owner_password="bench")
        await provision(servers.postgres_dsn or "", target)
        config = alembic_config(ROOT / "libs/common/tests/sample", target.migration_url(servers.postgres_dsn or ""))
        await asyncio.to_thread(command.upgrade, config, "head")
        company = new_id()
        admin = (servers.postgres_dsn or "").rsplit("/", 1)[0] + "/bench"
        await fill(admin, str(company))
        environment = {
            "SAMPLE_ENVIRONMENT": "production", "SAMPLE_SECRET_KEY": "bench" * 8,
            "SAMPLE_DATABASE_URL": target.url(servers.postgres_dsn or ""),
            "SAMPLE_REDIS_URL": servers.redis_url or "", "SAMPLE_NATS_URL": servers.nats_url or "",
            "SAMPLE_RATE_LIMIT_REQUESTS": "10000000", "SAMPLE_RATE_LIMIT_COMPANY_REQUESTS": "1000000000",
            "SAMPLE_TRACE_SAMPLE_RATIO": "0.01", "SAMPLE_OTLP_ENDPOINT": "http://127.0.0.1:9",
            "BENCH_ADMIN_DSN": admin, "BENCH_COMPANY": str(company),
        }  # fmt: skip
        tokens = await sign(servers.nats_url or "", company)
        ours = parts.enter_context(serve("platform", environment, ready="/health/ready"))
        no_first_tier = {**environment, "SAMPLE_CACHE_L1_BYTES": "0"}
        second_tier = parts.enter_context(serve("platform", no_first_tier, ready="/health/ready"))
        fastapi = parts.enter_context(serve("fastapi", environment))
        kept = [[f"/{name}", *found] for name, found in await answers(ours, tokens[0])]
        (folder / "answers.json").write_text(json.dumps(kept), encoding="utf-8")
        environment["BENCH_ANSWERS"] = str(folder / "answers.json")
        bare = parts.enter_context(serve("bare", environment))
        yield Bench(bare, fastapi, ours, second_tier, tokens)


async def answers(ours: Server, token: str) -> list[tuple[str, tuple[int, list[tuple[str, str]], str]]]:
    """What ours says to one of the users, for the bare callable to say too."""
    headers = {"authorization": f"Bearer {token}"}
    found = []
    for size in ("1k", "100k"):
        answer = await load.answer_of(ours.port, load.request(f"{API}/cached/{size}", headers))
        assert answer[0] == 200, answer
        found.append((size, answer))
    etag = dict(found[-1][1][1])["etag"]
    known = load.request(f"{API}/cached/100k", {**headers, "if-none-match": etag})
    return [*found, ("304", await load.answer_of(ours.port, known))]


async def fill(dsn: str, company: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        "INSERT INTO things (id, company_id, name, size) "
        "SELECT gen_random_uuid(), $1::uuid, 'thing ' || n, n FROM generate_series(1, $2::int) n",
        company,
        ROWS,
    )
    await connection.execute("VACUUM ANALYZE things")
    await connection.close()


async def sign(nats_url: str, company: object) -> list[str]:
    """Tokens of many users, and their key where services look for it."""
    keys = KeyRing()
    mint = TokenMint(keys)
    client = await nats.connect(nats_url)
    store = await bucket(client, auth.KEYS_BUCKET)
    for key in keys.jwks()["keys"]:
        await store.put(key["kid"], encode(key))
    await client.close()
    return [mint.token(Caller(new_id(), company, "analyst")) for _ in range(USERS)]  # type: ignore[arg-type]


Requests = Sequence[Sequence[bytes]]


async def compare(
    title: str, limit: tuple[str, Server, Requests], ours: tuple[str, Server, Requests], *, of: str, wanted: str
) -> Comparison:
    """A B A B …, after a warm-up of both."""
    sides = [(Side(name), server, requests) for name, server, requests in (limit, ours)]
    for _, server, requests in sides:
        await server.load(requests, seconds=0.5)
    for _ in range(ROUNDS):
        for side, server, requests in sides:
            side.add(await server.load(requests, seconds=SECONDS))
    found = Comparison(title, sides[0][0], sides[1][0], of, wanted)
    print(found.line(), flush=True)
    return found


def plain(path: str) -> Requests:
    return [[load.request(path)]]


async def cached_reads(bench: Bench) -> list[Comparison]:
    """Both sides get the same request and send the same answer, header for header."""
    etag = dict((await load.answer_of(bench.ours.port, bench.signed(f"{API}/cached/100k")[0][0]))[1])["etag"]
    cases: list[tuple[str, str, str, dict[str, str]]] = [
        ("GET from L1, 1 kB, token checked", "/1k", f"{API}/cached/1k", {}),
        ("GET from L1, 100 kB, token checked", "/100k", f"{API}/cached/100k", {}),
        ("304 of 100 kB, token checked", "/304", f"{API}/cached/100k", {"if-none-match": etag}),
    ]
    found = [
        await compare(
            title, ("bare ASGI", bench.bare, bench.signed(bare, **headers)),
            ("ours", bench.ours, bench.signed(path, **headers)), of="rps", wanted="≥ 0.70",
        )
        for title, bare, path, headers in cases
    ]  # fmt: skip
    found.append(
        await compare(
            "GET from L1, 1 kB, no head comes twice", ("bare ASGI", bench.bare, bench.various("/1k")),
            ("ours", bench.ours, bench.various(f"{API}/cached/1k")), of="rps", wanted="shown",
        )
    )  # fmt: skip
    redis = await compare(
        "GET from L2, 1 kB, token checked", ("bare ASGI and one GET", bench.bare, bench.signed("/redis")),
        ("ours", bench.second_tier, bench.signed(f"{API}/cached/1k")), of="rps", wanted="≥ 0.70",
    )  # fmt: skip
    model = await compare(
        "GET from L1, 100 kB, against a response_model", ("FastAPI, dicts", bench.fastapi, plain("/model")),
        ("ours", bench.ours, bench.signed(f"{API}/cached/100k")), of="rps", wanted="≥ 5",
    )  # fmt: skip
    return [*found, redis, model]


async def shared_stack(bench: Bench) -> list[Comparison]:
    last = "/r140/route-149/x"
    return [
        await compare(
            "everything shared, without the token", ("FastAPI route", bench.fastapi, plain("/bytes")),
            ("ours", bench.ours, plain(f"{API}/open")), of="cpu_us", wanted="≤ 1.6",
        ),
        await compare(
            "everything shared, with token and limits", ("FastAPI route", bench.fastapi, plain("/bytes")),
            ("ours", bench.ours, bench.signed(f"{API}/signed")), of="cpu_us", wanted="≤ +120 µs",
        ),
        await compare(
            "the last of 150 routes", ("the first, ours", bench.ours, plain(f"{API}/r0/route-0/x")),
            ("the last, ours", bench.ours, plain(f"{API}{last}")), of="cpu_us", wanted="≤ 1.05",
        ),
        await compare(
            "the last of 150 routes", ("FastAPI's", bench.fastapi, plain(last)),
            ("ours, all included", bench.ours, plain(f"{API}{last}")), of="cpu_us", wanted="≤ 1",
        ),
    ]  # fmt: skip


async def uncached_list(bench: Bench) -> list[Comparison]:
    path = f"{API}/things?min_size=-"
    requests = [
        [load.request(f"{path}{user}{n:06}", {"authorization": f"Bearer {token}"}) for n in range(5_000)]
        for user, token in enumerate(bench.tokens, start=1)
    ]
    return [
        await compare(
            "50 of 2,000 rows, past the cache", ("bare ASGI, asyncpg, msgspec", bench.bare, plain("/asyncpg")),
            ("ours", bench.ours, requests), of="rps", wanted="≥ 0.50",
        )
    ]  # fmt: skip


async def overload(bench: Bench) -> str:
    """Three times what the process can do, at a fixed pace."""
    capacity = (await bench.ours.load(plain(f"{API}/work"), seconds=SECONDS, connections=8)).rps
    seen = await load.open_loop(bench.ours.port, plain(f"{API}/work")[0], per_second=3 * capacity, seconds=8)
    good, shed = sorted(seen.get(200, [])), seen.get(503, [])
    other = {status: len(times) for status, times in seen.items() if status not in (200, 503)}
    p99 = good[int(len(good) * 0.99)] if good else 0.0
    return (
        f"overload at 3 × {capacity:.0f}/s for 8 s: {len(good)} answered (p50 {statistics.median(good):.0f} ms, "
        f"p99 {p99:.0f} ms; {len(good) / 8 / capacity:.0%} of capacity), {len(shed)} refused with 503 "
        f"(p50 {statistics.median(shed) if shed else 0:.0f} ms), other {other or 'none'}"
    )


def token_checks() -> str:
    """The check of a token seen before, beside its first; and that of an API key."""
    keys, known_keys = KeyRing(), ApiKeys()
    mint = TokenMint(keys)
    callers = [Caller(new_id(), new_id(), "analyst") for _ in range(USERS)]
    verifier = TokenVerifier(keys, Revocations(), known_keys)
    token = bearer_checks(verifier, [mint.token(caller) for caller in callers])
    key = bearer_checks(verifier, [plant_key(known_keys, caller) for caller in callers])
    return (
        f"token check: {token[0]:.0f} µs the first time, then {token[1]:.2f} µs (wanted: ≤ 5 µs amortised); "
        f"API key: {key[0]:.0f} µs, then {key[1]:.2f} µs"
    )


def bearer_checks(verifier: TokenVerifier, bearers: list[str]) -> tuple[float, float]:
    """µs of CPU for a bearer's first check, and for one seen before."""
    headers = [f"Bearer {bearer}".encode() for bearer in bearers]
    began = thread_time()
    for header in headers:
        verifier.verify(header[7:].decode())
    first = (thread_time() - began) / len(headers)
    began = thread_time()
    for _ in range(CHECKS):
        for header in headers:
            verifier.known(header)
    again = (thread_time() - began) / (CHECKS * len(headers))
    return first * 1e6, again * 1e6


def report(comparisons: list[Comparison], notes: list[str], took_s: float) -> None:
    names = ("fastapi", "starlette", "uvicorn", "uvloop", "httptools", "asyncpg", "redis", "nats-py", "msgspec")
    result = {
        "took_s": round(took_s), "machine": machine.platform(), "python": machine.python_version(),
        "versions": {name: version(name) for name in names},
        "comparisons": [asdict(one) | {"ratio": round(one.ratio, 3)} for one in comparisons], "notes": notes,
    }  # fmt: skip
    folder = ROOT / "bench" / "results"
    folder.mkdir(exist_ok=True)
    (folder / "platform.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


async def main() -> None:
    os.sched_setaffinity(0, {LOAD_CORE})
    began = monotonic()
    print("| what | limit | ours | ratio | wanted | spread |\n|---|---|---|---|---|---|")
    async with stack() as bench:
        comparisons = [*await cached_reads(bench), *await shared_stack(bench), *await uncached_list(bench)]
        notes = [await overload(bench), token_checks()]
    print("\n".join(notes))
    report(comparisons, notes, monotonic() - began)


if __name__ == "__main__":
    asyncio.run(main())
