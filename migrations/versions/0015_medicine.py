"""Medicine: requests and their lines, questions to a household, papers in custody, courses.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

FLOWS = "('medicine_request', 'medicine_line', 'custody_receipt')"
# Each must be empty; see 0002. A line begins as wanted, with its request.
INVARIANTS = {
    "invariant_08_medicine_history_is_unbroken": f"""
        SELECT subject_id, at FROM (
          SELECT subject_id, at, old, coalesce(lag(new) OVER (PARTITION BY subject_id ORDER BY at, id),
            CASE subject_type WHEN 'medicine_line' THEN 'wanted' END) AS before
          FROM audit_event WHERE subject_type IN {FLOWS} AND new IS NOT NULL) step
        WHERE old IS DISTINCT FROM before""",
    "invariant_14_medicine_status_is_audited": """
        SELECT s.id FROM (SELECT id, status, NULL AS begun FROM medicine_request
          UNION ALL SELECT id, status, 'wanted' FROM medicine_line
          UNION ALL SELECT id, status, NULL FROM custody_receipt) s
        WHERE status IS DISTINCT FROM coalesce((
          SELECT new FROM audit_event WHERE subject_id = s.id AND new IS NOT NULL ORDER BY at DESC, id DESC LIMIT 1),
          begun)""",
    "invariant_17_cards_out_are_counted": """
        SELECT r.id FROM medicine_request r LEFT JOIN (
          SELECT request_id, count(*) AS out FROM custody_receipt WHERE status <> 'returned' GROUP BY 1) c
          ON c.request_id = r.id
        WHERE r.cards_out <> coalesce(c.out, 0)""",
    "invariant_17_medicine_erased_on_time": """
        SELECT id FROM medicine_request WHERE erased_on IS NULL AND erase_on < current_date - 1
        UNION ALL
        SELECT l.id FROM medicine_line l JOIN medicine_request r ON r.id = l.request_id
        WHERE (r.erased_on IS NULL) <> (l.erased_on IS NULL)
        UNION ALL
        SELECT q.id FROM medicine_question q JOIN medicine_line l ON l.id = q.line_id
        WHERE (q.erased_on IS NULL) <> (l.erased_on IS NULL)
        UNION ALL
        SELECT id FROM medicine_course WHERE erase_on < current_date - 1""",
    # The photo of a box ends a week after what it was for, and never without a day to end on.
    "invariant_17_medicine_photos_erased_on_time": """
        SELECT p.id FROM photo p LEFT JOIN medicine_request r ON r.id = p.subject_id
        WHERE p.subject_type IN ('medicine_door', 'medicine_request') AND p.erased_at IS NULL AND (
          p.erase_on < current_date - 1
          OR (p.erase_on IS NULL AND (r.id IS NULL OR r.status IN ('delivered', 'settled', 'cancelled'))))""",
}


def upgrade() -> None:
    op.create_table('medicine_request',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('member_id', sa.Uuid(), nullable=True),
    sa.Column('status', sa.String(length=24), nullable=False),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('made_by', sa.Uuid(), nullable=False),
    sa.Column('consent_kind', sa.String(length=10), nullable=True),
    sa.Column('checked_by', sa.Uuid(), nullable=True),
    sa.Column('needed_on', sa.Date(), nullable=False),
    sa.Column('prescription', sa.Boolean(), nullable=False),
    sa.Column('insurance_card', sa.Boolean(), nullable=False),
    sa.Column('prescription_in', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('card_in', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('cards_out', sa.SmallInteger(), server_default='0', nullable=False),
    sa.Column('disease_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('note_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('question_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('purpose', sa.String(length=20), server_default='medicine_supply', nullable=False),
    sa.Column('erase_on', sa.Date(), nullable=False),
    sa.Column('erased_on', sa.Date(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("cards_out >= 0 AND (status <> 'settled' OR cards_out = 0)", name=op.f('ck_medicine_request_settled_holds_no_card')),
    sa.CheckConstraint("consent_kind IN ('voice', 'paper', 'in_person', 'standing')", name=op.f('ck_medicine_request_consent_kind')),
    sa.CheckConstraint("erased_on IS NULL OR (status IN ('delivered', 'refused', 'returned_to_pharmacy', 're_offered', 'settled', 'cancelled') AND num_nonnulls(member_id, disease_cipher, note_cipher, question_cipher) = 0)", name=op.f('ck_medicine_request_erased')),
    sa.CheckConstraint("purpose = 'medicine_supply'", name=op.f('ck_medicine_request_purpose')),
    sa.CheckConstraint("status IN ('submitted', 'needs_info', 'cancelled') OR checked_by IS NOT NULL", name=op.f('ck_medicine_request_checked_by_someone')),
    sa.CheckConstraint("status IN ('submitted', 'needs_info', 'held_for_prescription', 'cancelled') OR ((prescription_in OR NOT prescription) AND (card_in OR NOT insurance_card))", name=op.f('ck_medicine_request_papers_first')),
    sa.CheckConstraint("status IN ('submitted', 'needs_info', 'held_for_prescription', 'checked', 'planned', 'buying', 'substitute_pending', 'bought', 'unavailable', 'delivering', 'delivered', 'refused', 'returned_to_pharmacy', 're_offered', 'settled', 'cancelled')", name=op.f('ck_medicine_request_status')),
    sa.CheckConstraint('checked_by <> made_by', name=op.f('ck_medicine_request_second_person')),
    sa.ForeignKeyConstraint(['checked_by'], ['app_user.id'], name=op.f('fk_medicine_request_checked_by')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_medicine_request_household_id')),
    sa.ForeignKeyConstraint(['made_by'], ['app_user.id'], name=op.f('fk_medicine_request_made_by')),
    sa.ForeignKeyConstraint(['member_id'], ['household_member.id'], name=op.f('fk_medicine_request_member_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_medicine_request'))
    )
    op.create_index('ix_medicine_request_erase_on', 'medicine_request', ['erase_on'], unique=False, postgresql_where=sa.text('erased_on IS NULL'))
    op.create_index('ix_medicine_request_household_id', 'medicine_request', ['household_id', 'id'], unique=False)
    op.create_index('ix_medicine_request_made_by', 'medicine_request', ['made_by'], unique=False)
    op.create_index('ix_medicine_request_place_code', 'medicine_request', ['place_code', 'id'], unique=False)
    op.create_table('medicine_line',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('request_id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('position', sa.SmallInteger(), nullable=False),
    sa.Column('status', sa.String(length=24), nullable=False),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('days_left', sa.SmallInteger(), nullable=True),
    sa.Column('days_each', sa.SmallInteger(), nullable=True),
    sa.Column('erased_on', sa.Date(), nullable=True),
    sa.Column('form', sa.String(length=10), nullable=False),
    sa.Column('quantity', sa.SmallInteger(), nullable=False),
    sa.Column('ceiling_fen', sa.BigInteger(), nullable=False),
    sa.Column('substitution', sa.Boolean(), nullable=False),
    sa.Column('cold', sa.Boolean(), nullable=False),
    sa.Column('prescription', sa.Boolean(), nullable=False),
    sa.Column('sealed_otc', sa.Boolean(), nullable=False),
    sa.Column('name_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('maker_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('specification_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('name_index', sa.LargeBinary(length=32), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("status IN ('wanted', 'substitute_pending', 'bought', 'unavailable', 'declined', 'refused')", name=op.f('ck_medicine_line_status')),
    sa.CheckConstraint('(erased_on IS NULL AND num_nonnulls(name_cipher, name_index) = 2) OR (erased_on IS NOT NULL AND num_nonnulls(name_cipher, maker_cipher, specification_cipher, name_index) = 0)', name=op.f('ck_medicine_line_erased')),
    sa.CheckConstraint('NOT (cold AND substitution)', name=op.f('ck_medicine_line_cold_is_not_substituted')),
    sa.CheckConstraint('NOT (sealed_otc AND (cold OR prescription))', name=op.f('ck_medicine_line_sealed_over_the_counter')),
    sa.CheckConstraint('days_left >= 0 AND days_each > 0', name=op.f('ck_medicine_line_days')),
    sa.CheckConstraint('quantity > 0 AND ceiling_fen > 0', name=op.f('ck_medicine_line_amounts')),
    sa.ForeignKeyConstraint(['request_id'], ['medicine_request.id'], name=op.f('fk_medicine_line_request_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_medicine_line'))
    )
    op.create_index('ix_medicine_line_name_index', 'medicine_line', ['name_index'], unique=False, postgresql_where=sa.text('name_index IS NOT NULL'))
    op.create_index('uq_medicine_line_position', 'medicine_line', ['request_id', 'position'], unique=True)
    op.create_table('medicine_question',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('line_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('fen', sa.BigInteger(), nullable=False),
    sa.Column('asked_by', sa.Uuid(), nullable=False),
    sa.Column('accepted', sa.Boolean(), nullable=True),
    sa.Column('answered_by', sa.Uuid(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('consent_kind', sa.String(length=10), nullable=True),
    sa.Column('erased_on', sa.Date(), nullable=True),
    sa.Column('name_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('maker_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('specification_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('name_index', sa.LargeBinary(length=32), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("CASE WHEN kind = 'substitute' AND erased_on IS NULL THEN num_nonnulls(name_cipher, name_index) = 2 ELSE num_nonnulls(name_cipher, maker_cipher, specification_cipher, name_index) = 0 END", name=op.f('ck_medicine_question_erased')),
    sa.CheckConstraint("consent_kind IN ('voice', 'paper', 'in_person', 'standing')", name=op.f('ck_medicine_question_consent_kind')),
    sa.CheckConstraint("kind IN ('substitute', 'price')", name=op.f('ck_medicine_question_kind')),
    sa.CheckConstraint('fen > 0', name=op.f('ck_medicine_question_fen')),
    sa.CheckConstraint('num_nulls(accepted, answered_at) IN (0, 2)', name=op.f('ck_medicine_question_answered')),
    sa.ForeignKeyConstraint(['answered_by'], ['app_user.id'], name=op.f('fk_medicine_question_answered_by')),
    sa.ForeignKeyConstraint(['asked_by'], ['app_user.id'], name=op.f('fk_medicine_question_asked_by')),
    sa.ForeignKeyConstraint(['line_id'], ['medicine_line.id'], name=op.f('fk_medicine_question_line_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_medicine_question'))
    )
    op.create_index('ix_medicine_question_line_id', 'medicine_question', ['line_id'], unique=False)
    op.create_index('uq_medicine_question_open', 'medicine_question', ['line_id'], unique=True, postgresql_where=sa.text('accepted IS NULL'))
    op.create_table('custody_receipt',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('request_id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('what', sa.String(length=16), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('handed_to', sa.Uuid(), nullable=False),
    sa.Column('handed_by', sa.Uuid(), nullable=True),
    sa.Column('handed_consent', sa.String(length=10), nullable=True),
    sa.Column('returned_to', sa.Uuid(), nullable=True),
    sa.Column('returned_consent', sa.String(length=10), nullable=True),
    sa.Column('returned_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("(status = 'returned') = (num_nonnulls(returned_to, returned_at) = 2)", name=op.f('ck_custody_receipt_return_signed')),
    sa.CheckConstraint("status <> 'held' OR handed_by IS NOT NULL", name=op.f('ck_custody_receipt_handed_over_signed')),
    sa.CheckConstraint("status IN ('taken', 'held', 'given_back', 'returned')", name=op.f('ck_custody_receipt_status')),
    sa.CheckConstraint("what IN ('insurance_card', 'identity_card', 'prescription')", name=op.f('ck_custody_receipt_what')),
    sa.CheckConstraint('handed_by <> handed_to AND returned_to <> handed_to', name=op.f('ck_custody_receipt_two_people_sign')),
    sa.ForeignKeyConstraint(['handed_by'], ['app_user.id'], name=op.f('fk_custody_receipt_handed_by')),
    sa.ForeignKeyConstraint(['handed_to'], ['app_user.id'], name=op.f('fk_custody_receipt_handed_to')),
    sa.ForeignKeyConstraint(['request_id'], ['medicine_request.id'], name=op.f('fk_custody_receipt_request_id')),
    sa.ForeignKeyConstraint(['returned_to'], ['app_user.id'], name=op.f('fk_custody_receipt_returned_to')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_custody_receipt'))
    )
    op.create_index('ix_custody_receipt_handed_to', 'custody_receipt', ['handed_to'], unique=False, postgresql_where=sa.text("status <> 'returned'"))
    op.create_index('ix_custody_receipt_request_id', 'custody_receipt', ['request_id'], unique=False)
    op.create_index('uq_custody_receipt_out', 'custody_receipt', ['request_id', 'what'], unique=True, postgresql_where=sa.text("status <> 'returned'"))
    op.create_table('medicine_course',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('member_id', sa.Uuid(), nullable=True),
    sa.Column('days_each', sa.SmallInteger(), nullable=False),
    sa.Column('runs_out_on', sa.Date(), nullable=False),
    sa.Column('purpose', sa.String(length=20), server_default='continuity', nullable=False),
    sa.Column('erase_on', sa.Date(), nullable=False),
    sa.Column('form', sa.String(length=10), nullable=False),
    sa.Column('quantity', sa.SmallInteger(), nullable=False),
    sa.Column('ceiling_fen', sa.BigInteger(), nullable=False),
    sa.Column('substitution', sa.Boolean(), nullable=False),
    sa.Column('cold', sa.Boolean(), nullable=False),
    sa.Column('prescription', sa.Boolean(), nullable=False),
    sa.Column('sealed_otc', sa.Boolean(), nullable=False),
    sa.Column('name_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('maker_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('specification_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('name_index', sa.LargeBinary(length=32), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("purpose = 'continuity'", name=op.f('ck_medicine_course_purpose')),
    sa.CheckConstraint('num_nonnulls(name_cipher, name_index) = 2', name=op.f('ck_medicine_course_named')),
    sa.CheckConstraint('quantity > 0 AND ceiling_fen > 0 AND days_each > 0', name=op.f('ck_medicine_course_amounts')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_medicine_course_household_id')),
    sa.ForeignKeyConstraint(['member_id'], ['household_member.id'], name=op.f('fk_medicine_course_member_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_medicine_course'))
    )
    op.create_index('ix_medicine_course_erase_on', 'medicine_course', ['erase_on'], unique=False)
    op.create_index('ix_medicine_course_place_code', 'medicine_course', ['place_code', 'runs_out_on'], unique=False)
    op.create_index('uq_medicine_course_name', 'medicine_course', ['household_id', 'name_index'], unique=True)
    for name, query in INVARIANTS.items():
        op.execute(f"CREATE VIEW {name} AS {query}")


def downgrade() -> None:
    raise RuntimeError("not undone: it would drop what people did; restore a backup instead")
