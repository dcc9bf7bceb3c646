"""Rules of the house that no linter knows: small checks on the syntax tree, over all product code."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = sorted(
    path for pattern in ("libs/*/etter_*", "services/*/etter_*", "infra/*/etter_*") for path in ROOT.glob(pattern)
)
SERVICES = [path for path in PACKAGES if path.parent.parent.name == "services"]
PUBLIC_ROUTES = {"sign_in", "refresh_session", "get_jwks"}


def modules(packages: list[Path]) -> Iterator[tuple[Path, ast.Module]]:
    for package in packages:
        for file in sorted(package.rglob("*.py")):
            yield file.relative_to(ROOT), ast.parse(file.read_text(encoding="utf-8"), filename=str(file))


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call with its dotted name as written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def findings(packages: list[Path], check: Callable[[Path, ast.Module], Iterator[tuple[int, str]]]) -> list[str]:
    return [f"{file}:{line} {what}" for file, tree in modules(packages) for line, what in check(file, tree)]


def test_only_the_session_commits() -> None:
    def check(file: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
        if file.parts[-2:] not in {("db", "session.py"), ("db", "migrations.py")} and "devstack" not in file.parts:
            for name, call in calls(tree):
                if name.endswith("session.commit") or name.endswith("connection.commit"):
                    yield call.lineno, name

    assert findings(PACKAGES, check) == []


def test_queries_are_built_in_repositories() -> None:
    building = {"select", "insert", "update", "delete", "text"}

    def check(file: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
        if file.stem.endswith("repository") or "repository" in file.parts:
            return
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
                for alias in node.names:
                    if alias.name in building:
                        yield node.lineno, f"imports sqlalchemy's {alias.name}"

    assert findings(SERVICES, check) == []


def test_a_slices_repository_and_handlers_are_its_own() -> None:
    """`worker.py` may import handlers; nothing else reaches into another slice's repository or handlers."""

    def check(file: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
        package, slice_ = file.parts[2], file.parts[3]
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            base = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            for target in (f"{base}.{name}" if base else name for name in names):
                parts = target.split(".")
                private = next((p for p in parts if p in {"repository", "handlers"}), None)
                own = parts[:2] == [package, slice_] or (slice_ == "worker.py" and private == "handlers")
                if parts[0] == package and private and not own:
                    yield getattr(node, "lineno", 0), target

    assert findings(SERVICES, check) == []


def test_cached_answers_live_as_long_as_the_one_table_says() -> None:
    def check(_file: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
        for name, call in calls(tree):
            given = next((word.value for word in call.keywords if word.arg == "ttl_s"), None)
            if name == "cached" and not (given and ast.unparse(given).startswith("LIFETIMES[")):
                yield call.lineno, "a lifetime of its own"

    found = [name for _, tree in modules(SERVICES) for name, _ in calls(tree) if name == "cached"]
    assert len(found) > 5
    assert findings(SERVICES, check) == []


def test_only_settings_read_the_environment() -> None:
    def check(file: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
        if file.name == "settings.py" or "devstack" in file.parts or "testing" in file.parts:
            return
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}:
                yield node.lineno, ast.unparse(node)

    assert findings(PACKAGES, check) == []


def test_only_clock_reads_the_clock() -> None:
    clocks = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.datetime.now", "date.today"}

    def check(file: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
        if file.name != "clock.py" and "devstack" not in file.parts:
            for name, call in calls(tree):
                if name in clocks:
                    yield call.lineno, name

    assert findings(PACKAGES, check) == []


def test_every_route_needs_a_permission_or_is_on_the_short_list() -> None:
    def check(file: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
        if file.stem != "router":
            return
        permitted = {"requires("} | {
            f": {ast.unparse(node.targets[0])}"  # an alias: `Reader = Annotated[Context, requires(…)]`
            for node in tree.body
            if isinstance(node, ast.Assign) and "requires(" in ast.unparse(node.value)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.AsyncFunctionDef) and _is_route(node) and node.name not in PUBLIC_ROUTES:
                signature = ast.unparse(node.args) + ","
                if not any(mark in signature for mark in permitted):
                    yield node.lineno, node.name

    assert findings(SERVICES, check) == []


def test_relationships_never_load_by_surprise() -> None:
    def check(_file: Path, tree: ast.Module) -> Iterator[tuple[int, str]]:
        for name, call in calls(tree):
            if name == "relationship" and not any(
                k.arg == "lazy" and ast.unparse(k.value) == "'raise'" for k in call.keywords
            ):
                yield call.lineno, "relationship without lazy='raise'"

    assert findings(SERVICES, check) == []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_no_file_is_longer_than_400_lines(package: Path) -> None:
    long = {
        str(file.relative_to(ROOT)): lines
        for file in package.rglob("*.py")
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}


def _is_route(node: ast.AsyncFunctionDef) -> bool:
    verbs = {"router.get", "router.post", "router.put", "router.patch", "router.delete"}
    return any(isinstance(d, ast.Call) and ast.unparse(d.func) in verbs for d in node.decorator_list)
