"""The invariants of QUALITY section 1, each a view that must be empty; made by the migrations."""

from backend.core.transaction import rows

VIEWS = """
SELECT viewname FROM pg_views WHERE schemaname = current_schema() AND starts_with(viewname, 'invariant_') ORDER BY 1"""


def counts() -> dict[str, int]:
    """How many rows break each invariant."""
    views = [name for (name,) in rows(VIEWS)]
    return {name: rows(f"SELECT count(*) FROM {name}")[0][0] for name in views}
