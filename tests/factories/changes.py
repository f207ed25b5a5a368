"""Campaigns after the cut-off: locked, bought, handed out, paid for; the clock moved by the owner's connection."""

import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from backend.core.transaction import unit_of_work
from backend.core.workflow import advance_all
from backend.groupbuy import deadlines
from backend.groupbuy.changes import passing_on, waiting
from backend.groupbuy.handout import service as handout
from backend.groupbuy.models import Order
from backend.groupbuy.workflow import ORDER
from backend.payments import service as payments
from tests.cast import Cast
from tests.factories import groupbuy as g
from tests.factories.arrivals import truck
from tests.factories.payments import console
from tests.factories.world import actor


def paid(app: Any, cast: Cast, who: str, order: dict[str, Any], **body: Any) -> dict[str, Any]:
    """Paid at the provider, and booked."""
    payment = begun(app, cast, who, order, **body)
    return g.ok(cast.hand(who).post(f"/payments/{payment['id']}/check"))


def begun(app: Any, cast: Cast, who: str, order: dict[str, Any], **body: Any) -> dict[str, Any]:
    """Paid at the provider; nobody has told us yet."""
    payment = g.ok(cast.hand(who).post(f"/orders/{order['id']}/payments", {"method": "wechat", **body}), 201)
    g.ok(cast.hand(who).post(f"/payments/{payment['id']}/prepay"))
    with app.app_context():
        console.pay(payment["number"])
    return payment


def cash(cast: Cast, order: dict[str, Any], fen: int, receipt: str, who: str = "hu", method: str = "cash") -> Any:
    body = {"method": method, "amount_fen": fen, "receipt": receipt}
    return g.ok(cast.hand(who).post(f"/orders/{order['id']}/receipts", body), 201)


def bought(app: Any, cast: Cast, who: str, campaign: dict[str, Any], *quantities: int, **more: Any) -> dict[str, Any]:
    """Ordered and paid for."""
    placed = g.ordered(cast, who, campaign, *quantities, **more)
    paid(app, cast, who, placed)
    return placed


def cut_off(app: Any, owner: Any, campaign: dict[str, Any]) -> None:
    """The cut-off comes, by the database's clock, and then the end of the last term of payment."""
    owner.execute("UPDATE campaign SET cut_off_at = clock_timestamp() WHERE id = %s", [campaign["id"]])
    with app.app_context():
        with unit_of_work():
            deadlines.cut_off(campaign["id"])
        with unit_of_work():
            deadlines.close_books(campaign["id"])


def minute(app: Any) -> None:
    """What the clock does for the waiting list every minute."""
    with app.app_context():
        with unit_of_work():
            deadlines.expire()
        waiting.serve()
        passing_on.pass_on_all()


def overdue(owner: Any, order_id: str) -> None:
    owner.execute("UPDATE group_order SET pay_by = clock_timestamp() WHERE id = %s", [order_id])


def ordered_from_supplier(cast: Cast, campaign: dict[str, Any], who: str = "hu") -> dict[str, Any]:
    now = g.ok(cast.hand(who).get(f"/campaigns/{campaign['id']}"))
    return g.step(cast, who, now, "order")


def handed_out(app: Any, owner: Any, cast: Cast, campaign: dict[str, Any], *quantities: int, who: str = "hu") -> None:
    """So many shares of each item came, and everyone had theirs, more than a day ago."""
    g.ok(truck(cast, campaign, *quantities, who=who))
    begin_hand_out(app, cast, campaign, who)
    with app.app_context(), unit_of_work():
        mine = select(Order).where(Order.campaign_id == uuid.UUID(campaign["id"]))
        advance_all(ORDER, mine, "collect")
    owner.execute("UPDATE group_order SET handed_out_at = handed_out_at - %s", [timedelta(hours=25)])


def begin_hand_out(app: Any, cast: Cast, campaign: dict[str, Any], who: str = "hu") -> None:
    now = g.ok(cast.hand(who).get(f"/campaigns/{campaign['id']}"))
    verbs(app, lambda: handout.hand_out(actor(who), uuid.UUID(campaign["id"]), now["revision"]))


def books(app: Any, campaign: dict[str, Any]) -> dict[str, int]:
    """What each kind of account holds of the campaign's book; what is zero is left out."""
    with app.app_context():
        held: dict[str, int] = {}
        for entry in payments.book_entries(uuid.UUID(campaign["id"])):
            held[entry.account] = held.get(entry.account, 0) + entry.amount_fen
        return {account: fen for account, fen in held.items() if fen}


def order_now(cast: Cast, who: str, order: dict[str, Any]) -> dict[str, Any]:
    return g.ok(cast.hand(who).get(f"/orders/{order['id']}"))


def waits(cast: Cast, who: str, campaign: dict[str, Any], quantity: int = 1, **more: Any) -> dict[str, Any]:
    body = {"item_id": campaign["items"][0]["id"], "quantity": quantity, **more}
    return g.ok(cast.hand(who).post(f"/campaigns/{campaign['id']}/waiting", body), 201)


def entry_of(cast: Cast, who: str, campaign: dict[str, Any], **query: Any) -> dict[str, Any]:
    return g.ok(cast.hand(who).get(f"/campaigns/{campaign['id']}/waiting", **query))["items"][0]


def asks(cast: Cast, who: str, order: dict[str, Any], kind: str, **more: Any) -> dict[str, Any]:
    body = {"kind": kind, "reason": "要去住院", **more}
    return g.ok(cast.hand(who).post(f"/orders/{order['id']}/change-requests", body), 201)


def verbs(app: Any, work: Any) -> Any:
    """A verb in a transaction of its own; what it returned, or the refusal it raised."""
    with app.app_context(), unit_of_work():
        return work()
