"""What is shown of the waiting list and of requests: a page of them in a constant number of queries."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import joinedload

from backend.core.auth import Actor
from backend.core.models import columns
from backend.core.permissions import Permission as P
from backend.core.transaction import database_now
from backend.core.workflow import allowed_actions
from backend.groupbuy.changes import waiting as line
from backend.groupbuy.changes.models import ChangeKind, ChangeRequest, ChangeStatus, Waiting, WaitingStatus
from backend.groupbuy.changes.workflow import CHANGE, TRANSFER, asked_of

WITH_ITEM = (joinedload(Waiting.item),)
WAITS = {
    WaitingStatus.WAITING: "空出来的先给排在前面的，候补到会给您家下好订单，请在付款时限内付款，逾期就轮到下一户。",
    WaitingStatus.SERVED: "已候补到，请在付款时限内付款。",
    WaitingStatus.LEFT: "已退出候补。",
    WaitingStatus.ENDED: "候补已结束，这次没有轮到，或超过了每户上限。",
}
ASKED = {
    ChangeKind.LEAVE: "有候补邻居接手并付款后，您家就退出并原路退款；没有人接手时订单照旧。",
    ChangeKind.TRANSFER: "邻居确认后，订单转到邻居家；已付的钱不动，以后的退款仍退给付款人。",
    ChangeKind.HARDSHIP: "由社区决定；同意后全部退款。",
}


def waiting(page: Sequence[Waiting], actor: Actor) -> list[dict[str, Any]]:
    before, allowed = line.ahead(page), allowed_actions(line.WAITING, page, actor, database_now())
    return [
        {
            **columns(entry),
            "name": entry.item.name,
            "ahead": before.get(entry.id, 0) if entry.status == WaitingStatus.WAITING else 0,
            "status_label": WaitingStatus(entry.status).label,
            "sentence": WAITS[WaitingStatus(entry.status)],
            "allowed_actions": allowed[entry.id],
        }
        for entry in page
    ]


def changes(page: Sequence[ChangeRequest], actor: Actor) -> list[dict[str, Any]]:
    """The reason is for the household itself and for the community that decides, not for the neighbour asked."""
    now, own = database_now(), asked_of(page, actor)
    allowed = [allowed_actions(flow, page, actor, now) for flow in (CHANGE, TRANSFER)]
    return [
        {
            **columns(change),
            "kind_label": ChangeKind(change.kind).label,
            "status_label": ChangeStatus(change.status).label,
            "sentence": ASKED[ChangeKind(change.kind)],
            "reason": change.reason if change.id in own or actor.may(P.ORDER_SPONSOR, change.place_code) else None,
            "allowed_actions": [action for found in allowed for action in found[change.id]],
        }
        for change in page
    ]
