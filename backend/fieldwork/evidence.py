"""What fieldwork knows about a unit: the daily records of the window."""

from backend.core import evidence
from backend.fieldwork.models import MEASURES

evidence.register(evidence.Source("daily_record", "daily_record", day="day", counts=MEASURES, windowed=True))
