"""What a key was answered with is looked up in one way, for open accounts only: a claim's answer, too.

Revision ID: 0017
Revises: 0016
"""

from pathlib import Path

from alembic import op

revision = "0017"
down_revision = "0016"

EARLIER_ANSWER = Path(__file__).parents[1] / "sql" / "0017_earlier_answer.sql"


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(EARLIER_ANSWER.read_text(encoding="utf-8"))  # type: ignore


def downgrade() -> None:
    raise RuntimeError("not undone: restore a backup instead")
