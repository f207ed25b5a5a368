"""/livez: the process answers. /readyz: and the database does, with the migrations this code was written for."""

from functools import cache
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from flask import Blueprint, jsonify

from backend.core.errors import Busy
from backend.core.operation import operation, public
from backend.core.transaction import rows

blp = Blueprint("health", __name__)
PROBE = public("a probe carries no token")


@cache
def head() -> str | None:
    return ScriptDirectory(str(Path(__file__).parents[2] / "migrations")).get_current_head()


def versions() -> list[str]:
    return [version for (version,) in rows("SELECT version_num FROM alembic_version")]


@blp.get("/livez")
@operation("livez", "进程存活", "The process is alive", needs=PROBE)
def livez() -> Any:
    return jsonify(status="ok")


@blp.get("/readyz")
@operation("readyz", "可以服务", "Ready to serve", needs=PROBE)
def readyz() -> Any:
    if not rows("SELECT to_regclass('alembic_version') IS NOT NULL AS migrated")[0][0] or versions() != [head()]:
        raise Busy("not_migrated", "数据库结构与程序版本不一致，请先执行迁移。")
    return jsonify(status="ok", migration=head())
