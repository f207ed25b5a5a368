"""The flow of a request after the cut-off, as those who ask and as the neighbour it is offered to see it."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from backend.core.auth import Actor
from backend.core.errors import Conflict
from backend.core.permissions import Permission as P
from backend.core.workflow import Step, Workflow
from backend.extensions import db
from backend.groupbuy.changes.models import ChangeKind, ChangeRequest, ChangeStatus
from backend.people.households import acted_for

K, R = ChangeKind, ChangeStatus


def asked_of(changes: Sequence[ChangeRequest], actor: Actor) -> set[uuid.UUID]:
    mine = set(db.session.scalars(acted_for(actor)))
    return {change.id for change in changes if change.household_id in mine}


def offered_to(changes: Sequence[ChangeRequest], actor: Actor) -> set[uuid.UUID]:
    mine = set(db.session.scalars(acted_for(actor)))
    return {change.id for change in changes if change.to_household_id in mine}


def _is_hardship(change: ChangeRequest, now: datetime) -> None:
    if change.kind != K.HARDSHIP:
        raise Conflict("not_to_decide", "这项申请不由社区决定：由候补邻居接手，或由受让邻居确认。")


def _is_transfer(change: ChangeRequest, now: datetime) -> None:
    if change.kind != K.TRANSFER:
        raise Conflict("not_a_transfer", "这项申请不是转让，不需要您确认。")


CHANGE = Workflow(
    name="change_request",
    visible=P.ORDER_READ,
    place_of=lambda change: change.place_code,
    owned=asked_of,
    steps=(
        Step("grant", {R.OPEN}, R.GRANTED, "同意退出", P.ORDER_SPONSOR, needs_reason=True, guard=_is_hardship),
        Step("refuse", {R.OPEN}, R.REFUSED, "不同意", P.ORDER_SPONSOR, needs_reason=True, guard=_is_hardship),
        Step("withdraw", {R.OPEN}, R.WITHDRAWN, "撤回申请", P.ORDER_FOR_OTHERS, owner=True),
        Step("pass_on", {R.OPEN}, R.GRANTED, "候补邻居已接手"),
        Step("lapse", {R.OPEN}, R.LAPSED, "过期"),
    ),
)
# The same flow, as the household that a transfer is offered to sees it.
TRANSFER = Workflow(
    name="change_request",
    visible=P.ORDER_READ,
    place_of=lambda change: change.to_place or change.place_code,
    owned=offered_to,
    steps=(
        Step("accept", {R.OPEN}, R.GRANTED, "接手", P.ORDER_FOR_OTHERS, guard=_is_transfer, owner=True),
        Step("decline", {R.OPEN}, R.REFUSED, "不接手", P.ORDER_FOR_OTHERS, guard=_is_transfer, owner=True),
    ),
)
