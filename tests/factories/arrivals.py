"""Orders up to the day the truck comes: paid for, locked, ordered from the supplier; then trucks."""

import uuid
from typing import Any

from backend.core.auth import load_actor
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.groupbuy import campaigns
from backend.groupbuy.models import Campaign
from backend.payments import service as payments
from tests.cast import UNIT, Cast
from tests.factories import groupbuy as g
from tests.factories.payments import console
from tests.factories.world import user_id


def actor(name: str) -> Any:
    return load_actor(user_id(name))


def receipt(cast: Cast, order: dict[str, Any], fen: int, number: str, method: str = "cash") -> dict[str, Any]:
    body = {"method": method, "amount_fen": fen, "receipt": number}
    return g.ok(cast.hu.post(f"/orders/{order['id']}/receipts", body), 201)


def online(cast: Cast, order: dict[str, Any], fen: int, who: str = "he") -> dict[str, Any]:
    hand = cast.hand(who)
    payment = g.ok(hand.post(f"/orders/{order['id']}/payments", {"method": "wechat", "amount_fen": fen}), 201)
    g.ok(hand.post(f"/payments/{payment['id']}/prepay"))
    with cast.app.app_context():
        console.pay(payment["number"])
    return g.ok(hand.post(f"/payments/{payment['id']}/check"))


def neighbour(cast: Cast, campaign: dict[str, Any], room: str, *quantities: int, **more: Any) -> dict[str, Any]:
    """An order for a home without a phone, placed by the building's head and paid for in cash. Its due is its own."""
    flags = more.pop("flags", {})
    home = g.home(cast.app, room, **flags)
    lines = more.pop("lines", {})
    body = {**g.asked(campaign, *quantities, household_id=home, consent="voice"), **more}
    body["lines"] = [{**line, **lines} for line in body["lines"]]
    if more.get("terms") == "sponsored":
        g.donated(cast.app)
    order = g.ok(cast.hand("chen" if more.get("terms") == "sponsored" else "liu").post("/orders", body), 201)
    if order["status"] == "awaiting_payment":
        receipt(cast, order, order["due_fen"], f"S-{room}")
    return order


def locked(cast: Cast, owner: Any, campaign: dict[str, Any]) -> dict[str, Any]:
    """The cut-off has come, the books are closed, the supplier has the order."""
    owner.execute("UPDATE campaign SET cut_off_at = now() WHERE id = %s", [campaign["id"]])
    with cast.app.app_context():
        for verb in (campaigns.cut_off, campaigns.close_books):
            with unit_of_work():
                verb(db.session.get_one(Campaign, uuid.UUID(campaign["id"])))
        db.session.remove()
    return g.step(cast, "hu", fresh(cast, campaign), "order")


def fresh(cast: Cast, campaign: dict[str, Any]) -> dict[str, Any]:
    return g.ok(cast.hu.get(f"/campaigns/{campaign['id']}"))


def truck(cast: Cast, campaign: dict[str, Any], *quantities: int, who: str = "hu", **more: Any) -> Any:
    """The answer to a truck's being recorded: so many shares of each item, each a lot of its own."""
    counts = [
        {"item_id": item["id"], "quantity": quantity, "lot": f"L{item['name']}"}
        for item, quantity in zip(campaign["items"], quantities, strict=False)
        if quantity
    ]
    revision = fresh(cast, campaign)["revision"]
    body = {"revision": revision, "counts": counts, **more}
    return cast.hand(who).post(f"/campaigns/{campaign['id']}/arrive", body)


def show(cast: Cast, order: dict[str, Any], who: str = "li") -> dict[str, Any]:
    return g.ok(cast.hand(who).get(f"/orders/{order['id']}"))


def got(cast: Cast, orders: list[dict[str, Any]]) -> list[list[int]]:
    """What each order's lines were allocated."""
    return [[line["allocated"] for line in show(cast, order)["lines"]] for order in orders]


def told(cast: Cast, order: dict[str, Any], who: str = "li") -> dict[str, Any]:
    return g.ok(cast.hand(who).get(f"/orders/{order['id']}/explanation"))


def refunds(owner: Any, order: dict[str, Any]) -> list[tuple[str, int]]:
    """What goes back for an order, in the order in which it was issued: how it had been paid, fen."""
    found = owner.execute("SELECT method, amount_fen FROM refund WHERE subject_id = %s ORDER BY id", [order["id"]])
    return [tuple(row) for row in found.fetchall()]


