"""What the community sponsors it must have: its fund is never given out twice, nor before it is there."""

import pytest

from backend.payments import service as payments
from tests.cast import MACHIDUN
from tests.factories import groupbuy as g
from tests.factories.races import at_once, everyday_or, in_turn

FUND = "SELECT pg_advisory_xact_lock(hashtextextended('fund:' || %s, 0))"
ROWS = """
SELECT (SELECT count(*) FROM group_order), (SELECT count(*) FROM payment), (SELECT count(*) FROM idempotency_key),
  (SELECT sum(sold + reserved) FROM campaign_item), (SELECT sum(quantity) FROM household_share)"""


@pytest.fixture
def shop(world, app, owner):
    shop = Shop(world, app, owner)
    yield shop
    assert not g.sound(app)
    assert shop.left() >= 0


class Shop:
    """Pork at 10 yuan a share, for homes that chen and li order for; one campaign for each who orders at once, so that
    nothing but the fund is between them."""

    def __init__(self, cast, app, owner):
        self.cast, self.app, self.owner = cast, app, owner
        self.campaigns = [g.opened(cast), g.opened(cast)]
        self.homes = [g.home(app, f"30{n}") for n in range(4)]
        self.url = app.config["MIGRATION_DATABASE_URL"].replace("+psycopg", "")

    def left(self):
        with self.app.app_context():
            return -payments.balance("fund", MACHIDUN)

    def sponsored(self, quantity=1, who="chen", at=0, terms="sponsored"):
        campaign, home = self.campaigns[at], self.homes[at]
        asked = g.asked(campaign, quantity, household_id=home, consent="voice", terms=terms)
        return self.cast.hand(who).post("/orders", asked)

    def receipt(self, order, fen, number="Z-1"):
        body = {"method": "sponsored", "amount_fen": fen, "receipt": number}
        return self.cast.chen.post(f"/orders/{order['id']}/receipts", body)


def said(answer):
    return answer.status_code, answer.json.get("code")


def test_to_the_last_fen_and_no_further(shop, owner):
    before = owner.execute(ROWS).fetchone()
    refused = shop.sponsored()
    assert said(refused) == (409, "fund_empty") and "登记" in refused.json["detail"]
    g.donated(shop.app, 2_999)
    assert said(shop.sponsored(3)) == (409, "fund_empty")
    assert owner.execute(ROWS).fetchone() == before, "nothing of a refused order stays"
    g.donated(shop.app, 1)
    placed = g.ok(shop.sponsored(3), 201)
    assert (placed["sponsored_fen"], shop.left()) == (3_000, 0)
    assert said(shop.sponsored()) == (409, "fund_empty")
    g.ok(shop.sponsored(terms="prepaid"), 201)


def test_what_comes_back_is_there_again(shop):
    g.donated(shop.app, 3_000)
    placed = g.ok(shop.sponsored(3), 201)
    g.ok(shop.cast.chen.post(f"/orders/{placed['id']}/cancel", {"revision": 1}))
    assert shop.left() == 3_000
    g.ok(shop.sponsored(2), 201)


def test_another_communitys_fund_is_not_ours(shop):
    g.donated(shop.app, 10_000, community="420112004008")
    assert said(shop.sponsored()) == (409, "fund_empty")


def test_a_donation_that_is_taken_down_is_the_way_out(shop):
    gift = {"for": "fund", "amount_fen": 1_000, "receipt": "JK-1"}
    taken_down = shop.cast.chen.post(f"/campaigns/{shop.campaigns[0]['id']}/grants", gift)
    assert taken_down.status_code == 204, taken_down.text
    g.ok(shop.sponsored(), 201)


def test_what_remains_of_an_order_is_sponsored_within_the_fund_too(shop, owner):
    order = g.ok(shop.sponsored(2, terms="prepaid"), 201)
    g.donated(shop.app, 1_999)
    before = owner.execute(ROWS).fetchone()
    assert said(shop.receipt(order, 2_000)) == (409, "fund_empty")
    assert owner.execute(ROWS).fetchone() == before
    g.ok(shop.receipt(order, 1_999), 201)
    assert shop.left() == 0


# --- Two at once ------------------------------------------------------------------------------------------------


def test_two_who_stand_before_the_fund_do_not_both_get_it(shop):
    """Both have written their order, and neither sees the other's yet. Each on a connection of its own."""
    g.donated(shop.app, 1_500)
    works = [lambda at=at, who=who: shop.sponsored(who=who, at=at) for at, who in enumerate(("chen", "li"))]
    answers = in_turn(shop.url, FUND, [MACHIDUN], *works)
    assert sorted(map(said, answers), key=str) == [(201, None), (409, "fund_empty")]
    assert shop.left() == 500


def test_an_order_and_a_receipt_stand_before_the_fund(shop):
    """The receipt pays for shares of the same item: both come to the item before the fund, so neither waits in a
    circle."""
    order = g.ok(shop.sponsored(terms="prepaid"), 201)
    g.donated(shop.app, 1_500)
    shop.homes[0] = shop.homes[2]
    answers = in_turn(shop.url, FUND, [MACHIDUN], lambda: shop.receipt(order, 1_000), lambda: shop.sponsored(who="li"))
    assert sorted(map(said, answers), key=str) == [(201, None), (409, "fund_empty")]
    assert shop.left() == 500


@pytest.mark.parametrize("rounds", everyday_or(50, everyday=4))
def test_a_race_for_the_last_of_the_fund(rounds, shop):
    for n in range(rounds):
        g.donated(shop.app, 1_000)
        shop.homes[:2] = [g.home(shop.app, f"4{n:02d}"), g.home(shop.app, f"5{n:02d}")]
        answers = at_once(lambda: shop.sponsored(at=0), lambda: shop.sponsored(who="li", at=1))
        assert sorted(map(said, answers), key=str) == [(201, None), (409, "fund_empty")]
        assert shop.left() == 0
