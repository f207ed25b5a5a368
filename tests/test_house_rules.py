"""The house rules (README, "How it is built"). Each failure is a sentence that says what to do."""

import ast
import re
import statistics
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from backend.core.operation import SIGNED_IN, any_of
from backend.core.permissions import GRANTS, Permission
from backend.extensions import db
from tests import readme_tables

ROOT = Path(__file__).parents[1]
KERNEL = {"core", "extensions", "config"}
BASE = {"places", "people", "integrations"}  # what every feature may rest on, whatever the module
TOP = {"", "cli", "up", "embedded", "gunicorn_conf", "demo"}  # puts the rest together; nobody rests on it
BELOW = {"extensions": set(), "config": set(), "core": KERNEL, "integrations": KERNEL, "places": KERNEL}
BELOW["people"] = KERNEL | BASE
# The kernel's own HTTP edge. Everything else knows no request.
EDGE = {"auth", "contract", "errors", "headers", "health", "idempotency"}
EDGE |= {"jobs", "logs", "operation", "production", "public_cache", "ratelimit"}
NOT_OURS = ("static", "swagger_ui.", "api-docs.", ".static")  # files, and the contract itself


@cache
def modules() -> dict[str, ast.Module]:
    paths = sorted((ROOT / "backend").rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in zip(names, paths, strict=True)}


def nodes(*kinds):
    return [(name, node) for name, tree in modules().items() for node in ast.walk(tree) if isinstance(node, kinds)]


def imported(node) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{node.module}.{alias.name}" for alias in node.names]


def package(module: str) -> str:
    return [*module.split("."), ""][1]


def views(app):
    ours = [e for e in app.view_functions if not e.startswith(NOT_OURS) and not e.endswith(NOT_OURS)]
    return {endpoint: getattr(app.view_functions[endpoint], "_apidoc", {}).get("operation") for endpoint in ours}


def own_imports():
    return [(m, t) for m, node in nodes(ast.Import, ast.ImportFrom) for t in imported(node) if t.startswith("backend.")]


def test_every_route_names_a_permission_or_says_public_aloud(app):
    for endpoint, declared in views(app).items():
        assert declared, f"Route {endpoint} has no @operation: name the Permission it needs, or public(why)."
        needs = declared["needs"]
        fine = any_of(needs) or needs == SIGNED_IN or len(needs.removeprefix("public: ").strip()) > 5
        assert fine, f"Route {endpoint} needs {needs!r}: name a Permission, SIGNED_IN, or public() with its reason."


def test_commit_and_rollback_only_at_the_edge():
    for module, node in nodes(ast.Attribute):
        if node.attr in {"commit", "rollback"}:
            assert module == "backend.core.transaction", (
                f"{module}:{node.lineno} calls {node.attr}(): return or raise, and core/transaction.py does it."
            )


def test_status_changes_only_in_the_workflow():
    for module, node in nodes(ast.Assign, ast.AugAssign, ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in [leaf for t in targets for leaf in ast.walk(t)]:
            if isinstance(target, ast.Attribute) and target.attr == "status" and ast.unparse(target.value) != "self":
                mended = "write a Step and advance()."
                assert module == "backend.core.workflow", f"{module}:{node.lineno} sets a status: {mended}"
    for module, node in nodes(ast.Constant):
        if isinstance(node.value, str) and re.search(r"\bSET\s+status\b", node.value, re.IGNORECASE):
            assert module == "backend.core.idempotency", f"{module}:{node.lineno} sets a status in SQL: use advance()."


def test_imports_point_downwards():
    """Features rest on core, places, people and integrations; a feature meets another only through its service."""
    for module, target in own_imports():
        mine, theirs = package(module), package(target)
        if mine in TOP or mine == theirs:
            continue
        assert theirs not in TOP, f"{module} imports {target}: nothing may rest on {theirs or 'backend/__init__.py'}."
        allowed = BELOW.get(mine, KERNEL | BASE)
        door = mine not in BELOW and f"{target}.".startswith(f"backend.{theirs}.service.")
        assert theirs in allowed or door, f"{module} imports {target}: use backend.{theirs}.service, or turn it around."


def test_packages_form_no_cycle():
    graph: dict[str, set[str]] = {}
    for module, target in own_imports():
        if package(module) not in TOP and package(module) != package(target):
            graph.setdefault(package(module), set()).add(package(target))
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"These packages import each other in a circle, break it: {' → '.join(error.args[1])}.")


