"""What cases knows about a unit: every event charged to it or below. All history, because a streak looks back
beyond any window; never who it was."""

from backend.core import evidence

evidence.register(
    evidence.Source(
        "case_event",
        "case_event",
        day="effective_on",
        words=("category", "outcome", "outcome_on", "reported_on"),
    )
)
