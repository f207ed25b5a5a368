"""An order's stored answer is for open accounts only.

Revision ID: 0009
Revises: 0008
"""

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"

PLACE_ORDER_ONCE = Path(__file__).parents[1] / "sql" / "0009_place_order_once.sql"


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(PLACE_ORDER_ONCE.read_text(encoding="utf-8"))  # type: ignore


def downgrade() -> None:
    raise RuntimeError("not undone: restore a backup instead")
