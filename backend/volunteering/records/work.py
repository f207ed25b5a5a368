"""What was done, as the tasks tell it: minutes, doors and weight a person and a day."""

import uuid
from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Date, cast, func, select, text

from backend.core.clock import SHANGHAI
from backend.extensions import db
from backend.volunteering.tasks.models import HOLDING, TaskClaim

TALLY = (func.sum(func.extract("epoch", TaskClaim.ends_at - TaskClaim.starts_at)) / 60).label("minutes")


def start_of(day: date) -> datetime:
    """Midnight in Shanghai."""
    return datetime.combine(day, time(), SHANGHAI)


def shanghai_day(column: Any) -> Any:
    return cast(func.timezone("Asia/Shanghai", column), Date)


def minutes_by_day(volunteer_ids: Collection[uuid.UUID], since: date, until: date) -> dict[uuid.UUID, dict[date, int]]:
    """Minutes of work taken on and done, a volunteer and a day of Shanghai, both days included: as the
    rest guard counts them."""
    day = shanghai_day(TaskClaim.starts_at)
    query = select(TaskClaim.volunteer_id, day, TALLY).where(
        TaskClaim.volunteer_id.in_(volunteer_ids),
        TaskClaim.status.in_(HOLDING),
        TaskClaim.ends_at > start_of(since),
        TaskClaim.starts_at >= start_of(since),
        TaskClaim.starts_at < start_of(until + timedelta(days=1)),
    )
    found: dict[uuid.UUID, dict[date, int]] = defaultdict(dict)
    for volunteer_id, on, minutes in db.session.execute(query.group_by(TaskClaim.volunteer_id, day)):
        found[volunteer_id][on] = int(minutes)
    return found


# --- What counts as done ----------------------------------------------------------------------------------------


class Tally(NamedTuple):
    """What was done and verified: the time set aside for it (a phone's stop-watch would pay those who forget it), doors
    delivered to, grams carried; `waiting`: tasks that are still to be verified."""

    tasks: int = 0
    minutes: int = 0
    stops: int = 0
    grams: int = 0
    waiting: int = 0

    def __add__(self, other: "Tally") -> "Tally":  # type: ignore[override]
        return Tally(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


# By the volunteers' index of task_claim; a task without doors (a lorry to unload) is shared by those who held it.
DONE = text("""
SELECT c.volunteer_id,
  count(*) FILTER (WHERE c.status = 'verified') AS tasks,
  coalesce(sum(extract(epoch FROM c.ends_at - c.starts_at) / 60) FILTER (WHERE c.status = 'verified'), 0)::bigint
    AS minutes,
  coalesce(sum(d.doors) FILTER (WHERE c.status = 'verified'), 0)::bigint AS stops,
  coalesce(sum(CASE WHEN d.of_all > 0 THEN d.grams ELSE t.grams / greatest(t.taken, 1) END)
    FILTER (WHERE c.status = 'verified'), 0)::bigint AS grams,
  count(*) FILTER (WHERE c.status = 'done') AS waiting
FROM task_claim c JOIN task t ON t.id = c.task_id
CROSS JOIN LATERAL (
  SELECT count(*) AS of_all, count(*) FILTER (WHERE s.claim_id = c.id AND s.outcome = 'done') AS doors,
    coalesce(sum(s.grams) FILTER (WHERE s.claim_id = c.id AND s.outcome = 'done'), 0) AS grams
  FROM task_stop s WHERE s.task_id = t.id) d
WHERE c.volunteer_id = ANY(:volunteers) AND c.status IN ('done', 'verified')
  AND c.ends_at > :since AND c.starts_at >= :since AND c.starts_at < :until
GROUP BY c.volunteer_id""")


def tallies(volunteer_ids: Collection[uuid.UUID], since: date, until: date) -> dict[uuid.UUID, Tally]:
    """What each of them did in the period, both days included: one statement."""
    period = {"since": start_of(since), "until": start_of(until + timedelta(days=1))}
    found = db.session.execute(DONE, {"volunteers": list(volunteer_ids), **period})
    return {row.volunteer_id: Tally(*row[1:]) for row in found}
