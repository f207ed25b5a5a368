"""/livez: the process answers. /readyz: and the database does, with the migrations this code needs."""

from functools import cache
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from flask import Blueprint, jsonify

from backend.core.errors import Busy
from backend.core.operation import operation, public
from backend.core.transaction import rows

blp = Blueprint("health", __name__)
MIGRATIONS = Path(__file__).parents[2] / "migrations"
PROBE = public("a probe carries no token")


@cache
def revisions() -> list[str]:
    """Those this code knows, the newest first."""
    return [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]


def is_ready(found: list[str]) -> bool:
    """At the newest revision we know, or at one we do not: a release migrates first and replaces its machines one by
    one, so the old ones serve on (a migration must leave them what they use)."""
    head, *older = revisions()
    return head in found or (bool(found) and not set(found) & set(older))


def versions() -> list[str]:
    return [version for (version,) in rows("SELECT version_num FROM alembic_version")]


@blp.get("/livez")
@operation("livez", "进程存活", "The process is alive", needs=PROBE)
def livez() -> Any:
    return jsonify(status="ok")


@blp.get("/readyz")
@operation("readyz", "可以服务", "Ready to serve", needs=PROBE)
def readyz() -> Any:
    migrated = rows("SELECT to_regclass('alembic_version') IS NOT NULL AS migrated")[0][0]
    found = versions() if migrated else []
    if not is_ready(found):
        raise Busy("not_migrated", "数据库结构与程序版本不一致，请先执行迁移。")
    return jsonify(status="ok", migration=found[0])