def test_only_the_edge_knows_flask_and_routes_know_no_session():
    for module, node in nodes(ast.Import, ast.ImportFrom):
        parts = module.split(".")
        edge = parts[-1].endswith("routes") or (parts[1:2] == ["core"] and parts[-1] in EDGE)
        for target in imported(node):
            if target.startswith("flask") and package(module) not in TOP | {"extensions"}:
                assert edge, f"{module} imports {target}: hand the verb plain values; only routes know flask."
            if parts[-1].endswith("routes"):
                assert target != "backend.extensions.db" and not target.startswith("sqlalchemy"), (
                    f"{module} imports {target}: a route calls one verb and never touches the session."
                )


def test_files_and_functions_stay_small():
    for path in [p for folder in ("backend", "tests", "bench") for p in (ROOT / folder).rglob("*.py")]:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if path.name != "test_rules.py":  # a table of cases
            assert lines <= 400, f"{path.relative_to(ROOT)} has {lines} lines: split it below 400."
    sizes = [node.end_lineno - node.lineno + 1 for _, node in nodes(ast.FunctionDef, ast.AsyncFunctionDef)]
    p90 = statistics.quantiles(sizes, n=10)[8]
    assert p90 <= 20, f"One function in ten has more than {p90:.0f} lines: split the long ones below 20."
    assert statistics.median(sizes) <= 8, f"The median function has {statistics.median(sizes)} lines: split down to 8."


def test_no_own_import_inside_a_function():
    for module, node in nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        for inner in [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]:
            own = any(target.startswith("backend") for target in imported(inner))
            assert not own, f"{module}.{node.name} imports inside: move it to the top; break the circle, if any."


def test_every_permission_is_granted_and_asked_for():
    granted = frozenset().union(*GRANTS.values())
    asked = {node.attr for module, node in nodes(ast.Attribute) if module != "backend.core.permissions"}
    for permission in Permission:
        assert permission in granted, f"Nobody holds {permission}: grant it to a role, or delete it."
        assert permission.name in asked, f"No route, Step or verb asks for {permission}: use it, or delete it."


def test_migrations_have_one_head_and_agree_with_the_models(app):
    heads = ScriptDirectory(str(ROOT / "migrations")).get_heads()
    assert len(heads) == 1, f"Migrations have the heads {heads}: merge them into one."
    engine = create_engine(app.config["MIGRATION_DATABASE_URL"])

    def include_name(name, kind, _):
        return not (kind == "table" and name.startswith("procrastinate_"))

    ours = {"compare_server_default": True, "include_name": include_name}
    with engine.connect() as connection, app.app_context():
        differences = compare_metadata(MigrationContext.configure(connection, opts=ours), db.metadatas[None])
    engine.dispose()
    assert not differences, f"Models and migrations differ, write a migration: {differences}"


@pytest.mark.parametrize("name", readme_tables.TABLES)
def test_the_readme_tells_what_the_code_does(name):
    assert readme_tables.README.exists(), "There is no README.md: write one."
    made = readme_tables.TABLES[name]()
    found = readme_tables.between(readme_tables.README.read_text(encoding="utf-8"), name)
    said = f"The README's {name} differ. Run `python -m tests.readme_tables`, or paste between its marks:\n{made}"
    assert found is not None and re.sub(r"[^\S\n]+", " ", found) == re.sub(r"[^\S\n]+", " ", made), said
