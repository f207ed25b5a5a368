"""What fieldwork knows about a unit: the daily records of the window."""

from backend.core import evidence
from backend.fieldwork.models import MEASURES

SELECT = f"""
SELECT 'daily_record' AS kind, id, day, jsonb_build_object({", ".join(f"'{m}', {m}" for m in MEASURES)}) AS values
FROM daily_record
WHERE place_code >= %(code)s AND place_code < %(below)s AND day BETWEEN %(since)s AND %(until)s"""

evidence.register(SELECT)
