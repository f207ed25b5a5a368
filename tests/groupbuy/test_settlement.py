"""Settled means zero: the campaign's account, everyone's hands, every household; and the price sheet shows it all."""

import pytest

from tests.factories import changes as c
from tests.factories import groupbuy as g
from tests.factories.races import at_once
from tests.factories.world import user_id


@pytest.fixture
def homes(app, world):
    return {who: g.home(app, room, who) for who, room in [("he", "101"), ("qian", "102"), ("feng", "103")]}


def who_is(app, name):
    with app.app_context():
        return str(user_id(name))


def pays_out(world, campaign, fen, receipt, who="hu", source="organiser", what="supplier"):
    body = {"what": what, "amount_fen": fen, "from": source, "receipt": receipt}
    return world.hand(who).post(f"/campaigns/{campaign['id']}/payouts", body)


def settles(world, campaign, who="hu"):
    now = g.ok(world.hand(who).get(f"/campaigns/{campaign['id']}"))
    return world.hand(who).post(f"/campaigns/{campaign['id']}/settle", {"revision": now["revision"]})


def missing(answer):
    assert (answer.status_code, answer.json["code"]) == (422, "not_even"), answer.text
    return {each["code"]: each["fen"] for each in answer.json["missing"]}


def sold(app, world, owner, homes, *quantities, **more):
    """Each of the three has paid hu in cash for so many, and has had them."""
    campaign = g.opened(world, **more)
    for who, quantity in zip(homes, quantities, strict=False):
        if quantity:
            order = g.ordered(world, who, campaign, quantity)
            c.cash(world, order, quantity * 1000, f"R-{order['id'][-12:]}")
    c.cut_off(app, owner, campaign)
    c.ordered_from_supplier(world, campaign)
    return campaign


def test_the_organisers_float_must_be_zero_and_the_refusal_says_exactly_how_much(world, app, owner, homes):
    campaign = sold(app, world, owner, homes, 3, 2, 5)
    assert settles(world, campaign).json["code"] == "not_now"  # not handed out yet
    g.ok(pays_out(world, campaign, 9000, "GH-20201"), 201)
    c.handed_out(app, owner, world, campaign, 10)
    # Ten shares: 100 yuan came in, 90 went to the supplier, the freight is 6, the organiser earns 4.
    refused = settles(world, campaign)
    assert missing(refused) == {"cash_in_hand": 600}
    assert "hu扣除报酬 4.00 元 后，手里还有 6.00 元，请交给社区" in refused.json["detail"]
    g.ok(pays_out(world, campaign, 550, "YF-1", what="freight"), 201)
    body = {"organiser_id": who_is(app, "hu"), "amount_fen": 50, "receipt": "SJ-1"}
    assert world.hu.post(f"/campaigns/{campaign['id']}/remittances", body).status_code == 403
    assert world.chen.post(f"/campaigns/{campaign['id']}/remittances", body).status_code == 204
    left_to_do = "SELECT status, count(*) FROM task GROUP BY 1"
    assert owner.execute(left_to_do).fetchall() == [("open", 3)], "unload, sort, pack: nobody has said that it is done"
    assert g.ok(settles(world, campaign))["status"] == "settled"
    assert owner.execute(left_to_do).fetchall() == [("cancelled", 3)]
    assert c.books(app, campaign) == {"community_float": 50, "fund": -50} and not g.sound(app)
    assert settles(world, campaign).json["code"] == "not_now"
    assert pays_out(world, campaign, 1, "X").json["code"] == "not_now"


