"""Migrations run as the owner (MIGRATION_DATABASE_URL); the application's role is then granted what it needs."""

from alembic import context
from flask import current_app
from sqlalchemy import create_engine, make_url, text

from backend.extensions import db

# The application may add to these, and never change what is there.
APPEND_ONLY = ("audit_event", "filing", "ledger_transaction", "ledger_entry", "ledger_closing")


def include_name(name, type_, parent_names):
    """procrastinate's tables come with their own schema and migrations."""
    return not (type_ == "table" and name and name.startswith("procrastinate_"))


def grant(connection) -> None:
    role = make_url(current_app.config["DATABASE_URL"]).username
    owner = connection.scalar(text("SELECT current_user"))
    if not role or role == owner:
        return
    quoted = connection.dialect.identifier_preparer.quote(role)
    for statement in (
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quoted}",
        f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {quoted}",
        f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {quoted}",
        *[f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {quoted}" for table in APPEND_ONLY],
    ):
        connection.execute(text(statement))


def run() -> None:
    url = current_app.config["MIGRATION_DATABASE_URL"] or current_app.config["DATABASE_URL"]
    engine = create_engine(url)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadatas[None],
            include_name=include_name,
            compare_server_default=True,
        )
        with context.begin_transaction():
            context.run_migrations()
            if context.get_context().opts.get("fn") is not None and _upgrading():
                grant(connection)
    engine.dispose()


def _upgrading() -> bool:
    return not getattr(context.config.cmd_opts, "autogenerate", False)


run()
