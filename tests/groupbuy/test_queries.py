"""What the lists and the pages of payments and of the group buy cost: as many statements for twenty as for one."""

import pytest

from tests.cast import READY, SECOND
from tests.core.test_queries import counted  # noqa: F401 the fixture
from tests.factories import arrivals, changes, claims, handout
from tests.factories import groupbuy as g

PORK = {"total": 500, "cap": 100}
AT_DOOR = {"terms": "on_delivery"}
MOST = 12


@pytest.fixture
def he(world, app):
    g.home(app, "101", "he")
    return world


def campaign_of(cast, items=1, **more):
    named = [{**PORK, "name": f"第{n}样"} for n in range(items)]
    return g.opened(cast, *named, allows_on_delivery=True, **more)


def bought(cast, orders=1, items=1, **more):
    """So many orders of he's, of one share of each of so many items."""
    campaign = campaign_of(cast, items)
    return campaign, [g.ordered(cast, "he", campaign, *[1] * items, **{**AT_DOOR, **more}) for _ in range(orders)]


# --- So many of each: who asks for what then ---------------------------------------------------------------------


def public_campaigns(cast, app, owner, n):
    for _ in range(n):
        g.opened(cast)
    return "public", "/public/campaigns"


def own_campaigns(cast, app, owner, n):
    public_campaigns(cast, app, owner, n)
    return "hu", "/campaigns"


def orders_of_mine(cast, app, owner, n):
    bought(cast, n)
    return "he", "/orders"


def orders_of_a_campaign(cast, app, owner, n):
    return "li", f"/campaigns/{bought(cast, n)[0]['id']}/orders"


def payments(cast, app, owner, n):
    _, (order,) = bought(cast, items=20)
    for part in range(n):
        arrivals.receipt(cast, order, 100, f"S-{order['id'][-6:]}-{part}")
    return "he", f"/orders/{order['id']}/payments"


def refunds(cast, app, owner, n):
    for order in bought(cast, n, terms="prepaid")[1]:
        arrivals.receipt(cast, order, order["due_fen"], f"S-{order['id']}")
        g.ok(cast.he.post(f"/orders/{order['id']}/cancel", {"revision": arrivals.show(cast, order)["revision"]}))
    return "hu", "/refunds"


def handed(cast, app, n):
    campaign = campaign_of(cast)
    order = claims.bought(cast, "he", campaign, n)
    claims.arrived(app, campaign, (0, "猪-1", n))
    claims.collected(app, order)
    return campaign, order


def claims_on_an_order(cast, app, owner, n):
    campaign, order = handed(cast, app, n)
    for _ in range(n):
        claims.filed(cast, "he", order, campaign)
    return "he", f"/orders/{order['id']}/claims"


def claims_of_a_campaign(cast, app, owner, n):
    campaign, order = handed(cast, app, n)
    for _ in range(n):
        claims.filed(cast, "he", order, campaign)
    return "li", f"/campaigns/{campaign['id']}/claims"


def change_requests(cast, app, owner, n):
    campaign, orders = bought(cast, n)
    changes.cut_off(app, owner, campaign)
    for order in orders:
        changes.asks(cast, "he", order, "hardship")
    return "li", "/change-requests"


def join_requests(cast, app, owner, n):
    for _ in range(n):
        g.ok(g.asks_to_join(cast, g.opened(cast, place_code=READY), SECOND), 201)
    return "hu", "/join-requests"


def waiting(cast, app, owner, n):
    campaign = g.opened(cast, {"total": 1, "cap": 1})
    g.ordered(cast, "he", campaign, 1)
    for room in range(n):
        home = g.home(app, f"{campaign['id']}-{room}"[-16:])
        changes.waits(cast, "liu", campaign, household_id=home, consent="voice")
    return "li", f"/campaigns/{campaign['id']}/waiting"


def recalled(cast, app, n):
    campaign, _ = bought(cast, items=n)
    claims.arrived(app, campaign, *[(at, f"{at}", 1) for at in range(n)])
    for at, item in enumerate(campaign["items"]):
        body = {"item_id": item["id"], "lot": f"{at}", "reason": "冷链中断"}
        recall = g.ok(cast.hu.post(f"/campaigns/{campaign['id']}/recalls", body), 201)
    return recall


