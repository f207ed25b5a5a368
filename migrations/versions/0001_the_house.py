"""The tables of the house: places, people, cases, fieldwork, certification, and the kernel's own.

Revision ID: 0001
Revises: 
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0001'
down_revision = None


def upgrade() -> None:
    op.create_table('app_user',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('openid_index', sa.LargeBinary(length=32), nullable=True),
    sa.Column('demo_name', sa.String(length=40), nullable=True),
    sa.Column('active', sa.Boolean(), server_default='true', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_app_user')),
    sa.UniqueConstraint('openid_index', name=op.f('uq_app_user_openid_index'))
    )
    op.create_index('uq_app_user_demo_name', 'app_user', ['demo_name'], unique=True)
    op.create_table('idempotency_key',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('operation', sa.String(length=80), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('fingerprint', sa.LargeBinary(length=32), nullable=False),
    sa.Column('status', sa.SmallInteger(), nullable=True),
    sa.Column('content_type', sa.String(length=80), nullable=True),
    sa.Column('body_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_idempotency_key')),
    sa.UniqueConstraint('user_id', 'operation', 'key', name=op.f('uq_idempotency_key_user_id_operation_key'))
    )
    op.create_table('place',
    sa.Column('code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('parent_code', sa.String(length=40, collation='C'), nullable=True),
    sa.Column('households', sa.Integer(), server_default='0', nullable=False),
    sa.CheckConstraint("(parent_code IS NULL) = (kind = 'city')", name=op.f('ck_place_city_on_top')),
    sa.CheckConstraint("code ~ '^[0-9]{4}([0-9]{2}([0-9]{3}([0-9]{3}(-[0-9]{3}){0,3})?)?)?$'", name=op.f('ck_place_code_form')),
    sa.CheckConstraint('starts_with(code, parent_code)', name=op.f('ck_place_below_parent')),
    sa.ForeignKeyConstraint(['parent_code'], ['place.code'], name=op.f('fk_place_parent_code')),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_place'))
    )
    op.create_index('ix_place_parent_code', 'place', ['parent_code'], unique=False)
    op.create_table('rate_limit',
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('hits', sa.Integer(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_rate_limit')),
    prefixes=['UNLOGGED']
    )
    op.create_table('audit_event',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('subject_type', sa.String(length=40), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=True),
    sa.Column('action', sa.String(length=60), nullable=False),
    sa.Column('old', sa.String(length=40), nullable=True),
    sa.Column('new', sa.String(length=40), nullable=True),
    sa.Column('actor_id', sa.Uuid(), nullable=True),
    sa.Column('on_behalf_of', sa.Uuid(), nullable=True),
    sa.Column('lane', sa.String(length=20), nullable=True),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=True),
    sa.Column('reason_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('details', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('request_id', sa.String(length=64), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['app_user.id'], name=op.f('fk_audit_event_actor_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_event'))
    )
    op.create_index('ix_audit_event_actor_id', 'audit_event', ['actor_id'], unique=False)
    op.create_index('ix_audit_event_place_code', 'audit_event', ['place_code'], unique=False)
    op.create_index('ix_audit_event_subject_id_at', 'audit_event', ['subject_id', 'at'], unique=False)
    op.create_table('batch',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('district_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['district_code'], ['place.code'], name=op.f('fk_batch_district_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_batch')),
    sa.UniqueConstraint('district_code', 'day', name=op.f('uq_batch_district_code_day')),
    sa.UniqueConstraint('district_code', 'number', name=op.f('uq_batch_district_code_number'))
    )
    op.create_table('daily_record',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('entrances', sa.SmallInteger(), nullable=True),
    sa.Column('open_gates', sa.SmallInteger(), nullable=True),
    sa.Column('gate_inspections', sa.SmallInteger(), nullable=True),
    sa.Column('households_reached', sa.Integer(), nullable=True),
    sa.Column('disinfection_rounds', sa.SmallInteger(), nullable=True),
    sa.Column('disinfected_area', sa.Integer(), nullable=True),
    sa.Column('supply_requests', sa.Integer(), nullable=True),
    sa.Column('supply_met', sa.Integer(), nullable=True),
    sa.Column('publicity_actions', sa.SmallInteger(), nullable=True),
    sa.Column('disputes_open', sa.SmallInteger(), nullable=True),
    sa.Column('disputes_handled', sa.SmallInteger(), nullable=True),
    sa.Column('households', sa.Integer(), nullable=True),
    sa.Column('roles_held', sa.SmallInteger(), nullable=True),
    sa.Column('roles_needed', sa.SmallInteger(), nullable=True),
    sa.Column('recorded_by', sa.Uuid(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('households_reached <= households', name=op.f('ck_daily_record_households_reached')),
    sa.CheckConstraint('least(entrances, open_gates, gate_inspections, households_reached, disinfection_rounds, disinfected_area, supply_requests, supply_met, publicity_actions, disputes_open, disputes_handled, households, roles_held, roles_needed) >= 0', name=op.f('ck_daily_record_not_negative')),
    sa.CheckConstraint('open_gates <= entrances', name=op.f('ck_daily_record_open_gates')),
    sa.CheckConstraint('supply_met <= supply_requests', name=op.f('ck_daily_record_supply_met')),
    sa.ForeignKeyConstraint(['place_code'], ['place.code'], name=op.f('fk_daily_record_place_code')),
    sa.ForeignKeyConstraint(['recorded_by'], ['app_user.id'], name=op.f('fk_daily_record_recorded_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_daily_record')),
    sa.UniqueConstraint('place_code', 'day', name=op.f('uq_daily_record_place_code_day'))
    )
    op.create_table('household',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('room', sa.String(length=20), nullable=False),
    sa.Column('floor', sa.SmallInteger(), nullable=True),
    sa.Column('member_count', sa.SmallInteger(), server_default='1', nullable=False),
    sa.Column('lives_alone', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('no_smartphone', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('hardship', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('medical_family', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('chronic_illness', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('member_count >= 0', name=op.f('ck_household_member_count')),
    sa.ForeignKeyConstraint(['place_code'], ['place.code'], name=op.f('fk_household_place_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_household')),
    sa.UniqueConstraint('place_code', 'room', name=op.f('uq_household_place_code_room'))
    )
    op.create_table('refresh_token',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('family_id', sa.Uuid(), nullable=False),
    sa.Column('digest', sa.LargeBinary(length=32), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_refresh_token_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_refresh_token')),
    sa.UniqueConstraint('digest', name=op.f('uq_refresh_token_digest'))
    )
    op.create_index('ix_refresh_token_family_id', 'refresh_token', ['family_id'], unique=False)
    op.create_table('role_assignment',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.String(length=30), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('appointed_by', sa.Uuid(), nullable=True),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('appointed_by IS NULL OR appointed_by <> user_id', name=op.f('ck_role_assignment_not_by_oneself')),
    sa.ForeignKeyConstraint(['appointed_by'], ['app_user.id'], name=op.f('fk_role_assignment_appointed_by')),
    sa.ForeignKeyConstraint(['place_code'], ['place.code'], name=op.f('fk_role_assignment_place_code')),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_role_assignment_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_role_assignment'))
    )
    op.create_index('ix_role_assignment_place_code', 'role_assignment', ['place_code'], unique=False)
    op.create_index('uq_role_assignment_live', 'role_assignment', ['user_id', 'role', 'place_code'], unique=True, postgresql_where=sa.text('ended_at IS NULL'))
    op.create_table('application',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('unit_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('pack_id', sa.String(length=30), nullable=False),
    sa.Column('pack_version', sa.String(length=20), nullable=False),
    sa.Column('applicant_id', sa.Uuid(), nullable=False),
    sa.Column('subdistrict_reviewer_id', sa.Uuid(), nullable=True),
    sa.Column('district_reviewer_id', sa.Uuid(), nullable=True),
    sa.Column('review_due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('review_remaining', sa.Interval(), nullable=True),
    sa.Column('return_due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('notice_starts_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('notice_ends_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('notice_remaining', sa.Interval(), nullable=True),
    sa.Column('notice_contact', sa.String(length=40), nullable=True),
    sa.Column('reopened', sa.ARRAY(sa.String(length=40)), server_default='{}', nullable=False),
    sa.Column('batch_id', sa.Uuid(), nullable=True),
    sa.Column('certified_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('suspended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('barred_until', sa.Date(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("(status = 'suspended') = (suspended_at IS NOT NULL)", name=op.f('ck_application_suspended_dated')),
    sa.CheckConstraint("(status IN ('rejected', 'withdrawn', 'revoked', 'lapsed')) = (ended_at IS NOT NULL)", name=op.f('ck_application_ended_dated')),
    sa.CheckConstraint("status <> 'notice_frozen' OR notice_remaining IS NOT NULL", name=op.f('ck_application_notice_frozen')),
    sa.CheckConstraint("status <> 'public_notice' OR notice_ends_at IS NOT NULL", name=op.f('ck_application_notice_dated')),
    sa.CheckConstraint("status <> 'returned' OR cardinality(reopened) > 0", name=op.f('ck_application_returned_names_items')),
    sa.CheckConstraint("status IN ('draft', 'submitted', 'subdistrict_review', 'district_review', 'public_notice', 'notice_frozen', 'returned', 'certified', 'suspended', 'rejected', 'withdrawn', 'revoked', 'lapsed')", name=op.f('ck_application_status')),
    sa.CheckConstraint("status NOT IN ('certified', 'suspended', 'revoked') OR (certified_at IS NOT NULL AND notice_ends_at IS NOT NULL AND certified_at >= notice_ends_at AND batch_id IS NOT NULL AND subdistrict_reviewer_id IS NOT NULL AND district_reviewer_id IS NOT NULL)", name=op.f('ck_application_certified_after_notice')),
    sa.CheckConstraint('applicant_id <> subdistrict_reviewer_id AND applicant_id <> district_reviewer_id AND subdistrict_reviewer_id <> district_reviewer_id', name=op.f('ck_application_separate_hands')),
    sa.ForeignKeyConstraint(['applicant_id'], ['app_user.id'], name=op.f('fk_application_applicant_id')),
    sa.ForeignKeyConstraint(['batch_id'], ['batch.id'], name=op.f('fk_application_batch_id')),
    sa.ForeignKeyConstraint(['district_reviewer_id'], ['app_user.id'], name=op.f('fk_application_district_reviewer_id')),
    sa.ForeignKeyConstraint(['subdistrict_reviewer_id'], ['app_user.id'], name=op.f('fk_application_subdistrict_reviewer_id')),
    sa.ForeignKeyConstraint(['unit_code'], ['place.code'], name=op.f('fk_application_unit_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_application'))
    )
    op.create_index('ix_application_status', 'application', ['status', 'id'], unique=False)
    op.create_index('ix_application_unit_code', 'application', ['unit_code'], unique=False)
    op.create_index('uq_application_live_unit', 'application', ['unit_code'], unique=True, postgresql_where=sa.text("status IN ('draft', 'submitted', 'subdistrict_review', 'district_review', 'returned', 'public_notice', 'notice_frozen', 'certified', 'suspended')"))
    op.create_table('consent',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('given_to', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('recorded_by', sa.Uuid(), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("kind IN ('voice', 'paper', 'in_person')", name=op.f('ck_consent_kind')),
    sa.ForeignKeyConstraint(['given_to'], ['app_user.id'], name=op.f('fk_consent_given_to')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_consent_household_id')),
    sa.ForeignKeyConstraint(['recorded_by'], ['app_user.id'], name=op.f('fk_consent_recorded_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consent'))
    )
    op.create_index('ix_consent_household_id', 'consent', ['household_id'], unique=False)
    op.create_table('health_case',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=True),
    sa.Column('person_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('phone_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('purpose', sa.String(length=20), server_default='epidemic_control', nullable=False),
    sa.Column('erase_on', sa.Date(), nullable=False),
    sa.Column('erased_on', sa.Date(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("purpose = 'epidemic_control'", name=op.f('ck_health_case_purpose')),
    sa.CheckConstraint('erased_on IS NULL OR (person_cipher IS NULL AND phone_cipher IS NULL AND household_id IS NULL)', name=op.f('ck_health_case_erased')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_health_case_household_id')),
    sa.ForeignKeyConstraint(['place_code'], ['place.code'], name=op.f('fk_health_case_place_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_health_case'))
    )
    op.create_index('ix_health_case_place_code', 'health_case', ['place_code'], unique=False)
    op.create_table('household_member',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=False),
    sa.Column('is_head', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('name_cipher', sa.LargeBinary(), nullable=False),
    sa.Column('phone_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('phone_index', sa.LargeBinary(length=32), nullable=True),
    sa.Column('left_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_household_member_household_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_household_member'))
    )
    op.create_index('ix_household_member_household_id', 'household_member', ['household_id'], unique=False)
    op.create_index('ix_household_member_phone_index', 'household_member', ['phone_index'], unique=False)
    op.create_index('uq_household_member_head', 'household_member', ['household_id'], unique=True, postgresql_where=sa.text('is_head AND left_at IS NULL'))
    op.create_table('accountability_case',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('application_id', sa.Uuid(), nullable=False),
    sa.Column('opened_by', sa.Uuid(), nullable=False),
    sa.Column('reason_cipher', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['application_id'], ['application.id'], name=op.f('fk_accountability_case_application_id')),
    sa.ForeignKeyConstraint(['opened_by'], ['app_user.id'], name=op.f('fk_accountability_case_opened_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_accountability_case')),
    sa.UniqueConstraint('application_id', name=op.f('uq_accountability_case_application_id'))
    )
    op.create_table('case_event',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('case_id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('category', sa.String(length=16), nullable=False),
    sa.Column('effective_on', sa.Date(), nullable=False),
    sa.Column('reported_on', sa.Date(), nullable=False),
    sa.Column('source_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('recorded_by', sa.Uuid(), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=True),
    sa.Column('outcome_on', sa.Date(), nullable=True),
    sa.Column('outcome_by', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("category IN ('confirmed', 'suspected', 'fever', 'close_contact', 'asymptomatic')", name=op.f('ck_case_event_category')),
    sa.CheckConstraint("outcome = 'confirmed' OR outcome_by <> recorded_by", name=op.f('ck_case_event_second_person')),
    sa.CheckConstraint("outcome IN ('released', 'excluded', 'confirmed')", name=op.f('ck_case_event_outcome')),
    sa.CheckConstraint('(outcome IS NULL) = (outcome_by IS NULL)', name=op.f('ck_case_event_outcome_signed')),
    sa.CheckConstraint('(outcome IS NULL) = (outcome_on IS NULL)', name=op.f('ck_case_event_outcome_dated')),
    sa.CheckConstraint('effective_on <= reported_on', name=op.f('ck_case_event_effective_before_reported')),
    sa.CheckConstraint('outcome_on >= effective_on', name=op.f('ck_case_event_outcome_after_effective')),
    sa.ForeignKeyConstraint(['case_id'], ['health_case.id'], name=op.f('fk_case_event_case_id')),
    sa.ForeignKeyConstraint(['outcome_by'], ['app_user.id'], name=op.f('fk_case_event_outcome_by')),
    sa.ForeignKeyConstraint(['place_code'], ['place.code'], name=op.f('fk_case_event_place_code')),
    sa.ForeignKeyConstraint(['recorded_by'], ['app_user.id'], name=op.f('fk_case_event_recorded_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_event'))
    )
    op.create_index('ix_case_event_case_id', 'case_event', ['case_id'], unique=False)
    op.create_index('ix_case_event_place_code', 'case_event', ['place_code'], unique=False)
    op.create_table('filing',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('application_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.SmallInteger(), nullable=False),
    sa.Column('filed_by', sa.Uuid(), nullable=False),
    sa.Column('as_of', sa.Date(), nullable=False),
    sa.Column('pack_version', sa.String(length=20), nullable=False),
    sa.Column('verdict', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('records', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('note_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['application_id'], ['application.id'], name=op.f('fk_filing_application_id')),
    sa.ForeignKeyConstraint(['filed_by'], ['app_user.id'], name=op.f('fk_filing_filed_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_filing')),
    sa.UniqueConstraint('application_id', 'number', name=op.f('uq_filing_application_id_number'))
    )
    op.create_table('objection',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('application_id', sa.Uuid(), nullable=False),
    sa.Column('status', sa.String(length=12), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('text_cipher', sa.LargeBinary(), nullable=False),
    sa.Column('contact_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('channel', sa.String(length=10), nullable=False),
    sa.Column('recorded_by', sa.Uuid(), nullable=True),
    sa.Column('answer_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("(channel = 'online') = (recorded_by IS NULL)", name=op.f('ck_objection_taken_down_by')),
    sa.CheckConstraint("(status IN ('dismissed', 'upheld', 'overruled')) = (answer_cipher IS NOT NULL AND answered_at IS NOT NULL)", name=op.f('ck_objection_answered')),
    sa.CheckConstraint("channel IN ('online', 'phone', 'paper', 'in_person')", name=op.f('ck_objection_channel')),
    sa.CheckConstraint("status IN ('received', 'admitted', 'dismissed', 'upheld', 'overruled')", name=op.f('ck_objection_status')),
    sa.ForeignKeyConstraint(['application_id'], ['application.id'], name=op.f('fk_objection_application_id')),
    sa.ForeignKeyConstraint(['recorded_by'], ['app_user.id'], name=op.f('fk_objection_recorded_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_objection'))
    )
    op.create_index('ix_objection_application_id', 'objection', ['application_id'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_objection_application_id', table_name='objection')
    op.drop_table('objection')
    op.drop_table('filing')
    op.drop_index('ix_case_event_place_code', table_name='case_event')
    op.drop_index('ix_case_event_case_id', table_name='case_event')
    op.drop_table('case_event')
    op.drop_table('accountability_case')
    op.drop_index('uq_household_member_head', table_name='household_member', postgresql_where=sa.text('is_head AND left_at IS NULL'))
    op.drop_index('ix_household_member_phone_index', table_name='household_member')
    op.drop_index('ix_household_member_household_id', table_name='household_member')
    op.drop_table('household_member')
    op.drop_index('ix_health_case_place_code', table_name='health_case')
    op.drop_table('health_case')
    op.drop_index('ix_consent_household_id', table_name='consent')
    op.drop_table('consent')
    op.drop_index('uq_application_live_unit', table_name='application', postgresql_where=sa.text("status IN ('draft', 'submitted', 'subdistrict_review', 'district_review', 'returned', 'public_notice', 'notice_frozen', 'certified', 'suspended')"))
    op.drop_index('ix_application_unit_code', table_name='application')
    op.drop_index('ix_application_status', table_name='application')
    op.drop_table('application')
    op.drop_index('uq_role_assignment_live', table_name='role_assignment', postgresql_where=sa.text('ended_at IS NULL'))
    op.drop_index('ix_role_assignment_place_code', table_name='role_assignment')
    op.drop_table('role_assignment')
    op.drop_index('ix_refresh_token_family_id', table_name='refresh_token')
    op.drop_table('refresh_token')
    op.drop_table('household')
    op.drop_table('daily_record')
    op.drop_table('batch')
    op.drop_index('ix_audit_event_subject_id_at', table_name='audit_event')
    op.drop_index('ix_audit_event_place_code', table_name='audit_event')
    op.drop_index('ix_audit_event_actor_id', table_name='audit_event')
    op.drop_table('audit_event')
    op.drop_table('rate_limit')
    op.drop_index('ix_place_parent_code', table_name='place')
    op.drop_table('place')
    op.drop_table('idempotency_key')
    op.drop_index('uq_app_user_demo_name', table_name='app_user')
    op.drop_table('app_user')