def test_own_money_advanced_comes_back_before_the_settlement(world, app, owner, homes):
    campaign = g.opened(world)
    for who in homes:
        c.bought(app, world, who, campaign, 2)
    c.cut_off(app, owner, campaign)
    c.ordered_from_supplier(world, campaign)
    g.ok(pays_out(world, campaign, 5400, "GH-1"), 201)  # all of it hu's own money: the 60 yuan are at the merchant's
    c.handed_out(app, owner, world, campaign, 6)
    assert missing(settles(world, campaign)) == {"advanced": -5640}  # and the share of 2.40 is hers
    path, body = f"/campaigns/{campaign['id']}/reimbursements", {"organiser_id": who_is(app, "hu"), "receipt": "BX-1"}
    assert world.hu.post(path, {**body, "amount_fen": 5400, "from": "merchant"}).status_code == 403
    more = world.li.post(path, {**body, "amount_fen": 5640, "from": "merchant"})
    assert more.json["code"] == "more_than_advanced"  # her share is hers only when it is settled
    assert world.li.post(path, {**body, "amount_fen": 5400, "from": "merchant"}).status_code == 204
    assert missing(settles(world, campaign)) == {"advanced": -240}
    assert pays_out(world, campaign, 240, "BC-1", what="share").status_code == 403
    assert pays_out(world, campaign, 241, "BC-1", "li", "merchant", "share").json["code"] == "more_than_earned"
    g.ok(pays_out(world, campaign, 240, "BC-1", "li", "merchant", "share"), 201)
    g.ok(settles(world, campaign))
    assert c.books(app, campaign) == {"merchant": 360, "fund": -360} and not g.sound(app)
    assert g.ok(world.public.get(f"/public/campaigns/{campaign['id']}/price-sheet"))["organiser_got_fen"] == 240


def test_everything_that_is_not_done_is_named(world, app, owner, homes):
    campaign = g.opened(world, allows_on_delivery=True)
    on_delivery = g.ordered(world, "he", campaign, 2, terms="on_delivery")
    paid = g.ordered(world, "qian", campaign, 1)
    c.cash(world, paid, 1000, "R1")
    c.cut_off(app, owner, campaign)
    c.ordered_from_supplier(world, campaign)
    g.ok(c.truck(world, campaign, 2))  # one is missing
    c.begin_hand_out(app, world, campaign)
    said = missing(settles(world, campaign))
    assert {"orders_undone", "due_unpaid", "cash_in_hand"} <= set(said)
    assert on_delivery and not g.sound(app)


def test_within_a_day_of_the_hand_out_somebody_may_still_claim(world, app, owner, homes):
    campaign = sold(app, world, owner, homes, 1)
    g.ok(pays_out(world, campaign, 960, "GH-1"), 201)
    c.handed_out(app, owner, world, campaign, 1)
    owner.execute("UPDATE group_order SET handed_out_at = now()")
    assert missing(settles(world, campaign)) == {"claims_possible": 0}
    owner.execute("UPDATE group_order SET handed_out_at = now() - interval '25 hours'")
    g.ok(settles(world, campaign))
    assert c.books(app, campaign) == {} and not g.sound(app)


def test_a_loss_is_borne_by_the_fund_and_only_the_community_says_so(world, app, owner, homes):
    campaign = sold(app, world, owner, homes, 5)
    g.ok(pays_out(world, campaign, 4800, "GH-1"), 201)
    assert pays_out(world, campaign, 300, "GH-2", source="community_float").status_code == 403
    g.ok(pays_out(world, campaign, 300, "GH-2", who="li", source="community_float"), 201)
    c.handed_out(app, owner, world, campaign, 5)
    assert missing(settles(world, campaign)) == {"loss": 300}
    path, body = f"/campaigns/{campaign['id']}/losses", {"amount_fen": 301, "reason": "路上坏了"}
    assert world.hu.post(path, body).status_code == 403
    assert world.chen.post(path, body).json["code"] == "more_than_lost"
    assert world.chen.post(path, {**body, "amount_fen": 300}).status_code == 204
    g.ok(settles(world, campaign))
    assert c.books(app, campaign) == {"community_float": -300, "fund": 300} and not g.sound(app)


def test_nobody_settles_before_the_supplier_is_paid_nor_anothers_campaign(world, app, owner, homes):
    campaign = g.opened(world)
    c.bought(app, world, "he", campaign, 5)
    c.cut_off(app, owner, campaign)
    c.ordered_from_supplier(world, campaign)
    c.handed_out(app, owner, world, campaign, 5)
    said = missing(settles(world, campaign))
    assert said == {"advanced": -200, "supplier_unpaid": 0}
    for who, status in (("yang", 404), ("he", 404), ("qian", 404), ("li", 403)):
        revision = g.ok(world.hu.get(f"/campaigns/{campaign['id']}"))["revision"]
        refused = world.hand(who).post(f"/campaigns/{campaign['id']}/settle", {"revision": revision})
        assert refused.status_code in (status, 403), who
    assert pays_out(world, campaign, 100, "Z", who="yang").status_code == 404
    assert not g.sound(app)


