"""What a person has seen of their inbox, how large they read; what the inbox finds its items by.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("app_user", sa.Column("print_step", sa.SmallInteger()))
    op.add_column("app_user", sa.Column("seen_until", sa.DateTime(timezone=True)))
    op.create_check_constraint(op.f("ck_app_user_print_step"), "app_user", "print_step BETWEEN 1 AND 4")
    op.create_index("ix_refund_household_id", "refund", ["household_id"])
    waiting = sa.text("status = 'waiting'")
    op.create_index("ix_appointment_waiting", "appointment", ["place_code"], postgresql_where=waiting)


def downgrade() -> None:
    raise RuntimeError("not undone: restore a backup instead")
