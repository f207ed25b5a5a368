"""The words of a state, held by the database; a fund that sponsors no more than it has.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"

# Table, column, words. The two tables that every order writes to, and its lines, are not among them.
WORDS = (
    ("campaign", "status", "draft published open cut_off ordered in_transit arrived handing_out settled closed failed"
                           " cancelled recalled"),
    ("campaign", "policy", "first_come pro_rata one_each_first vulnerable_first"),
    ("waiting_entry", "status", "waiting served left ended"),
    ("change_request", "status", "open granted refused withdrawn lapsed"),
    ("claim", "status", "open offered declined escalated accepted agreed refused withdrawn covered"),
    ("recall", "status", "open destroyed closed"),
    ("payment", "status", "pending succeeded failed closed mismatched"),
)  # fmt: skip

# What is left in a community's fund, with the fund to oneself until the end of the transaction: of two who would
# spend it at once the second sees what the first has left. It must be a function of its own, and volatile: the sum is
# then read by a statement that begins when the lock is had.
FUND_LEFT = """
CREATE FUNCTION fund_left(community text) RETURNS bigint LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('fund:' || community, 0));
  RETURN (SELECT coalesce(-sum(amount_fen), 0) FROM ledger_entry WHERE account = 'fund' AND owner = community);
END $$"""
# What is sponsored: an order, or what remains of one. Not what is lost already (goods that spoiled, or were bought for
# one in hardship): to refuse that would bring no money back.
REFUSE_OVERDRAWN = """
CREATE FUNCTION refuse_overdrawn(_transaction uuid, community text, fen bigint) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off AS $$
DECLARE
  _left bigint;
BEGIN
  IF (SELECT kind FROM ledger_transaction WHERE id = _transaction) IN ('order_placed', 'payment') THEN
    _left := fund_left(community);
    IF _left < 0 THEN
      PERFORM refuse('fund_empty', jsonb_build_object('left_fen', greatest(_left + fen, 0)));
    END IF;
  END IF;
END $$"""
# Asked where each entry is looked at anyway, at the end of the transaction: the fund is held no longer than the commit,
# and an order that nobody sponsors pays for one comparison. (A trigger of its own, with its condition in WHEN, took 16
# microseconds of every order.)
REFUSE_UNBALANCED = """
CREATE OR REPLACE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  IF (SELECT sum(amount_fen) FROM ledger_entry WHERE transaction_id = NEW.transaction_id) <> 0 THEN
    RAISE EXCEPTION 'ledger transaction % does not balance', NEW.transaction_id USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.account = 'fund' AND NEW.amount_fen > 0 THEN
    PERFORM refuse_overdrawn(NEW.transaction_id, NEW.owner, NEW.amount_fen);
  END IF;
  RETURN NULL;
END $$"""


def upgrade() -> None:
    op.drop_constraint(op.f("ck_payment_status"), "payment", type_="check")
    for table, column, words in WORDS:
        listed = ", ".join(f"'{word}'" for word in words.split())
        op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, f"{column} IN ({listed})")
    op.execute("ALTER INDEX ix_ledger_transaction_created_at SET (autosummarize = on)")
    for statement in (FUND_LEFT, REFUSE_OVERDRAWN, REFUSE_UNBALANCED):
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("not undone: restore a backup instead")
