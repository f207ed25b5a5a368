"""What cases knows about a unit: every event charged to it or below. Whole history, because streaks look back
beyond any window; no identity."""

from backend.core import evidence

SELECT = """
SELECT 'case_event' AS kind, id, effective_on AS day, jsonb_build_object('category', category, 'outcome', outcome,
  'outcome_on', outcome_on, 'reported_on', reported_on) AS values
FROM case_event WHERE place_code >= %(code)s AND place_code < %(below)s"""

evidence.register(SELECT)
