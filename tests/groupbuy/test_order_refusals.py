"""What others got wrong, told of our orders: no price, sum or person from outside is believed, no stranger is told
that something is there, and a refusal leaves nothing behind."""

from datetime import timedelta

import pytest

from backend.core import clock
from tests.cast import ELSEWHERE, MACHIDUN, SECOND, key
from tests.core import things
from tests.factories import groupbuy as g

NOTHING = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def shop(world, app, owner):
    """He's home, a home of people without a phone, hu's campaign. Whatever is refused leaves nothing."""
    shop = Shop(world, app)
    yield shop
    kept = ("group_order", "order_line", "household_share", "ledger_entry", "idempotency_key")
    if not shop.placed:
        counts = {table: owner.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in kept[:4]}
        assert not any(counts.values()), counts
        assert owner.execute("SELECT count(*) FROM idempotency_key WHERE operation = 'placeOrder'").fetchone() == (0,)
    assert not g.sound(app)


class Shop:
    def __init__(self, cast, app):
        self.cast, self.app, self.placed = cast, app, False
        self.home, self.other = g.home(app, who="he"), g.home(app, "102")
        self.campaign = g.opened(cast)

    def send(self, who="he", quantity=1, **more):
        """(status, code) of an order of pork."""
        body = g.asked(self.campaign, 1, **more)
        body["lines"][0]["quantity"] = quantity
        return self.sent(who, body)

    def sent(self, who, body):
        answer = self.cast.hand(who).post("/orders", body)
        self.placed |= answer.status_code == 201
        return answer.status_code, answer.json.get("code")

    def ordered(self, who="he", **more):
        self.placed = True
        return g.ordered(self.cast, who, self.campaign, 1, **more)


# --- What the body may say --------------------------------------------------------------------------------------

UNASKED = ["total_fen", "due_fen", "price_fen", "subsidy_fen", "user_id", "placed_by", "place_code", "status", "pay_by"]


def test_what_the_server_decides_is_not_for_the_body(shop):
    for field in UNASKED:
        for path, more in (("", {field: 1}), ("/lines/0", {})):
            body = {**g.asked(shop.campaign, 1), **more}
            body["lines"][0] |= {} if more else {field: 1}
            answer = shop.cast.he.post("/orders", body)
            assert answer.status_code == 422, field
            assert [error["field"] for error in answer.json["errors"]] == [f"{path}/{field}"]


def test_a_quantity_is_a_whole_number_of_shares(shop):
    for quantity in (0, -1, 1.5, 1.0, 100_001, 2**31, 2**63, 1e308, True, False, "1", "一", "", None, [1], {}):
        assert shop.send(quantity=quantity) == (422, "invalid"), quantity


def test_a_number_that_is_none_is_refused_as_it_is_read(shop):
    hand = shop.cast.he
    for written in ("NaN", "Infinity", "1e999", "-0", "0x1", "01", "9" * 400):
        body = shop.app.json.dumps(g.asked(shop.campaign, 7)).replace('"quantity":7', f'"quantity":{written}')
        assert written in body
        sent = {"Authorization": f"Bearer {hand.token}", "Idempotency-Key": key(), "Content-Type": "application/json"}
        answer = shop.app.test_client().post("/api/v1/orders", data=body, headers=sent)
        assert answer.status_code in (400, 422), written


def test_an_order_has_lines_and_not_a_thousand_of_them(shop):
    line = g.asked(shop.campaign, 1)["lines"][0]
    for lines in ([], [line] * 1_000, [line] * 31, None, {}, line, [None], ["1"]):
        assert shop.sent("he", {"campaign_id": shop.campaign["id"], "lines": lines}) == (422, "invalid"), lines


def test_the_same_item_twice_is_said_once(shop):
    line = g.asked(shop.campaign, 1)["lines"][0]
    shouted = {**line, "item_id": line["item_id"].upper()}
    assert shop.sent("he", {"campaign_id": shop.campaign["id"], "lines": [line, shouted]}) == (422, "item_twice")