def test_six_hundred_jin_of_subsidised_pork_with_a_cap_and_on_behalf_orders_settled_to_zero(world, app, owner, homes):
    """10 yuan a jin, 2 of it the district's; at most 5 a household; some ordered on behalf, one sponsored."""
    campaign = g.opened(world, {"subsidy_fen": 200, "total": 600, "cap": 5}, allows_on_delivery=True)
    for who in homes:
        c.bought(app, world, who, campaign, 5)
    old, poor, late = (g.home(app, room) for room in ("201", "202", "203"))
    assert world.he.post("/orders", g.asked(campaign, 1)).json["code"] == "over_cap"
    behalf = g.ordered(world, "liu", campaign, 5, household_id=old, consent="voice")
    c.cash(world, behalf, 4000, "R1")
    g.ordered(world, "chen", campaign, 3, household_id=poor, consent="in_person", terms="sponsored")
    door = g.ordered(world, "liu", campaign, 2, household_id=late, consent="paper", terms="on_delivery")
    c.cut_off(app, owner, campaign)
    c.ordered_from_supplier(world, campaign)
    c.handed_out(app, owner, world, campaign, 25)
    assert missing(settles(world, campaign))["due_unpaid"] == 1600
    c.cash(world, door, 1600, "R2")
    # 25 jin: 225 yuan to the supplier, 15 freight, 10 to the organiser, who holds 56 yuan of cash.
    g.ok(pays_out(world, campaign, 4600, "GH-88881"), 201)
    g.ok(pays_out(world, campaign, 17900, "GH-88882", who="li", source="merchant"), 201)
    g.ok(pays_out(world, campaign, 1500, "YF-1", who="li", source="community_float", what="freight"), 201)
    g.ok(settles(world, campaign))
    assert c.books(app, campaign) == {"merchant": -5900, "subsidy": 5000, "fund": 2400, "community_float": -1500}
    assert sum(c.books(app, campaign).values()) == 0 and not g.sound(app)

    def granted(purpose, fen, receipt, who="li"):
        body = {"for": purpose, "amount_fen": fen, "receipt": receipt}
        return world.hand(who).post(f"/campaigns/{campaign['id']}/grants", body)

    # The district's money comes after the settlement, and someone gives for the home that could not pay.
    assert granted("subsidy", 5001, "BT-1").json["code"] == "more_than_owed"
    assert granted("subsidy", 5000, "BT-1", who="hu").status_code == 403
    assert granted("subsidy", 5000, "BT-1").status_code == granted("fund", 2400, "JK-1").status_code == 204
    assert granted("fund", 100, "JK-1").json["code"] == "receipt_used"
    assert c.books(app, campaign) == {"merchant": -5900, "community_float": 5900} and not g.sound(app)
    sheet = g.ok(world.public.get(f"/public/campaigns/{campaign['id']}/price-sheet"))
    assert sheet["items"][0]["shares"] == 25
    assert sheet["totals"] == {
        "cost_fen": 22500, "freight_fen": 1500, "organiser_fen": 1000, "price_fen": 25000, "subsidy_fen": 5000,
    }  # fmt: skip
    assert [(p["what"], p["amount_fen"], p["receipt"]) for p in sheet["payouts"]] == [
        ("货款", 4600, "****8881"), ("货款", 17900, "****8882"), ("运费", 1500, "****YF-1"),
    ]  # fmt: skip
    assert (sheet["organiser_got_fen"], sheet["surplus_fen"]) == (1000, 0)


def test_settled_while_cash_is_paid_out_a_second_time(world, app, owner, homes):
    """Either comes first: what is paid out after the settlement is refused, what came before it stands in its way."""
    for round_ in range(4):
        campaign = sold(app, world, owner, homes, *[3 if n == round_ % 3 else 0 for n in range(3)])
        g.ok(pays_out(world, campaign, 2880, f"GH-{round_}"), 201)
        c.handed_out(app, owner, world, campaign, 3)
        paid, settled = at_once(
            lambda campaign=campaign: pays_out(world, campaign, 100, "twice"),
            lambda campaign=campaign: settles(world, campaign),
        )
        assert (paid.status_code, settled.status_code) in {(201, 422), (409, 200)}, (paid.text, settled.text)
        assert not g.sound(app)
