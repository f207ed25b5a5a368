"""Group buy: arrivals. The lots of each truck, what was offered instead and to whom, from when people may be called.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

# What lines were given instead.
GIVEN = """(SELECT a.order_id, a.item_id, sum(a.given) AS shares, sum(a.given * s.price_fen) AS fen
          FROM substitute_answer a JOIN substitute s ON s.id = a.substitute_id GROUP BY 1, 2)"""

# Each must be empty; see 0002.
INVARIANTS = {
    "invariant_01_lots_make_what_arrived": """
        SELECT i.id FROM campaign_item i LEFT JOIN lot l ON l.item_id = i.id
        GROUP BY i.id HAVING i.arrived <> coalesce(sum(l.quantity), 0)""",
    "invariant_01_nobody_got_what_did_not_arrive": """
        SELECT i.id FROM campaign_item i JOIN order_line l ON l.item_id = i.id JOIN group_order o ON o.id = l.order_id
        WHERE o.status NOT IN ('cancelled', 'expired') GROUP BY i.id HAVING sum(l.allocated) > i.arrived""",
    "invariant_01_substitutes_add_up": """
        SELECT s.id FROM substitute s LEFT JOIN substitute_answer a ON a.substitute_id = s.id
        GROUP BY s.id HAVING s.quantity <> s.remaining + coalesce(sum(a.given), 0)""",
    "invariant_03_order_says_what_it_got": f"""
        SELECT o.id FROM group_order o JOIN order_line l ON l.order_id = o.id
        LEFT JOIN {GIVEN} g ON (g.order_id, g.item_id) = (l.order_id, l.item_id)
        WHERE o.status IN ('allocated', 'ready') GROUP BY o.id
        HAVING o.allocation IS DISTINCT FROM CASE
          WHEN sum(l.allocated + coalesce(g.shares, 0)) = sum(l.quantity) THEN 'full' ELSE 'part' END""",
    "invariant_03_line_costs_what_it_got": f"""
        SELECT l.order_id, l.item_id FROM order_line l JOIN group_order o ON o.id = l.order_id
        JOIN campaign c ON c.id = o.campaign_id
        LEFT JOIN {GIVEN} g ON (g.order_id, g.item_id) = (l.order_id, l.item_id)
        WHERE o.status IN ('allocated', 'ready') AND l.grams IS NULL AND c.shortfall_fen IS NULL
          AND l.fen IS DISTINCT FROM l.allocated * l.price_fen + coalesce(g.fen, 0)""",
    "invariant_08_nobody_waits_for_nothing": """
        SELECT o.id FROM group_order o JOIN campaign c ON c.id = o.campaign_id
        WHERE o.status = 'locked' AND c.all_arrived_at IS NOT NULL
          AND NOT EXISTS (SELECT FROM substitute_answer WHERE order_id = o.id AND answer IS NULL)""",
}


def upgrade() -> None:
    op.create_table('lot',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('campaign_id', sa.Uuid(), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('grams', sa.Integer(), nullable=True),
    sa.Column('part', sa.SmallInteger(), nullable=False),
    sa.Column('arrived_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('quantity > 0 AND grams > 0 AND part > 0', name=op.f('ck_lot_bounds')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_lot_campaign_id')),
    sa.ForeignKeyConstraint(['item_id'], ['campaign_item.id'], name=op.f('fk_lot_item_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lot')),
    sa.UniqueConstraint('item_id', 'number', 'part', name=op.f('uq_lot_item_id_number_part'))
    )
    op.create_index('ix_lot_campaign_id', 'lot', ['campaign_id'], unique=False)
    op.create_table('substitute',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('campaign_id', sa.Uuid(), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('price_fen', sa.Integer(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('remaining', sa.Integer(), nullable=False),
    sa.Column('answer_by', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('price_fen > 0 AND quantity > 0 AND remaining BETWEEN 0 AND quantity',
        name=op.f('ck_substitute_bounds')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_substitute_campaign_id')),
    sa.ForeignKeyConstraint(['item_id'], ['campaign_item.id'], name=op.f('fk_substitute_item_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_substitute'))
    )
    op.create_index('ix_substitute_campaign_id', 'substitute', ['campaign_id'], unique=False)
    op.create_table('substitute_answer',
    sa.Column('substitute_id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('answer', sa.String(length=7), nullable=True),
    sa.Column('given', sa.Integer(), server_default='0', nullable=False),
    sa.Column('answered_by', sa.Uuid(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("answer IN ('accept', 'refuse', 'lapsed')", name=op.f('ck_substitute_answer_answer')),
    sa.CheckConstraint("given = 0 OR given > 0 AND coalesce(answer = 'accept', false)",
        name=op.f('ck_substitute_answer_given_if_accepted')),
    sa.ForeignKeyConstraint(['answered_by'], ['app_user.id'], name=op.f('fk_substitute_answer_answered_by')),
    sa.ForeignKeyConstraint(['order_id', 'item_id'], ['order_line.order_id', 'order_line.item_id'],
        name=op.f('fk_substitute_answer_order_id')),
    sa.ForeignKeyConstraint(['substitute_id'], ['substitute.id'], name=op.f('fk_substitute_answer_substitute_id')),
    sa.PrimaryKeyConstraint('substitute_id', 'order_id', name=op.f('pk_substitute_answer'))
    )
    op.create_index('ix_substitute_answer_order_id_item_id', 'substitute_answer', ['order_id', 'item_id'], unique=False)
    op.add_column('campaign', sa.Column('all_arrived_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('campaign', sa.Column('hand_out_from', sa.DateTime(timezone=True), nullable=True))
    op.add_column('campaign', sa.Column('quiet_consent_until', sa.DateTime(timezone=True), nullable=True))
    op.add_column('campaign', sa.Column('shortfall_fen', sa.BigInteger(), nullable=True))
    for name, query in INVARIANTS.items():
        op.execute(f"CREATE VIEW {name} AS {query}")


def downgrade() -> None:
    raise RuntimeError("not undone: it would drop what people did; restore a backup instead")