def test_an_item_of_another_campaign_has_no_place_in_this_one(shop):
    other = g.opened(shop.cast, {"cost_fen": 1})
    cheap = {**g.asked(shop.campaign, 1), "lines": g.asked(other, 1)["lines"]}
    assert shop.sent("he", cheap) == (422, "item_missing")
    both = {**g.asked(shop.campaign, 1), "lines": g.asked(shop.campaign, 1)["lines"] + g.asked(other, 1)["lines"]}
    assert shop.sent("he", both) == (422, "item_missing")
    assert shop.sent("he", {**g.asked(shop.campaign, 1), "campaign_id": NOTHING}) == (404, "campaign_missing")


def test_the_terms_are_those_of_the_campaign(shop):
    shop.campaign = g.opened(shop.cast, allows_door=False)
    assert shop.send(delivery="door") == (422, "no_door_delivery")
    assert shop.send(terms="on_delivery") == (422, "no_pay_on_delivery")
    assert shop.send(terms="free") == shop.send(delivery="drone") == shop.send(consent="nodded") == (422, "invalid")


# --- Who orders, and for whom -----------------------------------------------------------------------------------


def test_a_strangers_home_and_a_missing_one_are_told_alike(shop):
    strangers, missing = (
        shop.cast.he.post("/orders", g.asked(shop.campaign, 1, household_id=home, consent="voice")).json
        for home in (shop.other, NOTHING)
    )
    assert {**strangers, "request_id": ""} == {**missing, "request_id": ""}
    assert (strangers["status"], strangers["code"]) == (404, "household_missing")


def test_a_resident_whom_nobody_has_entered_in_a_household(shop):
    assert shop.send("feng") == (404, "household_missing"), "a helper, and in no household"
    assert shop.send("nobody") == (403, "forbidden")
    assert shop.cast.public.post("/orders", g.asked(shop.campaign, 1)).status_code == 401


def test_one_of_two_homes_is_to_be_named(shop):
    g.home(shop.app, "103", who="he")
    assert shop.send() == (422, "which_household")
    assert shop.send(household_id=shop.home)[0] == 201


def test_who_has_moved_out_orders_here_no_more(shop, owner):
    member = owner.execute("SELECT id FROM household_member WHERE user_id IS NOT NULL").fetchone()[0]
    g.ok(shop.cast.wang.post(f"/household-members/{member}/leave"))
    assert shop.send() == shop.send(household_id=shop.home) == (404, "household_missing")


def test_a_post_that_has_ended_orders_no_more(shop, owner):
    owner.execute("UPDATE role_assignment SET ended_at = now() WHERE role IN ('resident', 'building_head')")
    assert shop.send() == (403, "forbidden")
    assert shop.send("liu", household_id=shop.other, consent="voice") == (403, "forbidden")


def test_an_order_on_behalf_says_how_they_agreed(shop):
    assert shop.send("liu", household_id=shop.other) == (422, "consent_needed")
    placed = shop.ordered("liu", household_id=shop.other, consent="voice")
    assert g.ok(shop.cast.liu.get(f"/orders/{placed['id']}"))["consent_kind"] == "voice"
    assert placed["household_id"] == shop.other


def test_a_head_of_another_building_is_a_stranger(shop):
    away = g.home(shop.app, place=SECOND)
    shop.campaign = g.opened(shop.cast, place_code=MACHIDUN)
    assert shop.send("liu", household_id=away, consent="voice") == (404, "household_missing")


def test_a_consent_withdrawn_or_over_is_none(shop, owner):
    consent = {**things.consent(shop.app, "he")}
    given = g.ok(shop.cast.wang.post(f"/households/{shop.other}/consents", consent), 201)
    assert shop.ordered(household_id=shop.other)["household_id"] == shop.other
    g.ok(shop.cast.wang.post(f"/consents/{given['id']}/withdraw"))
    assert shop.send(household_id=shop.other) == (404, "household_missing")
    g.ok(shop.cast.wang.post(f"/households/{shop.other}/consents", consent), 201)
    owner.execute("UPDATE consent SET until = now()")
    assert shop.send(household_id=shop.other, consent="voice") == (404, "household_missing")


