"""Joining a campaign asks its organiser.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

# Each must be empty; see 0002.
INVARIANTS = {
    "invariant_08_joining_history_is_unbroken": """
        SELECT subject_id, at FROM (
          SELECT subject_id, at, old, lag(new) OVER (PARTITION BY subject_id ORDER BY at, id) AS before
          FROM audit_event WHERE subject_type = 'join_request' AND new IS NOT NULL) step
        WHERE old IS DISTINCT FROM before""",
    "invariant_02_who_was_accepted_may_order": """
        SELECT r.id FROM join_request r WHERE r.status = 'accepted' AND NOT EXISTS (
          SELECT FROM campaign_place p WHERE p.campaign_id = r.campaign_id AND p.place_code = r.place_code)""",
    "invariant_14_joining_status_is_audited": """
        SELECT r.id FROM join_request r WHERE status IS DISTINCT FROM (
          SELECT new FROM audit_event WHERE subject_id = r.id AND new IS NOT NULL ORDER BY at DESC, id DESC LIMIT 1)""",
}


def upgrade() -> None:
    op.create_table('join_request',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('campaign_id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('households', sa.Integer(), nullable=False),
    sa.Column('asked_by', sa.Uuid(), nullable=False),
    sa.Column('reason_cipher', sa.LargeBinary(), nullable=False),
    sa.Column('answer_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('status', sa.String(length=9), nullable=False),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('households > 0', name=op.f('ck_join_request_households')),
    sa.CheckConstraint("(status = 'refused') <= (answer_cipher IS NOT NULL)", name=op.f('ck_join_request_refused_with_a_reason')),
    sa.ForeignKeyConstraint(['asked_by'], ['app_user.id'], name=op.f('fk_join_request_asked_by')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_join_request_campaign_id')),
    sa.ForeignKeyConstraint(['place_code'], ['place.code'], name=op.f('fk_join_request_place_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_join_request'))
    )
    op.create_index('ix_join_request_campaign_id', 'join_request', ['campaign_id', 'id'], unique=False)
    op.create_index('ix_join_request_place_code', 'join_request', ['place_code', 'id'], unique=False)
    op.create_index('uq_join_request_open', 'join_request', ['campaign_id', 'place_code'], unique=True, postgresql_where=sa.text("status = 'open'"))
    for name, query in INVARIANTS.items():
        op.execute(f"CREATE VIEW {name} AS {query}")


def downgrade() -> None:
    raise RuntimeError("not undone: it would drop what people did; restore a backup instead")
