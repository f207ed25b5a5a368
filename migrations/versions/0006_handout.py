"""Group buy: handing out. Where each ready order stands: its number, when it was called, how often it was skipped.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

# Each must be empty; see 0002.
INVARIANTS = {
    "invariant_20_ready_orders_have_their_number": """
        SELECT o.id FROM group_order o LEFT JOIN pickup p ON p.order_id = o.id
        WHERE o.status IN ('ready', 'not_collected')
          AND (p.order_id IS NULL OR (p.number IS NULL) <> (o.delivery = 'door') OR p.campaign_id <> o.campaign_id)""",
    "invariant_20_no_more_called_than_fit_at_the_point": """
        SELECT c.id FROM campaign c JOIN pickup p ON p.campaign_id = c.id JOIN group_order o ON o.id = p.order_id
        WHERE p.batch IS NOT NULL AND NOT p.waits AND o.status = 'ready'
        GROUP BY c.id HAVING count(*) > c.at_once""",
}


def upgrade() -> None:
    op.create_table('pickup',
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('campaign_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=True),
    sa.Column('waits', sa.Boolean(), nullable=False),
    sa.Column('batch', sa.Integer(), nullable=True),
    sa.Column('called_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('skips', sa.SmallInteger(), server_default='0', nullable=False),
    sa.Column('not_before', sa.Integer(), server_default='0', nullable=False),
    sa.Column('tries', sa.SmallInteger(), server_default='0', nullable=False),
    sa.Column('missed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('(batch IS NULL) = (called_at IS NULL)', name=op.f('ck_pickup_called_in_a_batch')),
    sa.CheckConstraint('number IS NOT NULL OR (batch IS NULL AND NOT waits)', name=op.f('ck_pickup_only_numbers_are_called')),
    sa.CheckConstraint('number > 0 AND batch > 0', name=op.f('ck_pickup_from_one')),
    sa.CheckConstraint('number IS NULL OR waits OR batch IS NOT NULL', name=op.f('ck_pickup_waits_or_was_called')),
    sa.CheckConstraint('skips BETWEEN 0 AND 2 AND tries BETWEEN 0 AND 5', name=op.f('ck_pickup_bounds')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_pickup_campaign_id')),
    sa.ForeignKeyConstraint(['order_id'], ['group_order.id'], name=op.f('fk_pickup_order_id')),
    sa.PrimaryKeyConstraint('order_id', name=op.f('pk_pickup')),
    sa.UniqueConstraint('campaign_id', 'number', name=op.f('uq_pickup_campaign_id_number'))
    )
    for name, query in INVARIANTS.items():
        op.execute(f"CREATE VIEW {name} AS {query}")


def downgrade() -> None:
    raise RuntimeError("not undone: it would drop what people did; restore a backup instead")