def recalls_told(cast, app, owner, n):
    recalled(cast, app, n)
    return "he", "/recalls"


def recalls_of_a_campaign(cast, app, owner, n):
    return "qian", f"/campaigns/{recalled(cast, app, n)['campaign_id']}/recalls"


def doors_of_a_recall(cast, app, owner, n):
    campaign = campaign_of(cast)
    for room in range(n):
        handout.for_home(cast, campaign, g.home(app, f"{campaign['id']}-{room}"[-16:]), 1)
    claims.arrived(app, campaign, (0, "猪-1", n))
    body = {"item_id": campaign["items"][0]["id"], "lot": "猪-1", "reason": "冷链中断"}
    recall = g.ok(cast.hu.post(f"/campaigns/{campaign['id']}/recalls", body), 201)
    return "li", f"/campaigns/{campaign['id']}/recalls/{recall['id']}"


def at_the_point(cast, app, n):
    campaign, _ = bought(cast, n)
    return f"/campaigns/{handout.handing_out(app, cast, campaign)['id']}"


def queue(cast, app, owner, n):
    return "he", f"{at_the_point(cast, app, n)}/queue"


def hand_out(cast, app, owner, n):
    return "qian", f"{at_the_point(cast, app, n)}/handout"


def statement_of_a_campaign(cast, app, owner, n):
    return "li", f"/campaigns/{bought(cast, n)[0]['id']}/statement"


def statement_of_a_household(cast, app, owner, n):
    _, orders = bought(cast, n)
    return "he", f"/households/{orders[0]['household_id']}/statement"


def case_fill(cast, app, owner, n):
    return "hu", f"/campaigns/{bought(cast, items=n)[0]['id']}/case-fill"


def price_sheet(cast, app, owner, n):
    return "public", f"/public/campaigns/{bought(cast, items=n)[0]['id']}/price-sheet"


def campaign_with_items(cast, app, owner, n):
    return "hu", f"/campaigns/{campaign_of(cast, n)['id']}"


def order_with_lines(cast, app, owner, n):
    return "he", f"/orders/{bought(cast, items=n)[1][0]['id']}"


def arrived(cast, app, owner, n):
    campaign, (order,) = bought(cast, items=n)
    claims.arrived(app, campaign, *[(at, f"{at}", 1) for at in range(n)])
    return campaign, order


def arrivals_of_a_campaign(cast, app, owner, n):
    return "qian", f"/campaigns/{arrived(cast, app, owner, n)[0]['id']}/arrivals"


def pickup(cast, app, owner, n):
    return "he", f"/orders/{arrived(cast, app, owner, n)[1]['id']}/pickup"


def explanation(cast, app, owner, n):
    return "he", f"/orders/{arrived(cast, app, owner, n)[1]['id']}/explanation"


PAGES = [
    public_campaigns, own_campaigns, orders_of_mine, orders_of_a_campaign, payments, refunds, claims_on_an_order,
    claims_of_a_campaign, change_requests, join_requests, waiting, recalls_told, recalls_of_a_campaign,
    doors_of_a_recall, queue, hand_out, statement_of_a_campaign, statement_of_a_household, case_fill, price_sheet,
    campaign_with_items, order_with_lines, arrivals_of_a_campaign, pickup, explanation,
]  # fmt: skip


def rows(answer):
    """How many of whatever the answer has most of."""
    lists = [each for each in answer.values() if isinstance(each, list)]
    lists += [each["doors"] for each in answer.get("stairwells", ())]
    return max(map(len, lists))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.__name__)
def test_twenty_cost_no_more_statements_than_one(he, app, owner, counted, page):  # noqa: F811
    costs = []
    for n in (1, 20):
        who, path = page(he, app, owner, n)
        hand = he.public if who == "public" else he.hand(who)
        query = {} if path.rsplit("/", 1)[-1] in ("queue", "pickup", "explanation") else {"limit": 100}
        assert rows(g.ok(hand.get(path, **query))) >= n  # once to warm the connections
        counted.clear()
        hand.get(path, **query)
        costs.append(len(counted))
    assert costs[0] == costs[1] <= MOST, f"{costs}: {counted}"