def test_only_the_community_gives_its_money(shop):
    assert shop.send(terms="sponsored") == (403, "no_sponsoring")
    assert shop.send("liu", terms="sponsored", household_id=shop.other, consent="voice") == (403, "no_sponsoring")
    placed = shop.ordered("li", terms="sponsored", household_id=shop.other, consent="in_person")
    assert (placed["due_fen"], placed["sponsored_fen"], placed["status"]) == (0, 1000, "sponsored")


# --- Which campaign ---------------------------------------------------------------------------------------------


def test_a_draft_is_not_there(shop):
    shop.campaign = g.drafted(shop.cast)
    assert shop.send() == (404, "campaign_missing")


def test_before_it_opens_and_after_its_cut_off_it_takes_no_orders(shop, owner):
    tomorrow = clock.now() + timedelta(days=1)
    later = {"opens_at": tomorrow.isoformat(), "cut_off_at": (tomorrow + timedelta(days=1)).isoformat()}
    published = g.opened(shop.cast, **later)
    assert shop.sent("he", g.asked(published, 1)) == (409, "not_open")
    owner.execute("UPDATE campaign SET cut_off_at = now() WHERE id = %s", [shop.campaign["id"]])
    assert shop.send() == (409, "not_open"), "the clock decides, whether or not the job has run"


def test_a_campaign_of_another_place_is_for_its_own_homes(shop):
    away = g.home(shop.app, "9", place=ELSEWHERE)
    assert shop.send("other_grid", household_id=away, consent="paper") == (404, "household_missing")


# --- The order of a stranger ------------------------------------------------------------------------------------


def test_a_strangers_order_and_a_missing_one_are_told_alike(shop):
    placed = shop.ordered()
    for who in ("qian", "other_grid", "other_secretary", "nobody"):
        hand = shop.cast.hand(who)
        for order in (placed["id"], NOTHING):
            assert hand.get(f"/orders/{order}").status_code == 404
            assert hand.post(f"/orders/{order}/cancel", {"revision": 1}).status_code == 404
        assert hand.get("/orders").json["items"] == []
    assert g.ok(shop.cast.he.get(f"/orders/{placed['id']}"))["status"] == "awaiting_payment"


def test_what_is_sent_again_after_a_refusal_is_a_new_request(shop):
    """A refusal keeps no key: fewer shares under the same key are an order, and the answer of that key from then on."""
    k, greedy, modest = key(), g.asked(shop.campaign, 6), g.asked(shop.campaign, 5)
    assert shop.cast.he.post("/orders", greedy, idempotency_key=k).json["code"] == "over_cap"
    shop.placed = True
    first, again = [shop.cast.he.post("/orders", modest, idempotency_key=k) for _ in range(2)]
    assert first.status_code == 201 and first.data == again.data
    assert shop.cast.he.post("/orders", greedy, idempotency_key=k).json["code"] == "idempotency_key_reused"


def test_a_key_is_one_persons(shop):
    """The same key from another is another request, and shows nothing of the first."""
    k = key()
    shop.placed = True
    mine = shop.cast.he.post("/orders", g.asked(shop.campaign, 1), idempotency_key=k)
    theirs = shop.cast.liu.post("/orders", g.asked(shop.campaign, 1), idempotency_key=k)
    assert mine.status_code == 201 and (theirs.status_code, theirs.json["code"]) == (404, "household_missing")


def test_nobody_orders_for_their_own_home_on_the_communitys_money(world, app):
    g.home(app, who="chen")
    campaign = g.opened(world)
    refused = world.chen.post("/orders", g.asked(campaign, 1, terms="sponsored"))
    assert (refused.status_code, refused.json["code"]) == (403, "sponsoring_oneself")
    assert not g.sound(app)
