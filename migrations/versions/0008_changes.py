"""Group buy: the waiting list, requests after the cut-off, case fill, what was paid out.

Revision ID: 0008
Revises: 0007
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

QUEUE = Path(__file__).parents[1] / "sql" / "0008_queue.sql"

# Each must be empty; see 0002. An order that takes over a neighbour's shares holds none of its own until it is
# paid; what is kept for a line is reserved, and in no order yet.
SHARES = """
        SELECT i.id FROM campaign_item i LEFT JOIN (
          SELECT l.item_id, coalesce(sum(l.quantity) FILTER (WHERE o.status = 'awaiting_payment'), 0) AS reserved,
            coalesce(sum(l.quantity) FILTER (WHERE o.status <> 'awaiting_payment'), 0) AS sold
          FROM order_line l JOIN group_order o ON o.id = l.order_id WHERE o.status NOT IN ('cancelled', 'expired')
            AND (o.status <> 'awaiting_payment' OR o.takes_over IS NULL)
          GROUP BY l.item_id) l ON l.item_id = i.id
        WHERE (i.reserved, i.sold) <> (coalesce(l.reserved, 0) + i.kept, coalesce(l.sold, 0))"""
INVARIANTS = {
    "invariant_01_queue_is_counted": """
        SELECT i.id FROM campaign_item i LEFT JOIN (
          SELECT item_id, sum(quantity - served) AS shares FROM waiting_entry WHERE status = 'waiting' GROUP BY item_id
        ) w ON w.item_id = i.id WHERE i.queued <> coalesce(w.shares, 0)""",
    "invariant_02_no_share_is_passed_on_twice": """
        SELECT o.id FROM group_order o JOIN order_line l ON l.order_id = o.id JOIN (
          SELECT t.takes_over, tl.item_id, sum(tl.quantity) AS shares
          FROM group_order t JOIN order_line tl ON tl.order_id = t.id
          WHERE t.status = 'awaiting_payment' AND t.takes_over IS NOT NULL GROUP BY 1, 2) taken
          ON taken.takes_over = o.id AND taken.item_id = l.item_id
        WHERE o.status = 'locked' AND taken.shares > l.quantity""",
    "invariant_07_settled_campaign_is_even": """
        SELECT c.id, e.account, e.owner FROM campaign c JOIN ledger_transaction t ON t.book_id = c.id
        JOIN ledger_entry e ON e.transaction_id = t.id
        WHERE c.status IN ('settled', 'closed') AND e.account IN ('campaign', 'organiser', 'household')
        GROUP BY 1, 2, 3 HAVING sum(e.amount_fen) <> 0""",
    "invariant_08_change_history_is_unbroken": """
        SELECT subject_id, at FROM (
          SELECT subject_id, at, old, lag(new) OVER (PARTITION BY subject_id ORDER BY at, id) AS before
          FROM audit_event WHERE subject_type IN ('waiting', 'change_request') AND new IS NOT NULL) step
        WHERE old IS DISTINCT FROM before""",
    "invariant_14_change_status_is_audited": """
        SELECT s.id FROM (SELECT id, status FROM waiting_entry UNION ALL SELECT id, status FROM change_request) s
        WHERE status IS DISTINCT FROM (
          SELECT new FROM audit_event WHERE subject_id = s.id AND new IS NOT NULL ORDER BY at DESC, id DESC LIMIT 1)""",
}


def upgrade() -> None:
    op.create_table('payout',
    sa.Column('transaction_id', sa.Uuid(), nullable=False),
    sa.Column('campaign_id', sa.Uuid(), nullable=False),
    sa.Column('what', sa.String(length=8), nullable=False),
    sa.Column('account', sa.String(length=20), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('receipt', sa.String(length=40), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("what IN ('supplier', 'freight', 'share')", name=op.f('ck_payout_what')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_payout_campaign_id')),
    sa.ForeignKeyConstraint(['transaction_id'], ['ledger_transaction.id'], name=op.f('fk_payout_transaction_id')),
    sa.PrimaryKeyConstraint('transaction_id', name=op.f('pk_payout'))
    )
    op.create_table('settlement',
    sa.Column('campaign_id', sa.Uuid(), nullable=False),
    sa.Column('share_fen', sa.BigInteger(), nullable=False),
    sa.Column('surplus_fen', sa.BigInteger(), nullable=False),
    sa.Column('settled_by', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_settlement_campaign_id')),
    sa.ForeignKeyConstraint(['settled_by'], ['app_user.id'], name=op.f('fk_settlement_settled_by')),
    sa.PrimaryKeyConstraint('campaign_id', name=op.f('pk_settlement'))
    )
    op.create_index('ix_payout_campaign_id', 'payout', ['campaign_id'], unique=False)
    op.create_table('change_request',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('campaign_id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('to_household_id', sa.Uuid(), nullable=True),
    sa.Column('to_place', sa.String(length=40, collation='C'), nullable=True),
    sa.Column('asked_by', sa.Uuid(), nullable=False),
    sa.Column('reason_cipher', sa.LargeBinary(), nullable=False),
    sa.Column('status', sa.String(length=9), nullable=False),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("(kind = 'transfer') = (to_household_id IS NOT NULL)", name=op.f('ck_change_request_transfer_has_its_taker')),
    sa.CheckConstraint("kind IN ('leave', 'transfer', 'hardship')", name=op.f('ck_change_request_kind')),
    sa.CheckConstraint('(to_household_id IS NULL) = (to_place IS NULL)', name=op.f('ck_change_request_taker_has_a_place')),
    sa.CheckConstraint('to_household_id <> household_id', name=op.f('ck_change_request_taker_is_another')),
    sa.ForeignKeyConstraint(['asked_by'], ['app_user.id'], name=op.f('fk_change_request_asked_by')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_change_request_campaign_id')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_change_request_household_id')),
    sa.ForeignKeyConstraint(['order_id'], ['group_order.id'], name=op.f('fk_change_request_order_id')),
    sa.ForeignKeyConstraint(['to_household_id'], ['household.id'], name=op.f('fk_change_request_to_household_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_change_request'))
    )
    op.create_index('ix_change_request_order_id', 'change_request', ['order_id'], unique=False)
    op.create_index('ix_change_request_place_code', 'change_request', ['place_code', 'id'], unique=False)
    op.create_index('ix_change_request_to_household_id', 'change_request', ['to_household_id'], unique=False)
    op.create_index('uq_change_request_open', 'change_request', ['order_id'], unique=True, postgresql_where=sa.text("status = 'open'"))
    op.create_table('extra_offer',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('order_id', sa.Uuid(), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('taken', sa.Integer(), server_default='0', nullable=False),
    sa.Column('offered_by', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('quantity > 0 AND taken BETWEEN 0 AND quantity', name=op.f('ck_extra_offer_quantity')),
    sa.ForeignKeyConstraint(['item_id'], ['campaign_item.id'], name=op.f('fk_extra_offer_item_id')),
    sa.ForeignKeyConstraint(['offered_by'], ['app_user.id'], name=op.f('fk_extra_offer_offered_by')),
    sa.ForeignKeyConstraint(['order_id'], ['group_order.id'], name=op.f('fk_extra_offer_order_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_extra_offer')),
    sa.UniqueConstraint('order_id', 'item_id', name=op.f('uq_extra_offer_order_id_item_id'))
    )
    op.create_index('ix_extra_offer_item_id', 'extra_offer', ['item_id', 'id'], unique=False)
    op.create_table('waiting_entry',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('campaign_id', sa.Uuid(), nullable=False),
    sa.Column('item_id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('served', sa.Integer(), server_default='0', nullable=False),
    sa.Column('delivery', sa.String(length=8), nullable=False),
    sa.Column('queued_by', sa.Uuid(), nullable=False),
    sa.Column('consent_kind', sa.String(length=10), nullable=True),
    sa.Column('order_id', sa.Uuid(), nullable=True),
    sa.Column('status', sa.String(length=8), nullable=False),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("(status = 'served') = (served = quantity)", name=op.f('ck_waiting_entry_served_in_full')),
    sa.CheckConstraint("consent_kind IN ('voice', 'paper', 'in_person', 'standing')", name=op.f('ck_waiting_entry_consent_kind')),
    sa.CheckConstraint('quantity > 0 AND served BETWEEN 0 AND quantity', name=op.f('ck_waiting_entry_quantity')),
    sa.ForeignKeyConstraint(['campaign_id'], ['campaign.id'], name=op.f('fk_waiting_entry_campaign_id')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_waiting_entry_household_id')),
    sa.ForeignKeyConstraint(['item_id'], ['campaign_item.id'], name=op.f('fk_waiting_entry_item_id')),
    sa.ForeignKeyConstraint(['order_id'], ['group_order.id'], name=op.f('fk_waiting_entry_order_id')),
    sa.ForeignKeyConstraint(['queued_by'], ['app_user.id'], name=op.f('fk_waiting_entry_queued_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_waiting_entry'))
    )
    op.create_index('ix_waiting_entry_household_id', 'waiting_entry', ['household_id'], unique=False)
    op.create_index('ix_waiting_entry_line', 'waiting_entry', ['item_id', 'id'], unique=False, postgresql_where=sa.text("status = 'waiting'"))
    op.create_index('uq_waiting_entry_live', 'waiting_entry', ['item_id', 'household_id'], unique=True, postgresql_where=sa.text("status = 'waiting'"))
    op.add_column('campaign_item', sa.Column('queued', sa.Integer(), server_default='0', nullable=False))
    op.add_column('campaign_item', sa.Column('kept', sa.Integer(), server_default='0', nullable=False))
    op.add_column('group_order', sa.Column('takes_over', sa.Uuid(), nullable=True))
    op.create_index('ix_group_order_takes_over', 'group_order', ['takes_over'], unique=False, postgresql_where='takes_over IS NOT NULL')
    op.create_foreign_key(op.f('fk_group_order_takes_over'), 'group_order', 'group_order', ['takes_over'], ['id'])
    op.create_check_constraint(op.f('ck_campaign_item_kept_for_the_line'), 'campaign_item', 'kept BETWEEN 0 AND least(queued, reserved)')
    op.get_bind().connection.driver_connection.execute(QUEUE.read_text(encoding="utf-8"))  # type: ignore
    op.execute(f"CREATE OR REPLACE VIEW invariant_01_shares_are_in_the_lines AS {SHARES}")
    for name, query in INVARIANTS.items():
        op.execute(f"CREATE VIEW {name} AS {query}")


def downgrade() -> None:
    raise RuntimeError("not undone: it would drop what people did; restore a backup instead")
