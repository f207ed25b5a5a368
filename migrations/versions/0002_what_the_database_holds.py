"""What the database sees to by itself: append-only tables, news of changes, invariants, the job queue.

Revision ID: 0002
Revises: 0001
"""

from alembic import op
from procrastinate import App, PsycopgConnector

revision = "0002"
down_revision = "0001"

APPEND_ONLY = ("audit_event", "filing")
# Tables whose change shows on a public page, and the column that names the place.
SHOWN = {"application": "unit_code", "case_event": "place_code", "daily_record": "place_code", "place": "code"}

REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$"""

# Delivered with the commit and not before; equal payloads of one transaction are delivered once.
TELL_PUBLIC_PAGE = """
CREATE FUNCTION tell_public_page() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('public_page', to_jsonb(coalesce(NEW, OLD)) ->> TG_ARGV[0]);
  RETURN NULL;
END $$"""

LIVE = """('draft', 'submitted', 'subdistrict_review', 'district_review', 'returned', 'public_notice',
  'notice_frozen', 'certified', 'suspended')"""

# Each must be empty (QUALITY section 1); `flask invariants` and the tests count their rows.
INVARIANTS = {
    "invariant_08_history_is_unbroken": """
        SELECT subject_id, at FROM (
          SELECT subject_id, at, old, lag(new) OVER (PARTITION BY subject_id ORDER BY at, id) AS before
          FROM audit_event WHERE subject_type IN ('certification', 'objection') AND new IS NOT NULL) step
        WHERE old IS DISTINCT FROM coalesce(before, CASE WHEN old = 'draft' THEN 'draft' END)""",
    "invariant_11_one_live_application": f"""
        SELECT unit_code FROM application WHERE status IN {LIVE} GROUP BY unit_code HAVING count(*) > 1""",
    "invariant_11_hands_are_separate": """
        SELECT e.subject_id, e.actor_id FROM audit_event e
        WHERE e.subject_type = 'certification' AND e.lane IS NOT NULL
        GROUP BY e.subject_id, e.actor_id HAVING count(DISTINCT e.lane) > 1""",
    "invariant_11_certified_after_answers": """
        SELECT a.id FROM application a JOIN objection o ON o.application_id = a.id
        WHERE a.status IN ('certified', 'suspended') AND o.status IN ('received', 'admitted')""",
    "invariant_12_every_key_has_its_answer": "SELECT id FROM idempotency_key WHERE status IS NULL",
    "invariant_14_status_is_audited": """
        SELECT s.id FROM (
          SELECT id, status FROM application UNION ALL SELECT id, status FROM objection) s
        WHERE status IS DISTINCT FROM (
          SELECT new FROM audit_event WHERE subject_id = s.id AND new IS NOT NULL ORDER BY at DESC, id DESC LIMIT 1)""",
    "invariant_14_every_application_has_its_filing": """
        SELECT id FROM application a WHERE NOT EXISTS (SELECT FROM filing WHERE application_id = a.id)""",
    "invariant_17_health_data_erased_on_time": """
        SELECT c.id FROM health_case c JOIN case_event e ON e.case_id = c.id
        WHERE c.erased_on IS NOT NULL AND e.source_cipher IS NOT NULL
        UNION ALL SELECT id FROM health_case
        WHERE erased_on IS NULL AND erase_on < (now() AT TIME ZONE 'Asia/Shanghai')::date - 1""",
    "invariant_18_second_person": """
        SELECT id FROM case_event WHERE outcome IN ('released', 'excluded') AND outcome_by = recorded_by""",
}


def upgrade() -> None:
    op.execute(REFUSE_CHANGE)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    op.execute(TELL_PUBLIC_PAGE)
    for table, column in SHOWN.items():
        op.execute(
            f"CREATE TRIGGER {table}_public_page AFTER INSERT OR UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION tell_public_page('{column}')"
        )
    for name, query in INVARIANTS.items():
        op.execute(f"CREATE VIEW {name} AS {query}")
    # The queue's own schema, of the version in requirements.txt; a newer one brings its own migrations, to be
    # taken over into a migration of ours.
    schema = App(connector=PsycopgConnector()).schema_manager.get_schema()
    op.get_bind().connection.driver_connection.execute(schema)  # type: ignore[union-attr]  # many statements at once


def downgrade() -> None:
    raise RuntimeError("not undone: what the database holds to itself is there to stay; restore a backup instead")
