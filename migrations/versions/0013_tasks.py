"""Volunteers' tasks: who holds them, their doors, hand-overs, what was done twice, what comes again each day.

Revision ID: 0013
Revises: 0012
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

CLAIM_TASK = Path(__file__).parents[1] / "sql" / "0013_claim_task.sql"
LIVE = "'claimed', 'assigned', 'accepted', 'in_progress'"
HOLDING = f"{LIVE}, 'done', 'verified'"

# Each must be empty; see 0002.
INVARIANTS = {
    "invariant_08_task_history_is_unbroken": """
        SELECT subject_id, at FROM (
          SELECT subject_id, at, old, lag(new) OVER (PARTITION BY subject_id ORDER BY at, id) AS before
          FROM audit_event WHERE subject_type IN ('task', 'task_claim') AND new IS NOT NULL) step
        WHERE old IS DISTINCT FROM before""",
    "invariant_10_taken_counts_the_holders": f"""
        SELECT t.id FROM task t LEFT JOIN (
          SELECT task_id, count(*) AS holders FROM task_claim WHERE status IN ({HOLDING}) GROUP BY 1) c
          ON c.task_id = t.id
        WHERE t.taken <> coalesce(c.holders, 0) OR t.taken > t.capacity""",
    "invariant_10_each_holds_it_once": f"""
        SELECT task_id, volunteer_id FROM task_claim WHERE status IN ({HOLDING}) GROUP BY 1, 2 HAVING count(*) > 1""",
    "invariant_10_nobody_is_in_two_places": f"""
        SELECT a.id FROM task_claim a JOIN task_claim b ON b.volunteer_id = a.volunteer_id AND b.id > a.id
          AND b.starts_at < a.ends_at AND a.starts_at < b.ends_at
        WHERE a.status IN ({LIVE}) AND b.status IN ({LIVE})""",
    "invariant_10_finished_by_the_holder": """
        SELECT c.id FROM audit_event e JOIN task_claim c ON c.id = e.subject_id JOIN volunteer v ON v.id = c.volunteer_id
        WHERE e.subject_type = 'task_claim' AND e.action = 'done'
          AND coalesce(e.on_behalf_of, e.actor_id) IS DISTINCT FROM v.user_id""",
    "invariant_10_closed_tasks_are_held_by_nobody": f"""
        SELECT c.id FROM task_claim c JOIN task t ON t.id = c.task_id
        WHERE t.status IN ('closed', 'cancelled', 'lapsed') AND c.status IN ({LIVE})""",
    "invariant_10_a_door_is_settled_by_its_task": """
        SELECT s.task_id, s.position FROM task_stop s JOIN task_claim c ON c.id = s.claim_id
        WHERE c.task_id <> s.task_id""",
    "invariant_11_nobody_verifies_their_own": """
        SELECT e.subject_id, e.actor_id FROM audit_event e WHERE e.subject_type = 'task_claim' AND e.lane IS NOT NULL
        GROUP BY 1, 2 HAVING count(DISTINCT e.lane) > 1""",
    "invariant_14_task_status_is_audited": """
        SELECT s.id FROM (SELECT id, status FROM task UNION ALL SELECT id, status FROM task_claim) s
        WHERE status IS DISTINCT FROM (
          SELECT new FROM audit_event WHERE subject_id = s.id AND new IS NOT NULL ORDER BY at DESC, id DESC LIMIT 1)""",
}


def upgrade() -> None:
    op.create_table('task',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('title', sa.String(length=60), nullable=False),
    sa.Column('role', sa.String(length=30), nullable=True),
    sa.Column('capacity', sa.Integer(), server_default='1', nullable=False),
    sa.Column('taken', sa.Integer(), server_default='0', nullable=False),
    sa.Column('status', sa.String(length=12), server_default='open', nullable=False),
    sa.Column('urgency', sa.SmallInteger(), server_default='1', nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('minutes', sa.SmallInteger(), nullable=False),
    sa.Column('lease_minutes', sa.SmallInteger(), server_default='30', nullable=False),
    sa.Column('grams', sa.Integer(), server_default='0', nullable=False),
    sa.Column('heaviest', sa.Integer(), server_default='0', nullable=False),
    sa.Column('floor', sa.SmallInteger(), nullable=True),
    sa.Column('needs_pair', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('freed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('origin_type', sa.String(length=20), nullable=True),
    sa.Column('origin_id', sa.Uuid(), nullable=True),
    sa.Column('origin_key', sa.String(length=60), nullable=True),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('ends_at > starts_at AND minutes BETWEEN 1 AND 1440 AND lease_minutes BETWEEN 5 AND 1440 AND urgency BETWEEN 0 AND 9 AND least(grams, heaviest) >= 0 AND (NOT needs_pair OR capacity > 1) AND num_nulls(origin_type, origin_id, origin_key) IN (0, 3) AND status IN (\'open\', \'held\', \'closed\', \'cancelled\', \'lapsed\')', name=op.f('ck_task_bounds')),
    sa.CheckConstraint('taken BETWEEN 0 AND capacity', name=op.f('ck_task_taken')),
    sa.ForeignKeyConstraint(['place_code'], ['place.code'], name=op.f('fk_task_place_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task')),
    sa.UniqueConstraint('origin_type', 'origin_id', 'origin_key', name=op.f('uq_task_origin_type_origin_id_origin_key'))
    )
    op.create_index('ix_task_ends_at', 'task', ['ends_at'], unique=False, postgresql_where="status = 'open'")
    op.create_index('ix_task_place_code', 'task', ['place_code', 'id'], unique=False)
    op.create_index('ix_task_open', 'task', ['place_code'], unique=False, postgresql_where="status = 'open'")
    op.create_table('task_pattern',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('title', sa.String(length=60), nullable=False),
    sa.Column('role', sa.String(length=30), nullable=True),
    sa.Column('capacity', sa.Integer(), server_default='1', nullable=False),
    sa.Column('urgency', sa.SmallInteger(), server_default='1', nullable=False),
    sa.Column('needs_pair', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('weekdays', sa.ARRAY(sa.SmallInteger()), nullable=False),
    sa.Column('at', sa.Time(), nullable=False),
    sa.Column('minutes', sa.SmallInteger(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=True),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('made_until', sa.Date(), nullable=True),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("weekdays <@ '{1,2,3,4,5,6,7}' AND cardinality(weekdays) > 0", name=op.f('ck_task_pattern_weekdays')),
    sa.CheckConstraint('minutes BETWEEN 1 AND 1440 AND capacity BETWEEN 1 AND 100 AND (NOT needs_pair OR capacity > 1)', name=op.f('ck_task_pattern_bounds')),
    sa.CheckConstraint('until >= since', name=op.f('ck_task_pattern_in_order')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_task_pattern_household_id')),
    sa.ForeignKeyConstraint(['place_code'], ['place.code'], name=op.f('fk_task_pattern_place_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task_pattern'))
    )
    op.create_index('ix_task_pattern_place_code', 'task_pattern', ['place_code'], unique=False)
    op.create_table('stand_down',
    sa.Column('volunteer_id', sa.Uuid(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['volunteer_id'], ['volunteer.id'], name=op.f('fk_stand_down_volunteer_id')),
    sa.PrimaryKeyConstraint('volunteer_id', name=op.f('pk_stand_down'))
    )
    op.create_table('task_claim',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('task_id', sa.Uuid(), nullable=False),
    sa.Column('volunteer_id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('status', sa.String(length=16), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('extensions', sa.SmallInteger(), server_default='0', nullable=False),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('how', sa.String(length=16), nullable=True),
    sa.Column('tries', sa.SmallInteger(), server_default='0', nullable=False),
    sa.Column('failure', sa.String(length=16), nullable=True),
    sa.Column('handed_to', sa.Uuid(), nullable=True),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("(status = 'failed') = (failure IS NOT NULL)", name=op.f('ck_task_claim_failed_because')),
    sa.CheckConstraint("(status = 'handed_over') = (handed_to IS NOT NULL)", name=op.f('ck_task_claim_handed_to_someone')),
    sa.CheckConstraint("status IN ('claimed', 'assigned', 'accepted', 'in_progress', 'done', 'verified', 'declined', 'lease_expired', 'released', 'handed_over', 'failed', 'no_show', 'cancelled')", name=op.f('ck_task_claim_status')),
    sa.CheckConstraint("(status IN ('claimed', 'assigned', 'accepted', 'in_progress')) = (lease_until IS NOT NULL)", name=op.f('ck_task_claim_live_has_a_lease')),
    sa.CheckConstraint("(status IN ('done', 'verified')) = (done_at IS NOT NULL)", name=op.f('ck_task_claim_done')),
    sa.CheckConstraint("status NOT IN ('in_progress', 'done', 'verified') OR started_at IS NOT NULL", name=op.f('ck_task_claim_started')),
    sa.CheckConstraint('ends_at > starts_at AND done_at >= started_at AND extensions BETWEEN 0 AND 2', name=op.f('ck_task_claim_bounds')),
    sa.ForeignKeyConstraint(['handed_to'], ['volunteer.id'], name=op.f('fk_task_claim_handed_to')),
    sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_task_claim_task_id')),
    sa.ForeignKeyConstraint(['volunteer_id'], ['volunteer.id'], name=op.f('fk_task_claim_volunteer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task_claim'))
    )
    op.create_index('ix_task_claim_lease_until', 'task_claim', ['lease_until'], unique=False, postgresql_where='lease_until IS NOT NULL')
    op.create_index('ix_task_claim_task_id', 'task_claim', ['task_id'], unique=False)
    op.create_index('ix_task_claim_volunteer_id', 'task_claim', ['volunteer_id', 'ends_at'], unique=False)
    op.create_index('uq_task_claim_holding', 'task_claim', ['task_id', 'volunteer_id'], unique=True, postgresql_where="status IN ('claimed', 'assigned', 'accepted', 'in_progress', 'done', 'verified')")
    op.create_table('task_hand_over',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('claim_id', sa.Uuid(), nullable=False),
    sa.Column('to_volunteer_id', sa.Uuid(), nullable=False),
    sa.Column('custody_cipher', sa.LargeBinary(), nullable=False),
    sa.Column('stops', sa.ARRAY(sa.SmallInteger()), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('accepted', sa.Boolean(), nullable=True),
    sa.Column('new_claim_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('(accepted IS NULL) = (answered_at IS NULL)', name=op.f('ck_task_hand_over_answered')),
    sa.CheckConstraint('coalesce(accepted, false) = (new_claim_id IS NOT NULL)', name=op.f('ck_task_hand_over_changed_hands')),
    sa.ForeignKeyConstraint(['claim_id'], ['task_claim.id'], name=op.f('fk_task_hand_over_claim_id')),
    sa.ForeignKeyConstraint(['new_claim_id'], ['task_claim.id'], name=op.f('fk_task_hand_over_new_claim_id')),
    sa.ForeignKeyConstraint(['to_volunteer_id'], ['volunteer.id'], name=op.f('fk_task_hand_over_to_volunteer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task_hand_over'))
    )
    op.create_index('ix_task_hand_over_to', 'task_hand_over', ['to_volunteer_id'], unique=False, postgresql_where='accepted IS NULL')
    op.create_index('uq_task_hand_over_open', 'task_hand_over', ['claim_id'], unique=True, postgresql_where='accepted IS NULL')
    op.create_table('task_stop',
    sa.Column('task_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.SmallInteger(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=True),
    sa.Column('grams', sa.Integer(), server_default='0', nullable=False),
    sa.Column('outcome', sa.String(length=16), nullable=True),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('claim_id', sa.Uuid(), nullable=True),
    sa.CheckConstraint('(outcome IS NULL) = (settled_at IS NULL) AND grams >= 0', name=op.f('ck_task_stop_settled')),
    sa.ForeignKeyConstraint(['claim_id'], ['task_claim.id'], name=op.f('fk_task_stop_claim_id')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_task_stop_household_id')),
    sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_task_stop_task_id')),
    sa.PrimaryKeyConstraint('task_id', 'position', name=op.f('pk_task_stop'))
    )
    op.create_index('ix_task_stop_household_id', 'task_stop', ['household_id'], unique=False)
    op.create_index('ix_task_stop_subject_id', 'task_stop', ['subject_id'], unique=False)
    op.create_table('task_conflict',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('task_id', sa.Uuid(), nullable=False),
    sa.Column('claim_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.SmallInteger(), nullable=True),
    sa.Column('action', sa.String(length=16), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('outcome', sa.String(length=16), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['claim_id'], ['task_claim.id'], name=op.f('fk_task_conflict_claim_id')),
    sa.ForeignKeyConstraint(['task_id', 'position'], ['task_stop.task_id', 'task_stop.position'], name='fk_stop'),
    sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_task_conflict_task_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task_conflict')),
    sa.UniqueConstraint('claim_id', 'action', 'position', name=op.f('uq_task_conflict_claim_id_action_position'), postgresql_nulls_not_distinct=True)
    )
    op.create_index('ix_task_conflict_task_id', 'task_conflict', ['task_id'], unique=False)
    # A hot row has room beside it for its next version: see 0004.
    op.execute("ALTER TABLE task SET (fillfactor = 70)")
    op.get_bind().connection.driver_connection.execute(CLAIM_TASK.read_text(encoding="utf-8"))  # type: ignore
    for name, query in INVARIANTS.items():
        op.execute(f"CREATE VIEW {name} AS {query}")


def downgrade() -> None:
    raise RuntimeError("not undone: it would drop what people did; restore a backup instead")
