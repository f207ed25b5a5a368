"""What a campaign's arrival gives volunteers to do: unload, sort, pack, and carry to the doors, a stairwell a task."""

import uuid
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby

from sqlalchemy import select

from backend.core.permissions import Role
from backend.extensions import db
from backend.groupbuy import service as groupbuy
from backend.volunteering.planning.evening import carry_minutes
from backend.volunteering.tasks.making import Door, Wanted, cancel_tasks, make_tasks
from backend.volunteering.tasks.models import Failure, Task, TaskClaim, TaskKind, TaskStop
from backend.volunteering.tasks.origins import Origin, register_origin

ORIGIN = "campaign"
# A truck of 700 shares was unloaded by four in an hour, sorted and packed by six in two (DOMAIN section 6: the fifth
# time).
HANDS = {TaskKind.UNLOAD: (200, 60), TaskKind.SORT: (120, 120), TaskKind.PACK: (120, 120)}
MOST_HANDS = 12
DOORS_A_TASK = 20
WITHIN = timedelta(hours=4)


class CampaignTasks(Origin):
    """An order is delivered when its door is."""

    def settled(self, task: Task, claim: TaskClaim, stop: TaskStop) -> None:
        if stop.subject_id is None:
            return
        if stop.outcome == "done":
            groupbuy.brought(stop.subject_id, claim.id)
        elif stop.outcome == Failure.NOT_HOME:
            groupbuy.not_at_home(stop.subject_id, claim.id)


def arrived(campaign_id: uuid.UUID) -> None:
    """One truck, one task of each: the truck's number is in the key, so that a second truck has its own."""
    came = groupbuy.arrival_of(campaign_id)
    make_tasks([_at_the_point(kind, campaign_id, came) for kind in HANDS] if came.shares else [])


def _at_the_point(kind: TaskKind, campaign_id: uuid.UUID, came: groupbuy.Arrival) -> Wanted:
    shares_each, minutes = HANDS[kind]
    return Wanted(
        came.place_code,
        kind,
        f"{kind.label}：{came.title}"[:60],
        came.begins_at,
        came.begins_at + WITHIN,
        minutes,
        capacity=min(MOST_HANDS, -(-came.shares // shares_each)),
        urgency=4,
        origin_type=ORIGIN,
        origin_id=campaign_id,
        origin_key=f"{kind}:{came.part}",
    )


def handed_out(campaign_id: uuid.UUID) -> None:
    """A carry task for each stairwell whose households want it brought; what is on its way already is left as it is."""
    to_bring = groupbuy.to_the_door(campaign_id)
    known = select(TaskStop.subject_id).where(TaskStop.subject_id.in_({one.order_id for one in to_bring}))
    under_way = set(db.session.scalars(known)) if to_bring else set()
    new = [one for one in to_bring if one.order_id not in under_way]
    make_tasks([_carried(campaign_id, some) for some in _by_stairwell(new)])


def ended(campaign_id: uuid.UUID) -> None:
    """All of it recalled: nobody packs or carries what nobody may have. Settled: all have had their goods for a day,
    and what nobody said is done is nothing to do any more. (What is cancelled is so before anything has come.)"""
    cancel_tasks(ORIGIN, campaign_id, "团购已结束")


def _by_stairwell(orders: Sequence[groupbuy.ToBring]) -> Iterator[list[groupbuy.ToBring]]:
    """From the top floor down, never more doors than one person goes to at once."""
    ordered = sorted(orders, key=lambda one: (one.place_code, -(one.floor or 0), one.room))
    for _, found in groupby(ordered, key=lambda one: one.place_code):
        doors = list(found)
        for n in range(0, len(doors), DOORS_A_TASK):
            yield doors[n : n + DOORS_A_TASK]


def _carried(campaign_id: uuid.UUID, orders: Sequence[groupbuy.ToBring]) -> Wanted:
    first, grams = orders[0], sum(one.grams for one in orders)
    floor = max((one.floor for one in orders if one.floor and one.floor > 0), default=None)
    return Wanted(
        first.place_code,
        TaskKind.CARRY,
        f"送货上门：{first.title}"[:60],
        first.begins_at,
        first.begins_at + WITHIN,
        carry_minutes(len(orders), grams, floor or 1),
        role=Role.TRANSPORTER.value,
        urgency=5,
        grams=grams,
        heaviest=max(one.grams for one in orders),
        floor=floor,
        origin_type=ORIGIN,
        origin_id=campaign_id,
        origin_key=f"carry:{first.order_id}",
        doors=[Door(one.household_id, one.order_id, one.grams) for one in orders],
    )


register_origin(ORIGIN, CampaignTasks())
groupbuy.on_arrival.append(arrived)
groupbuy.on_hand_out.append(handed_out)
groupbuy.on_end.append(ended)
