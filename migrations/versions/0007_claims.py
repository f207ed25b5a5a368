"""Group buy: photos, claims, recalls of a lot; and when an order was handed out.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

UNDECIDED = "('open', 'offered', 'declined', 'escalated')"
FLOWS = "('claim', 'recall')"
# What lines were given instead.
GIVEN = """(SELECT a.order_id, a.item_id, sum(a.given * s.price_fen) AS fen
          FROM substitute_answer a JOIN substitute s ON s.id = a.substitute_id GROUP BY 1, 2)"""
# Each must be empty; see 0002.
INVARIANTS = {
    # As before, but for recalled goods: also an order that still waits for the rest may have some.
    "invariant_03_untouched_line_costs_its_price": """
        SELECT l.order_id FROM order_line l JOIN group_order o ON o.id = l.order_id
        WHERE o.status IN ('awaiting_payment', 'paid', 'on_delivery', 'sponsored', 'locked')
          AND (l.fen, l.subsidised_fen) <> (l.quantity * l.price_fen, l.quantity * l.subsidy_fen)
          AND NOT EXISTS (SELECT FROM recall_notice n WHERE (n.order_id, n.item_id) = (l.order_id, l.item_id))""",
    "invariant_03_line_costs_what_it_got": f"""
        SELECT l.order_id, l.item_id FROM order_line l JOIN group_order o ON o.id = l.order_id
        JOIN campaign c ON c.id = o.campaign_id
        LEFT JOIN {GIVEN} g ON (g.order_id, g.item_id) = (l.order_id, l.item_id)
        WHERE o.status IN ('allocated', 'ready') AND l.grams IS NULL AND c.shortfall_fen IS NULL
          AND l.fen IS DISTINCT FROM l.allocated * l.price_fen + coalesce(g.fen, 0)
          AND NOT EXISTS (SELECT FROM recall_notice n WHERE (n.order_id, n.item_id) = (l.order_id, l.item_id))""",
    "invariant_03_recalled_goods_cost_nothing": f"""
        SELECT l.order_id FROM recall_notice n JOIN order_line l ON (l.order_id, l.item_id) = (n.order_id, n.item_id)
        LEFT JOIN {GIVEN} g ON (g.order_id, g.item_id) = (l.order_id, l.item_id)
        WHERE l.fen > coalesce(g.fen, 0)""",
    "invariant_06_claims_within_the_line": """
        SELECT c.order_id FROM claim c JOIN order_line l ON (l.order_id, l.item_id) = (c.order_id, c.item_id)
        GROUP BY c.order_id, c.item_id, l.fen, l.subsidised_fen, l.quantity, l.price_fen, l.subsidy_fen
        HAVING sum(coalesce(c.refund_fen, 0)) + l.fen - l.subsidised_fen > l.quantity * (l.price_fen - l.subsidy_fen)""",
    "invariant_06_claims_within_what_was_had": """
        SELECT c.order_id FROM claim c JOIN order_line l ON (l.order_id, l.item_id) = (c.order_id, c.item_id)
        WHERE c.status NOT IN ('refused', 'withdrawn')
        GROUP BY c.order_id, c.item_id, l.grams, l.quantity
        HAVING sum(c.grams) > l.grams OR sum(c.quantity) > l.quantity""",
    "invariant_08_claim_history_is_unbroken": f"""
        SELECT subject_id, at FROM (
          SELECT subject_id, at, old, lag(new) OVER (PARTITION BY subject_id ORDER BY at, id) AS before
          FROM audit_event WHERE subject_type IN {FLOWS} AND new IS NOT NULL) step
        WHERE old IS DISTINCT FROM before""",
    "invariant_08_disputed_while_a_claim_is_open": f"""
        SELECT o.id FROM group_order o WHERE o.status = 'disputed' AND NOT EXISTS (
          SELECT FROM claim c WHERE c.order_id = o.id AND c.status IN {UNDECIDED})
        UNION ALL
        SELECT o.id FROM claim c JOIN group_order o ON o.id = c.order_id
        WHERE c.status IN {UNDECIDED} AND o.status <> 'disputed'""",
    "invariant_14_claim_status_is_audited": """
        SELECT s.id FROM (SELECT id, status FROM claim UNION ALL SELECT id, status FROM recall) s
        WHERE status IS DISTINCT FROM (
          SELECT new FROM audit_event WHERE subject_id = s.id AND new IS NOT NULL ORDER BY at DESC, id DESC LIMIT 1)""",
}


def upgrade() -> None:
    op.add_column('group_order', sa.Column('handed_out_at', sa.DateTime(timezone=True), nullable=True))
    op.execute("""
        UPDATE group_order o SET handed_out_at = (
          SELECT max(at) FROM audit_event e WHERE e.subject_id = o.id AND e.new IN ('collected', 'delivered'))
        WHERE status IN ('collected', 'delivered', 'disputed', 'completed')""")
    op.create_check_constraint(
        op.f('ck_group_order_handed_out_dated'), 'group_order',
        "status NOT IN ('collected', 'delivered', 'disputed') OR handed_out_at IS NOT NULL")
    op.create_index('ix_group_order_handed_out_at', 'group_order', ['handed_out_at'], unique=False, postgresql_where="status IN ('collected', 'delivered')")
    op.create_table('photo',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('subject_type', sa.String(length=40), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('uploaded_by', sa.Uuid(), nullable=True),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('width', sa.Integer(), nullable=False),
    sa.Column('height', sa.Integer(), nullable=False),
    sa.Column('erase_on', sa.Date(), nullable=True),
    sa.Column('erased_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('waiting_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('erased_at IS NULL OR waiting_cipher IS NULL', name=op.f('ck_photo_erased')),
    sa.ForeignKeyConstraint(['uploaded_by'], ['app_user.id'], name=op.f('fk_photo_uploaded_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_photo'))
    )
    op.create_index('ix_photo_erase_on', 'photo', ['erase_on'], unique=False, postgresql_where=sa.text('erased_at IS NULL'))
    op.create_index('ix_photo_erased_at', 'photo', ['erased_at'], unique=False)
    op.create_index('ix_photo_subject_id', 'photo', ['subject_id'], unique=False)
    op.create_index('ix_photo_waiting', 'photo', ['id'], unique=False, postgresql_where=sa.text('waiting_cipher IS NOT NULL'))
    op.create_table('claim',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('campaign_id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=True),
    sa.Column('grams', sa.Integer(), nullable=True),
    sa.Column('text_cipher', sa.LargeBinary(), nullable=False),
    sa.Column('status', sa.String(length=12), nullable=False),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('claimed_by', sa.Uuid(), nullable=False),
    sa.Column('consent_kind', sa.String(length=10), nullable=True),
    sa.Column('offered_fen', sa.BigInteger(), nullable=True),
    sa.Column('refund_fen', sa.BigInteger(), nullable=True),
    sa.Column('answer_by', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answer_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("(status IN ('accepted', 'agreed')) = (refund_fen IS NOT NULL)", name=op.f('ck_claim_refund_when_given')),
    sa.CheckConstraint("(status IN ('open', 'offered', 'declined')) = (answer_by IS NOT NULL)", name=op.f('ck_claim_answer_by')),
    sa.CheckConstraint("consent_kind IN ('voice', 'paper', 'in_person', 'standing')", name=op.f('ck_claim_consent_kind')),
    sa.CheckConstraint("kind IN ('damaged', 'missing', 'wrong', 'spoiled')", name=op.f('ck_claim_kind')),
    sa.CheckConstraint('coalesce(refund_fen, 0) >= 0 AND coalesce(offered_fen, 1) > 0', name=op.f('ck_claim_amounts')),
    sa.CheckConstraint('num_nonnulls(quantity, grams) = 1 AND coalesce(quantity, grams) > 0', name=op.f('ck_claim_how_much')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_claim_campaign_id')),
    sa.ForeignKeyConstraint(['claimed_by'], ['app_user.id'], name=op.f('fk_claim_claimed_by')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_claim_household_id')),
    sa.ForeignKeyConstraint(['item_id'], ['campaign_item.id'], name=op.f('fk_claim_item_id')),
    sa.ForeignKeyConstraint(['order_id', 'item_id'], ['order_line.order_id', 'order_line.item_id'], name='fk_claim_line'),
    sa.ForeignKeyConstraint(['order_id'], ['group_order.id'], name=op.f('fk_claim_order_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_claim'))
    )
    op.create_index('ix_claim_answer_by', 'claim', ['answer_by'], unique=False, postgresql_where=sa.text('answer_by IS NOT NULL'))
    op.create_index('ix_claim_campaign_id', 'claim', ['campaign_id', 'id'], unique=False)
    op.create_index('ix_claim_order_id', 'claim', ['order_id'], unique=False)
    op.create_table('recall',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('campaign_id', sa.Uuid(), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('lot', sa.String(length=40), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('status', sa.String(length=12), nullable=False),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('opened_by', sa.Uuid(), nullable=False),
    sa.Column('refunded_fen', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('withheld', sa.Integer(), server_default='0', nullable=False),
    sa.Column('destroyed_quantity', sa.Integer(), nullable=True),
    sa.Column('destroyed_where', sa.String(length=60), nullable=True),
    sa.Column('destroyed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('destroyed_by', sa.Uuid(), nullable=True),
    sa.Column('witness_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("(status = 'closed') = (witness_id IS NOT NULL)", name=op.f('ck_recall_closed_has_its_witness')),
    sa.CheckConstraint("(status = 'open') = (destroyed_by IS NULL)", name=op.f('ck_recall_destroyed_by')),
    sa.CheckConstraint('num_nulls(destroyed_by, destroyed_at, destroyed_where, destroyed_quantity) IN (0, 4)', name=op.f('ck_recall_destroyed')),
    sa.CheckConstraint('refunded_fen >= 0 AND withheld >= 0 AND destroyed_quantity >= 0', name=op.f('ck_recall_amounts')),
    sa.CheckConstraint('witness_id <> destroyed_by', name=op.f('ck_recall_witness_is_another')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_recall_campaign_id')),
    sa.ForeignKeyConstraint(['destroyed_by'], ['app_user.id'], name=op.f('fk_recall_destroyed_by')),
    sa.ForeignKeyConstraint(['item_id'], ['campaign_item.id'], name=op.f('fk_recall_item_id')),
    sa.ForeignKeyConstraint(['opened_by'], ['app_user.id'], name=op.f('fk_recall_opened_by')),
    sa.ForeignKeyConstraint(['witness_id'], ['app_user.id'], name=op.f('fk_recall_witness_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recall'))
    )
    op.create_index('ix_recall_campaign_id', 'recall', ['campaign_id'], unique=False)
    op.create_index('uq_recall_item_lot', 'recall', ['item_id', 'lot'], unique=True)
    op.create_table('recall_notice',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('recall_id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('grams', sa.Integer(), nullable=True),
    sa.Column('handed_out', sa.Boolean(), nullable=False),
    sa.Column('refund_fen', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_recall_notice_household_id')),
    sa.ForeignKeyConstraint(['item_id'], ['campaign_item.id'], name=op.f('fk_recall_notice_item_id')),
    sa.ForeignKeyConstraint(['order_id', 'item_id'], ['order_line.order_id', 'order_line.item_id'], name='fk_recall_notice_line'),
    sa.ForeignKeyConstraint(['order_id'], ['group_order.id'], name=op.f('fk_recall_notice_order_id')),
    sa.ForeignKeyConstraint(['recall_id'], ['recall.id'], name=op.f('fk_recall_notice_recall_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recall_notice'))
    )
    op.create_index('ix_recall_notice_household_id', 'recall_notice', ['household_id', 'id'], unique=False)
    op.create_index('ix_recall_notice_recall_id', 'recall_notice', ['recall_id'], unique=False)
    op.create_index('uq_recall_notice_line', 'recall_notice', ['order_id', 'item_id'], unique=True)
    for name, query in INVARIANTS.items():
        op.execute(f"CREATE OR REPLACE VIEW {name} AS {query}")


def downgrade() -> None:
    raise RuntimeError("not undone: it would drop what people did; restore a backup instead")