def balance(cast: Cast, account: str, owner: str, campaign: dict[str, Any]) -> int:
    with cast.app.app_context():
        return payments.balance(account, owner, uuid.UUID(campaign["id"]))


def sound(cast: Cast) -> None:
    """The invariants are empty, and the trial balance is zero."""
    assert not g.sound(cast.app)
    with cast.app.app_context():
        assert sum(payments.trial_balance().values()) == 0


# A crowd, by hand: each of `n` homes ordered 3 of every item of the campaign and paid in cash.
CROWD = """
CREATE TEMP TABLE crowd AS SELECT gen_random_uuid() AS home, gen_random_uuid() AS buys, gen_random_uuid() AS pays,
  gen_random_uuid() AS placed, gen_random_uuid() AS booked, n FROM generate_series(1, %(n)s) n;
INSERT INTO household (id, place_code, room, member_count, hardship)
  SELECT home, %(place)s, 'C' || n, 2, n %% 7 = 0 FROM crowd;
INSERT INTO group_order (id, campaign_id, household_id, place_code, status, terms, delivery, placed_by, total_fen,
    subsidy_fen, sponsored_fen, due_fen, created_at)
  SELECT buys, %(campaign)s, home, %(place)s, 'paid', 'prepaid', 'pickup', %(by)s, p.fen, p.subsidy, 0,
    p.fen - p.subsidy, now() + n * interval '1 ms'
  FROM crowd, (SELECT 3 * sum(price_fen) AS fen, 3 * sum(subsidy_fen) AS subsidy FROM campaign_item
               WHERE campaign_id = %(campaign)s) p;
INSERT INTO order_line (order_id, item_id, quantity, price_fen, subsidy_fen, fen, subsidised_fen, substitution)
  SELECT buys, i.id, 3, price_fen, subsidy_fen, 3 * price_fen, 3 * subsidy_fen, 'refuse'
  FROM crowd, campaign_item i WHERE campaign_id = %(campaign)s;
INSERT INTO household_share (household_id, item_id, quantity)
  SELECT home, i.id, 3 FROM crowd, campaign_item i WHERE campaign_id = %(campaign)s;
UPDATE campaign_item SET sold = 3 * %(n)s, available = total - 3 * %(n)s WHERE campaign_id = %(campaign)s;
INSERT INTO audit_event (id, subject_type, subject_id, action, new, place_code)
  SELECT gen_random_uuid(), 'order', buys, 'place', 'paid', %(place)s FROM crowd;
INSERT INTO payment (id, subject_type, subject_id, book_id, household_id, place_code, collector_id, method, number,
    amount_fen, status, receipt, recorded_by, succeeded_at)
  SELECT pays, 'order', buys, %(campaign)s, home, %(place)s, %(by)s, 'cash', replace(pays::text, '-', ''), due_fen,
    'succeeded', 'C' || n, %(by)s, now()
  FROM crowd JOIN group_order o ON o.id = buys;
INSERT INTO audit_event (id, subject_type, subject_id, action, new, place_code)
  SELECT gen_random_uuid(), 'payment', pays, 'record', 'succeeded', %(place)s FROM crowd;
INSERT INTO ledger_transaction (id, kind, book_id, subject_id)
  SELECT placed, 'order_placed', %(campaign)s::uuid, buys FROM crowd
  UNION ALL SELECT booked, 'payment', %(campaign)s::uuid, pays FROM crowd;
INSERT INTO ledger_entry (transaction_id, line, account, owner, amount_fen)
  SELECT e.* FROM crowd JOIN group_order o ON o.id = buys, LATERAL (VALUES
    (placed, 1, 'household', home::text, due_fen), (placed, 2, 'subsidy', left(%(place)s, 6), subsidy_fen),
    (placed, 3, 'campaign', %(campaign)s::text, -total_fen), (booked, 1, 'organiser', %(by)s::text, due_fen),
    (booked, 2, 'household', home::text, -due_fen)) e (id, line, account, owner, fen)
  WHERE fen <> 0;
DROP TABLE crowd"""


def crowd(cast: Cast, owner: Any, n: int, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A campaign that the supplier has, with orders of so many homes."""
    room = {"total": 100_000, "cap": 5}
    campaign = g.opened(cast, *[{**room, **item} for item in items], **more)
    by = owner.execute("SELECT id FROM app_user WHERE demo_name = 'hu'").fetchone()[0]
    with owner.transaction():
        for statement in CROWD.split(";\n"):
            owner.execute(statement, {"n": n, "campaign": campaign["id"], "place": UNIT, "by": by})
    owner.execute("ANALYZE")
    return locked(cast, owner, campaign)
