"""Evening plans; the assembly line of a mass distribution.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

# Each must be empty; see 0002.
INVARIANTS = {
    "invariant_08_evening_and_line_history_is_unbroken": """
        SELECT subject_id, at FROM (
          SELECT subject_id, at, old, lag(new) OVER (PARTITION BY subject_id ORDER BY at, id) AS before
          FROM audit_event WHERE subject_type IN ('evening_plan', 'assembly_line') AND new IS NOT NULL) step
        WHERE old IS DISTINCT FROM before""",
    "invariant_10_a_plan_has_nobody_in_two_stairwells": """
        SELECT a.task_id FROM evening_carry a JOIN evening_carry b ON b.plan_id = a.plan_id
          AND b.volunteer_id = a.volunteer_id AND b.task_id > a.task_id AND b.starts < a.ends AND a.starts < b.ends""",
    "invariant_14_evening_and_line_status_is_audited": """
        SELECT s.id FROM (SELECT id, status FROM evening_plan UNION ALL SELECT id, status FROM assembly_line) s
        WHERE status IS DISTINCT FROM (
          SELECT new FROM audit_event WHERE subject_id = s.id AND new IS NOT NULL ORDER BY at DESC, id DESC LIMIT 1)""",
}


def upgrade() -> None:
    op.create_table(
        "evening_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("place_code", sa.String(length=40, collation="C"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finish_minutes", sa.Integer(), nullable=True),
        sa.Column("first_come_minutes", sa.Integer(), nullable=True),
        sa.Column("bound_minutes", sa.Integer(), nullable=True),
        sa.Column("left_packs", sa.Integer(), nullable=True),
        sa.Column("first_come_left", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('computing', 'draft', 'applied', 'dropped')", name=op.f("ck_evening_plan_status")
        ),
        sa.CheckConstraint(
            "status NOT IN ('draft', 'applied') OR num_nulls(starts_at, finish_minutes, first_come_minutes, bound_minutes, left_packs, first_come_left) = 0",
            name=op.f("ck_evening_plan_computed"),
        ),
        sa.ForeignKeyConstraint(["place_code"], ["place.code"], name=op.f("fk_evening_plan_place_code")),
        sa.ForeignKeyConstraint(["team_id"], ["mass_work_team.id"], name=op.f("fk_evening_plan_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evening_plan")),
    )
    op.create_index("ix_evening_plan_team_id", "evening_plan", ["team_id", "id"], unique=False)
    op.create_index(
        "uq_evening_plan_live",
        "evening_plan",
        ["team_id", "day"],
        unique=True,
        postgresql_where=sa.text("status IN ('computing', 'draft')"),
    )
    op.create_table(
        "evening_carry",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("packs", sa.Integer(), nullable=False),
        sa.Column("volunteer_id", sa.Uuid(), nullable=True),
        sa.Column("starts", sa.SmallInteger(), nullable=True),
        sa.Column("ends", sa.SmallInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.CheckConstraint("(volunteer_id IS NULL) = (reason IS NOT NULL)", name=op.f("ck_evening_carry_why_not")),
        sa.CheckConstraint(
            "num_nulls(volunteer_id, starts, ends) IN (0, 3)", name=op.f("ck_evening_carry_given_or_not")
        ),
        sa.CheckConstraint("packs > 0 AND starts >= 0 AND ends > starts", name=op.f("ck_evening_carry_bounds")),
        sa.ForeignKeyConstraint(["plan_id"], ["evening_plan.id"], name=op.f("fk_evening_carry_plan_id")),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_evening_carry_task_id")),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteer.id"], name=op.f("fk_evening_carry_volunteer_id")),
        sa.PrimaryKeyConstraint("plan_id", "task_id", name=op.f("pk_evening_carry")),
    )
    op.create_index("ix_evening_carry_task_id", "evening_carry", ["task_id"], unique=False)
    op.create_index("ix_evening_carry_volunteer_id", "evening_carry", ["volunteer_id"], unique=False)
    op.create_table(
        "assembly_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("place_code", sa.String(length=40, collation="C"), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("packs", sa.Integer(), nullable=False),
        sa.Column("origin_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.String(length=6), server_default="open", nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('open', 'closed') AND (status = 'closed') = (closed_at IS NOT NULL)",
            name=op.f("ck_assembly_line_status"),
        ),
        sa.CheckConstraint("packs BETWEEN 1 AND 100000", name=op.f("ck_assembly_line_packs")),
        sa.ForeignKeyConstraint(["place_code"], ["place.code"], name=op.f("fk_assembly_line_place_code")),
        sa.ForeignKeyConstraint(["team_id"], ["mass_work_team.id"], name=op.f("fk_assembly_line_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assembly_line")),
    )
    op.create_index("ix_assembly_line_team_id", "assembly_line", ["team_id", "id"], unique=False)
    op.create_index(
        "uq_assembly_line_origin",
        "assembly_line",
        ["origin_id"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "line_count",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("station", sa.String(length=6), nullable=False),
        sa.Column("packs", sa.Integer(), nullable=False),
        sa.Column("counted_by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("station IN ('sort', 'pack', 'carry', 'floor')", name=op.f("ck_line_count_station")),
        sa.CheckConstraint("packs <> 0", name=op.f("ck_line_count_something")),
        sa.ForeignKeyConstraint(["counted_by"], ["app_user.id"], name=op.f("fk_line_count_counted_by")),
        sa.ForeignKeyConstraint(["line_id"], ["assembly_line.id"], name=op.f("fk_line_count_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_count")),
    )
    op.create_index("ix_line_count_line_id", "line_count", ["line_id", "station", "at"], unique=False)
    op.execute(
        "CREATE TRIGGER line_count_append_only BEFORE UPDATE OR DELETE ON line_count"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    for name, query in INVARIANTS.items():
        op.execute(f"CREATE VIEW {name} AS {query}")


def downgrade() -> None:
    raise RuntimeError("not undone: it would drop what people did; restore a backup instead")
