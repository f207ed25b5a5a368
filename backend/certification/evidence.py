"""What certification itself knows about a unit: after fraud, until when it may not apply again."""

from backend.core import evidence

evidence.register(evidence.Source("bar", "application", day="barred_until", place="unit_code"))
