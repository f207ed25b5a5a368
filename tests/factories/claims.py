"""Campaigns whose goods have come, orders that were handed out, claims and recalls on them."""

import io
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PIL import Image
from sqlalchemy import event

from backend.core.auth import HOUSE
from backend.core.transaction import unit_of_work
from backend.core.workflow import advance
from backend.extensions import db
from backend.groupbuy import campaigns
from backend.groupbuy.arrivals import service as arrivals
from backend.groupbuy.handout import service as handout
from backend.groupbuy.models import Campaign, Order
from backend.groupbuy.settlement import service as settlement
from backend.groupbuy.workflow import CAMPAIGN
from backend.integrations.payments import ConsolePayments, State
from backend.payments import service as payments
from tests.cast import Cast, key
from tests.factories import groupbuy as g
from tests.factories.world import actor

EGGS = {"name": "鸡蛋", "share_label": "盒", "cost_fen": 2000, "freight_fen": 100, "organiser_fen": 0, "total": 100}
GPS = 0x8825


def bought(cast: Cast, who: str, campaign: dict[str, Any], *quantities: int, cash: int = 0, **more: Any) -> Any:
    """An order that is paid for: online, but for what was given to the organiser in `cash`."""
    order = g.ordered(cast, who, campaign, *quantities, **more)
    if cash:
        receipt = {"method": "cash", "amount_fen": cash, "receipt": key()[:20]}
        g.ok(cast.hu.post(f"/orders/{order['id']}/receipts", receipt), 201)
    if order["due_fen"] > cash:
        payment = g.ok(cast.hand(who).post(f"/orders/{order['id']}/payments", {"method": "wechat"}), 201)
        g.ok(cast.hand(who).post(f"/payments/{payment['id']}/prepay"))
        with cast.app.app_context():
            ConsolePayments().pay(payment["number"], State.SUCCEEDED)
        g.ok(cast.hand(who).post(f"/payments/{payment['id']}/check"))
    return order


def arrived(app: Any, campaign: dict[str, Any], *lots: tuple[int, str, int], last: bool = True) -> None:
    """Cut off, ordered, and here: (which item, lot, shares) each; ready to be handed out."""
    with app.app_context(), unit_of_work():
        row = db.session.get_one(Campaign, campaign["id"])
        campaigns.cut_off(row)
        campaigns.close_books(row)
        advance(CAMPAIGN, row, "order", HOUSE)
    truck(app, campaign, *lots, last=last)


def truck(app: Any, campaign: dict[str, Any], *lots: tuple[int, str, int], last: bool = True) -> None:
    ids = [uuid.UUID(item["id"]) for item in campaign["items"]]
    counts = [{"item_id": ids[at], "lot": lot, "quantity": shares, "grams": None} for at, lot, shares in lots]
    with app.app_context(), unit_of_work():
        row = db.session.get_one(Campaign, campaign["id"])
        arrivals.arrive(actor("hu"), row.id, row.revision, counts, last=last)
        handout.hand_out(actor("hu"), row.id, row.revision)


def collected(app: Any, *orders: dict[str, Any]) -> None:
    with app.app_context(), unit_of_work():
        for order in orders:
            row = db.session.get_one(Order, order["id"])
            handout.collect(actor("qian"), row.id, row.revision, how="verified")


def settled(app: Any, campaign: dict[str, Any]) -> None:
    """The books as they are taken for even."""
    with app.app_context(), unit_of_work():
        advance(CAMPAIGN, db.session.get_one(Campaign, campaign["id"]), "settle", HOUSE)


def paid_out_and_settled(app: Any, campaign: dict[str, Any], supplier: int) -> None:
    """The supplier is paid from what came in online; the organiser's share is the cash they hold."""
    campaign_id = uuid.UUID(campaign["id"])
    with app.app_context(), unit_of_work():
        li, hu = actor("li"), actor("hu")
        settlement.pay_out(li, campaign_id, "supplier", supplier, "merchant", key()[:20])
        settlement.settle(hu, campaign_id, db.session.get_one(Campaign, campaign_id).revision)


def balances(app: Any, campaign: dict[str, Any], *accounts: str) -> dict[str, int]:
    """What these kinds of account hold within the campaign's books."""
    with app.app_context():
        entries = payments.book_entries(uuid.UUID(campaign["id"]))
        return {account: sum(entry.amount_fen for entry in entries if entry.account == account) for account in accounts}


@contextmanager
def statements(app: Any) -> Iterator[list[str]]:
    """What is sent to the database meanwhile."""
    said: list[str] = []
    with app.app_context():
        engines = list(db.engines.values())

    def listener(*arguments: Any) -> None:
        said.append(arguments[2])

    for engine in engines:
        event.listen(engine, "before_cursor_execute", listener)
    yield said
    for engine in engines:
        event.remove(engine, "before_cursor_execute", listener)


def ago(owner: Any, order: dict[str, Any], interval: str) -> None:
    """The household has had it for so long, and the truck came before that."""
    owner.execute("UPDATE lot SET arrived_at = least(arrived_at, now() - %s::interval - interval '1 hour')", [interval])
    owner.execute("UPDATE group_order SET handed_out_at = now() - %s::interval WHERE id = %s", [interval, order["id"]])


def claim(campaign: dict[str, Any], at: int = 0, **more: Any) -> dict[str, Any]:
    said = {"kind": "spoiled", "text": "打开就有酸味"}
    how_much = {} if {"quantity", "grams"} & set(more) else {"quantity": 1}
    return {"item_id": campaign["items"][at]["id"], **said, **how_much, **more}


def filed(cast: Cast, who: str, order: dict[str, Any], campaign: dict[str, Any], **more: Any) -> dict[str, Any]:
    return g.ok(cast.hand(who).post(f"/orders/{order['id']}/claims", claim(campaign, **more)), 201)


def does(cast: Cast, who: str, subject: dict[str, Any], action: str, **more: Any) -> Any:
    return cast.hand(who).post(f"/claims/{subject['id']}/{action}", {"revision": subject["revision"], **more})


def order(cast: Cast, order: dict[str, Any], who: str = "li") -> dict[str, Any]:
    return g.ok(cast.hand(who).get(f"/orders/{order['id']}"))


def refunds(owner: Any, placed: dict[str, Any]) -> dict[str, int]:
    """What goes back for an order, by the way it was paid."""
    query = "SELECT method, sum(amount_fen) FROM refund WHERE subject_id = %s GROUP BY method"
    return {method: int(fen) for method, fen in owner.execute(query, [placed["id"]])}


def jpeg(gps: bool = False) -> bytes:
    picture, out = Image.effect_noise((320, 240), 60).convert("RGB"), io.BytesIO()
    exif = Image.Exif()
    if gps:
        exif.get_ifd(GPS).update({1: "N", 2: (30.0, 35.0, 0.0), 3: "E", 4: (114.0, 17.0, 0.0)})
        exif[0x010F] = "某手机"
    picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


def sent(cast: Cast, who: str, data: bytes, mimetype: str = "image/jpeg", **of: Any) -> Any:
    (name, subject), *_ = of.items()
    return cast.hand(who).upload(f"/photos?{name}={subject['id']}", data, mimetype)
