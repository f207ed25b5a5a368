"""Money: the double-entry ledger, payments, refunds, and the console's own books.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

APPEND_ONLY = ("ledger_transaction", "ledger_entry", "ledger_closing")

# Each line asks, at the end of the transaction, whether the lines beside it add up with it. By the key, also where the
# plan was made while the ledger was still empty: else it would be read whole for every line.
REFUSE_UNBALANCED = """
CREATE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  IF (SELECT sum(amount_fen) FROM ledger_entry WHERE transaction_id = NEW.transaction_id) <> 0 THEN
    RAISE EXCEPTION 'ledger transaction % does not balance', NEW.transaction_id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$"""
BALANCED = """
CREATE CONSTRAINT TRIGGER ledger_entry_balanced AFTER INSERT ON ledger_entry DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced()"""

POSTED = """
    SELECT t.subject_id, sum(e.amount_fen) AS fen
    FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id
    WHERE t.kind = '{kind}' AND e.account = 'household' GROUP BY t.subject_id"""
# Each must be empty; see 0002.
INVARIANTS = {
    "invariant_05_payment_is_posted": f"""
        SELECT coalesce(p.id, posted.subject_id) AS id
        FROM (SELECT id, amount_fen FROM payment WHERE status = 'succeeded') p
        FULL JOIN ({POSTED.format(kind="payment")}) posted ON posted.subject_id = p.id
        WHERE p.amount_fen IS DISTINCT FROM -posted.fen""",
    "invariant_05_refund_is_posted": f"""
        SELECT coalesce(r.id, posted.subject_id) AS id
        FROM (SELECT id, amount_fen FROM refund WHERE status = 'succeeded') r
        FULL JOIN ({POSTED.format(kind="refund")}) posted ON posted.subject_id = r.id
        WHERE r.amount_fen IS DISTINCT FROM posted.fen""",
    "invariant_06_refunds_within_payment": """
        SELECT p.id FROM payment p LEFT JOIN (
          SELECT payment_id, sum(amount_fen) AS fen FROM refund WHERE status <> 'failed' GROUP BY payment_id) r
          ON r.payment_id = p.id
        WHERE p.refunded_fen <> coalesce(r.fen, 0) OR p.refunded_fen > p.amount_fen""",
    "invariant_07_transaction_balances": """
        SELECT t.id FROM ledger_transaction t LEFT JOIN ledger_entry e ON e.transaction_id = t.id
        GROUP BY t.id HAVING coalesce(sum(e.amount_fen), 1) <> 0""",
    "invariant_07_closing_is_the_sum": """
        SELECT c.until, c.account FROM ledger_closing c WHERE c.amount_fen <> (
          SELECT coalesce(sum(e.amount_fen), 0) FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id
          WHERE t.created_at < c.until AND e.account = c.account)""",
    "invariant_08_money_history_is_unbroken": """
        SELECT subject_id, at FROM (
          SELECT subject_id, at, old, lag(new) OVER (PARTITION BY subject_id ORDER BY at, id) AS before
          FROM audit_event WHERE subject_type IN ('payment', 'refund') AND new IS NOT NULL) step
        WHERE old IS DISTINCT FROM before""",
    "invariant_14_money_status_is_audited": """
        SELECT s.id FROM (SELECT id, status FROM payment UNION ALL SELECT id, status FROM refund) s
        WHERE status IS DISTINCT FROM (
          SELECT new FROM audit_event WHERE subject_id = s.id AND new IS NOT NULL ORDER BY at DESC, id DESC LIMIT 1)""",
}


def upgrade() -> None:
    op.create_table('console_refund',
    sa.Column('refund_number', sa.String(length=32), nullable=False),
    sa.Column('number', sa.String(length=32), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.PrimaryKeyConstraint('refund_number', name=op.f('pk_console_refund'))
    )
    op.create_index('ix_console_refund_number', 'console_refund', ['number'], unique=False)
    op.create_table('console_trade',
    sa.Column('number', sa.String(length=32), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('merchant', sa.String(length=32), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('manner', sa.String(length=20), server_default='plain', nullable=False),
    sa.CheckConstraint("state IN ('open', 'succeeded', 'declined', 'closed')", name=op.f('ck_console_trade_state')),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_console_trade'))
    )
    op.create_table('ledger_closing',
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('account', sa.String(length=20), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('until', 'account', name=op.f('pk_ledger_closing'))
    )
    op.create_table('ledger_transaction',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=30), nullable=False),
    sa.Column('book_id', sa.Uuid(), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=True),
    sa.Column('actor_id', sa.Uuid(), nullable=True),
    sa.Column('receipt', sa.String(length=40), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['app_user.id'], name=op.f('fk_ledger_transaction_actor_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_transaction'))
    )
    op.create_index('ix_ledger_transaction_book_id', 'ledger_transaction', ['book_id', 'id'], unique=False)
    op.create_index('ix_ledger_transaction_created_at', 'ledger_transaction', ['created_at'], unique=False, postgresql_using='brin')
    op.create_table('ledger_entry',
    sa.Column('transaction_id', sa.Uuid(), nullable=False),
    sa.Column('line', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('account', sa.String(length=20), nullable=False),
    sa.Column('owner', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.CheckConstraint("account IN ('household', 'campaign', 'subsidy', 'fund', 'organiser', 'community_float', 'merchant')", name=op.f('ck_ledger_entry_account')),
    sa.CheckConstraint('amount_fen <> 0', name=op.f('ck_ledger_entry_amount')),
    sa.ForeignKeyConstraint(['transaction_id'], ['ledger_transaction.id'], name=op.f('fk_ledger_entry_transaction_id')),
    sa.PrimaryKeyConstraint('transaction_id', 'line', name=op.f('pk_ledger_entry'))
    )
    op.create_index('ix_ledger_entry_account_owner', 'ledger_entry', ['account', 'owner'], unique=False)
    op.create_table('payment',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('subject_type', sa.String(length=20), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('book_id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('collector_id', sa.Uuid(), nullable=True),
    sa.Column('payer_id', sa.Uuid(), nullable=True),
    sa.Column('method', sa.String(length=20), nullable=False),
    sa.Column('number', sa.String(length=32), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('refunded_fen', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('status', sa.String(length=12), nullable=False),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('receipt', sa.String(length=40), nullable=True),
    sa.Column('recorded_by', sa.Uuid(), nullable=True),
    sa.Column('trade_id', sa.String(length=64), nullable=True),
    sa.Column('succeeded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('checked_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("(method = 'wechat') = (payer_id IS NOT NULL)", name=op.f('ck_payment_payer')),
    sa.CheckConstraint("(method = 'wechat') = (receipt IS NULL)", name=op.f('ck_payment_receipt')),
    sa.CheckConstraint("(method = 'wechat') = (recorded_by IS NULL)", name=op.f('ck_payment_recorded_by')),
    sa.CheckConstraint("(status = 'succeeded') = (succeeded_at IS NOT NULL)", name=op.f('ck_payment_succeeded_dated')),
    sa.CheckConstraint("method <> 'wechat' OR status <> 'succeeded' OR trade_id IS NOT NULL", name=op.f('ck_payment_traded')),
    sa.CheckConstraint("method = 'wechat' OR status = 'succeeded'", name=op.f('ck_payment_recorded_when_had')),
    sa.CheckConstraint("method IN ('wechat', 'cash', 'transfer', 'community_transfer', 'sponsored')", name=op.f('ck_payment_method')),
    sa.CheckConstraint("refunded_fen = 0 OR status = 'succeeded'", name=op.f('ck_payment_refunded_of_paid')),
    sa.CheckConstraint("status IN ('pending', 'succeeded', 'failed', 'closed')", name=op.f('ck_payment_status')),
    sa.CheckConstraint('amount_fen > 0', name=op.f('ck_payment_amount')),
    sa.CheckConstraint('refunded_fen BETWEEN 0 AND amount_fen', name=op.f('ck_payment_refunded')),
    sa.ForeignKeyConstraint(['collector_id'], ['app_user.id'], name=op.f('fk_payment_collector_id')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_payment_household_id')),
    sa.ForeignKeyConstraint(['payer_id'], ['app_user.id'], name=op.f('fk_payment_payer_id')),
    sa.ForeignKeyConstraint(['recorded_by'], ['app_user.id'], name=op.f('fk_payment_recorded_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment'))
    )
    op.create_index('ix_payment_book_id', 'payment', ['book_id'], unique=False)
    op.create_index('ix_payment_pending', 'payment', ['checked_at'], unique=False, postgresql_where=sa.text("status = 'pending'"))
    op.create_index('ix_payment_subject_id', 'payment', ['subject_id', 'id'], unique=False)
    op.create_index('uq_payment_number', 'payment', ['number'], unique=True)
    op.create_index('uq_payment_receipt', 'payment', ['recorded_by', 'receipt'], unique=True)
    op.create_index('uq_payment_trade_id', 'payment', ['trade_id'], unique=True)
    op.create_table('refund',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('payment_id', sa.Uuid(), nullable=False),
    sa.Column('lot_id', sa.Uuid(), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('book_id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('collector_id', sa.Uuid(), nullable=True),
    sa.Column('method', sa.String(length=20), nullable=False),
    sa.Column('number', sa.String(length=32), nullable=False),
    sa.Column('amount_fen', sa.BigInteger(), nullable=False),
    sa.Column('cause', sa.String(length=30), nullable=False),
    sa.Column('status', sa.String(length=12), nullable=False),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('attempts', sa.SmallInteger(), server_default='0', nullable=False),
    sa.Column('receipt', sa.String(length=40), nullable=True),
    sa.Column('handed_by', sa.Uuid(), nullable=True),
    sa.Column('succeeded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('checked_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("(status = 'succeeded') = (succeeded_at IS NOT NULL)", name=op.f('ck_refund_succeeded_dated')),
    sa.CheckConstraint("method IN ('wechat', 'cash', 'transfer', 'community_transfer', 'sponsored')", name=op.f('ck_refund_method')),
    sa.CheckConstraint("status <> 'succeeded' OR method NOT IN ('cash', 'transfer', 'community_transfer') OR receipt IS NOT NULL", name=op.f('ck_refund_receipted')),
    sa.CheckConstraint("status IN ('pending', 'sent', 'unknown', 'succeeded', 'failed')", name=op.f('ck_refund_status')),
    sa.CheckConstraint('(handed_by IS NULL) = (receipt IS NULL)', name=op.f('ck_refund_handed_back')),
    sa.CheckConstraint('amount_fen > 0', name=op.f('ck_refund_amount')),
    sa.ForeignKeyConstraint(['collector_id'], ['app_user.id'], name=op.f('fk_refund_collector_id')),
    sa.ForeignKeyConstraint(['handed_by'], ['app_user.id'], name=op.f('fk_refund_handed_by')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_refund_household_id')),
    sa.ForeignKeyConstraint(['payment_id'], ['payment.id'], name=op.f('fk_refund_payment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_refund'))
    )
    op.create_index('ix_refund_book_id', 'refund', ['book_id'], unique=False)
    op.create_index('ix_refund_collector_id', 'refund', ['collector_id', 'id'], unique=False)
    op.create_index('ix_refund_lot_id', 'refund', ['lot_id'], unique=False)
    op.create_index('ix_refund_open', 'refund', ['checked_at'], unique=False, postgresql_where=sa.text("method = 'wechat' AND status IN ('pending', 'sent', 'unknown')"))
    op.create_index('ix_refund_payment_id', 'refund', ['payment_id'], unique=False)
    op.create_index('ix_refund_place_code', 'refund', ['place_code', 'id'], unique=False)
    op.create_index('uq_refund_number', 'refund', ['number'], unique=True)
    op.create_index('uq_refund_receipt', 'refund', ['handed_by', 'receipt'], unique=True)

    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    op.execute(REFUSE_UNBALANCED)
    op.execute(BALANCED)
    for name, query in INVARIANTS.items():
        op.execute(f"CREATE VIEW {name} AS {query}")


def downgrade() -> None:
    raise RuntimeError("not undone: a ledger is there to stay; restore a backup instead")
