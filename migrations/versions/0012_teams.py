"""Mass-work teams, volunteers, the eight roles; leave, certificates, incidents.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

# Each must be empty; see 0002. The eight roles of one person: people/service.py, ROLES_AT_MOST.
EIGHT = """'building_head', 'gate_duty', 'supply_purchaser', 'care_support', 'transporter', 'publicity_persuasion',
  'information_reporter', 'coordinator'"""
INVARIANTS = {
    "invariant_08_volunteering_history_is_unbroken": """
        SELECT subject_id, at FROM (
          SELECT subject_id, at, old, lag(new) OVER (PARTITION BY subject_id ORDER BY at, id) AS before
          FROM audit_event WHERE subject_type IN ('appointment', 'vacancy') AND new IS NOT NULL) step
        WHERE old IS DISTINCT FROM before""",
    "invariant_11_kin_are_confirmed_by_another": """
        SELECT a.id FROM appointment a JOIN audit_event e ON e.subject_id = a.id AND e.new = 'confirmed'
        WHERE e.actor_id = a.asked_by""",
    "invariant_14_volunteering_status_is_audited": """
        SELECT s.id FROM (SELECT id, status FROM appointment UNION ALL SELECT id, status FROM vacancy) s
        WHERE status IS DISTINCT FROM (
          SELECT new FROM audit_event WHERE subject_id = s.id AND new IS NOT NULL ORDER BY at DESC, id DESC LIMIT 1)""",
    "invariant_17_fitness_erased_on_time": "SELECT volunteer_id FROM fitness WHERE day < current_date - 32",
    "invariant_17_incidents_erased_on_time": "SELECT id FROM incident WHERE erase_on < current_date - 1",
    "invariant_21_no_more_roles_than_one_can_fill": f"""
        SELECT user_id FROM role_assignment
        WHERE role IN ({EIGHT}) AND ended_at IS NULL AND (until IS NULL OR until > now())
        GROUP BY user_id HAVING count(DISTINCT role) > 3""",
}


def upgrade() -> None:
    op.create_table('compensatory_leave',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('recorded_by', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['place_code'], ['place.code'], name=op.f('fk_compensatory_leave_place_code')),
    sa.ForeignKeyConstraint(['recorded_by'], ['app_user.id'], name=op.f('fk_compensatory_leave_recorded_by')),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_compensatory_leave_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_compensatory_leave')),
    sa.UniqueConstraint('user_id', 'day', name=op.f('uq_compensatory_leave_user_id_day'))
    )
    op.create_index('ix_compensatory_leave_place_code', 'compensatory_leave', ['place_code', 'day'], unique=False)
    op.create_table('mass_work_team',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['place_code'], ['place.code'], name=op.f('fk_mass_work_team_place_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mass_work_team')),
    sa.UniqueConstraint('place_code', 'name', name=op.f('uq_mass_work_team_place_code_name'))
    )
    op.create_table('service_certificate',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.String(length=24), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('until', sa.Date(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('tasks', sa.Integer(), nullable=False),
    sa.Column('stops', sa.Integer(), nullable=False),
    sa.Column('grams', sa.BigInteger(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('issued_by', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('least(minutes, tasks, stops, grams) >= 0', name=op.f('ck_service_certificate_not_negative')),
    sa.CheckConstraint('since <= until', name=op.f('ck_service_certificate_period')),
    sa.ForeignKeyConstraint(['issued_by'], ['app_user.id'], name=op.f('fk_service_certificate_issued_by')),
    sa.ForeignKeyConstraint(['place_code'], ['place.code'], name=op.f('fk_service_certificate_place_code')),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_service_certificate_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_service_certificate')),
    sa.UniqueConstraint('number', name=op.f('uq_service_certificate_number'))
    )
    op.create_index('ix_service_certificate_user_id', 'service_certificate', ['user_id', 'id'], unique=False)
    op.create_table('vacancy',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('role', sa.String(length=30), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.String(length=12), nullable=False),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("status IN ('secretary', 'subdistrict', 'filled')", name=op.f('ck_vacancy_status')),
    sa.ForeignKeyConstraint(['place_code'], ['place.code'], name=op.f('fk_vacancy_place_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_vacancy'))
    )
    op.create_index('uq_vacancy_open', 'vacancy', ['place_code', 'role'], unique=True, postgresql_where=sa.text("status <> 'filled'"))
    op.create_table('incident',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('household_id', sa.Uuid(), nullable=True),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('happened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('account_cipher', sa.LargeBinary(), nullable=False),
    sa.Column('recorded_by', sa.Uuid(), nullable=False),
    sa.Column('erase_on', sa.Date(), nullable=False),
    sa.Column('lifted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lifted_by', sa.Uuid(), nullable=True),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("kind IN ('verbal', 'threat', 'violence', 'harassment', 'unsafe')", name=op.f('ck_incident_kind')),
    sa.CheckConstraint('(lifted_at IS NULL) = (lifted_by IS NULL)', name=op.f('ck_incident_lifted_by_someone')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_incident_household_id')),
    sa.ForeignKeyConstraint(['lifted_by'], ['app_user.id'], name=op.f('fk_incident_lifted_by')),
    sa.ForeignKeyConstraint(['place_code'], ['place.code'], name=op.f('fk_incident_place_code')),
    sa.ForeignKeyConstraint(['recorded_by'], ['app_user.id'], name=op.f('fk_incident_recorded_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incident'))
    )
    op.create_index('ix_incident_erase_on', 'incident', ['erase_on'], unique=False)
    op.create_index('ix_incident_household_id', 'incident', ['household_id'], unique=False, postgresql_where=sa.text('lifted_at IS NULL'))
    op.create_index('ix_incident_place_code', 'incident', ['place_code', 'id'], unique=False)
    op.create_table('volunteer',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('team_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('base_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('skills', sa.ARRAY(sa.Text()), server_default='{}', nullable=False),
    sa.Column('minutes_a_day', sa.SmallInteger(), server_default='120', nullable=False),
    sa.Column('free_from', sa.Time(), nullable=True),
    sa.Column('free_until', sa.Time(), nullable=True),
    sa.Column('max_floor', sa.SmallInteger(), nullable=True),
    sa.Column('carry_grams', sa.Integer(), nullable=True),
    sa.Column('withdraws_on', sa.Date(), nullable=True),
    sa.Column('household_id', sa.Uuid(), nullable=True),
    sa.Column('phone_cipher', sa.LargeBinary(), nullable=True),
    sa.Column('left_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("kind IN ('community_worker', 'party_member', 'resident_volunteer', 'seconded_cadre', 'property_staff')", name=op.f('ck_volunteer_kind')),
    sa.CheckConstraint('(free_from IS NULL) = (free_until IS NULL) AND free_from < free_until', name=op.f('ck_volunteer_free_hours')),
    sa.CheckConstraint('max_floor > 0 AND carry_grams > 0', name=op.f('ck_volunteer_strength')),
    sa.CheckConstraint('minutes_a_day BETWEEN 0 AND 480', name=op.f('ck_volunteer_minutes_a_day')),
    sa.ForeignKeyConstraint(['base_code'], ['place.code'], name=op.f('fk_volunteer_base_code')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_volunteer_household_id')),
    sa.ForeignKeyConstraint(['team_id'], ['mass_work_team.id'], name=op.f('fk_volunteer_team_id')),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_volunteer_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_volunteer'))
    )
    op.create_index('ix_volunteer_household_id', 'volunteer', ['household_id'], unique=False, postgresql_where=sa.text('left_at IS NULL'))
    op.create_index('ix_volunteer_team_id', 'volunteer', ['team_id', 'id'], unique=False)
    op.create_index('ix_volunteer_user_id', 'volunteer', ['user_id'], unique=False)
    op.create_index('uq_volunteer_live', 'volunteer', ['user_id'], unique=True, postgresql_where=sa.text('left_at IS NULL'))
    op.create_table('appointment',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('volunteer_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.String(length=30), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('asked_by', sa.Uuid(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("status IN ('waiting', 'confirmed', 'refused', 'withdrawn')", name=op.f('ck_appointment_status')),
    sa.ForeignKeyConstraint(['asked_by'], ['app_user.id'], name=op.f('fk_appointment_asked_by')),
    sa.ForeignKeyConstraint(['place_code'], ['place.code'], name=op.f('fk_appointment_place_code')),
    sa.ForeignKeyConstraint(['volunteer_id'], ['volunteer.id'], name=op.f('fk_appointment_volunteer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_appointment'))
    )
    op.create_index('ix_appointment_place_code', 'appointment', ['place_code', 'id'], unique=False)
    op.create_index('uq_appointment_waiting', 'appointment', ['volunteer_id', 'role', 'place_code'], unique=True, postgresql_where=sa.text("status = 'waiting'"))
    op.create_table('fitness',
    sa.Column('volunteer_id', sa.Uuid(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('fit', sa.Boolean(), nullable=False),
    sa.Column('recorded_by', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['recorded_by'], ['app_user.id'], name=op.f('fk_fitness_recorded_by')),
    sa.ForeignKeyConstraint(['volunteer_id'], ['volunteer.id'], name=op.f('fk_fitness_volunteer_id')),
    sa.PrimaryKeyConstraint('volunteer_id', 'day', name=op.f('pk_fitness'))
    )
    op.create_index('ix_fitness_day', 'fitness', ['day'], unique=False)
    op.create_table('kinship',
    sa.Column('volunteer_id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['app_user.id'], name=op.f('fk_kinship_user_id')),
    sa.ForeignKeyConstraint(['volunteer_id'], ['volunteer.id'], name=op.f('fk_kinship_volunteer_id')),
    sa.PrimaryKeyConstraint('volunteer_id', 'user_id', name=op.f('pk_kinship'))
    )
    op.create_index('ix_kinship_user_id', 'kinship', ['user_id'], unique=False)
    op.create_table('volunteer_place',
    sa.Column('volunteer_id', sa.Uuid(), nullable=False),
    sa.Column('place_code', sa.String(length=40, collation='C'), nullable=False),
    sa.ForeignKeyConstraint(['place_code'], ['place.code'], name=op.f('fk_volunteer_place_place_code')),
    sa.ForeignKeyConstraint(['volunteer_id'], ['volunteer.id'], name=op.f('fk_volunteer_place_volunteer_id')),
    sa.PrimaryKeyConstraint('volunteer_id', 'place_code', name=op.f('pk_volunteer_place'))
    )
    for name, query in INVARIANTS.items():
        op.execute(f"CREATE VIEW {name} AS {query}")


def downgrade() -> None:
    raise RuntimeError("not undone: it would drop what people did; restore a backup instead")
