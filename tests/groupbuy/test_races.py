"""Many people at once at POST /api/v1/orders: not one share too many, one order a key, nothing half done."""

import random
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from backend.core.transaction import unit_of_work
from backend.groupbuy import deadlines
from tests.cast import key
from tests.conftest import OWNER, clone, url_of
from tests.factories import groupbuy as g
from tests.factories import shoppers
from tests.factories.races import at_once, everyday_or, in_turn
from tests.factories.servers import PROJECT, environment, serving
from tests.factories.shoppers import Market, Phone, Tap
from tests.factories.world import user_id

HOMES, CONNECTIONS = 500, 64


@pytest.fixture(scope="module")
def market(app, server, template, worker_id):
    """A real gunicorn of two workers on a database of its own."""
    name = f"anlin_market_{worker_id}"
    env = environment(clone(server, template, name), url_of(server, OWNER, name))
    subprocess.run([sys.executable, "-m", "tests.factories.shoppers", str(HOMES)], cwd=PROJECT, env=env, check=True)
    with serving(env) as web:
        yield Market(web.url, env["MIGRATION_DATABASE_URL"])


# --- The shares -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rounds", everyday_or(50, everyday=2))
def test_a_hundred_shares_and_five_hundred_homes(market, rounds):
    for _ in range(rounds):
        campaign = market.opened({"total": 100, "cap": 1})
        answers = market.at_once(shoppers.taps(market.homes, g.asked(campaign, 1)), CONNECTIONS)
        outcomes = Counter(answer.outcome for answer in answers)
        assert outcomes == {(201, "awaiting_payment"): 100, (409, "sold_out"): 400}
        assert {answer.json["left"] for answer in answers if answer.status == 409} == {0}
        assert sorted(market.orders(campaign)) == sorted(a.json["id"] for a in answers if a.status == 201)
        assert market.shares(campaign) == [(100, 0, 100, 0)]
    market.check()


@pytest.mark.parametrize("rounds", everyday_or(1_000, everyday=50))
def test_sixteen_homes_want_the_last_share(market, rounds):
    """An item of one share is a round; all sixteen let go by a barrier each time."""
    contenders, items = market.homes[:16], 25
    for _ in range(rounds // items):
        campaign = market.opened(*[{"total": 1, "cap": 1}] * items)
        start = threading.Barrier(len(contenders))

        def contend(home, campaign=campaign, start=start):
            phone, outcomes = Phone(market.url), []
            for item in campaign["items"]:
                body = {"campaign_id": campaign["id"], "lines": [{"item_id": item["id"], "quantity": 1}]}
                tap = Tap.of(home.people[0], body)
                start.wait(30)
                outcomes.append(phone.order(tap).outcome)
            return outcomes

        with ThreadPoolExecutor(len(contenders)) as pool:
            for each in zip(*pool.map(contend, contenders), strict=True):
                assert Counter(each) == {(201, "awaiting_payment"): 1, (409, "sold_out"): 15}
        assert set(market.shares(campaign)) == {(1, 0, 1, 0)}
    market.check()


# --- The keys ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keys", everyday_or(10_000, everyday=300))
def test_a_key_is_one_order_however_often_it_is_sent_and_whoever_hangs_up(market, keys):
    """Each is sent one to five times side by side, a fifth of them from phones that are gone before the answer."""
    dice = random.Random(20200305)
    campaign = market.opened({"total": 100_000, "cap": 1_000})
    once = shoppers.taps(market.homes, g.asked(campaign, 1), keys)
    sent = [(tap, dice.random() < 0.2) for tap in once for _ in range(dice.randint(1, 5))]
    answers = defaultdict(set)
    for (tap, gone), answer in zip(sent, market.at_once(sent, 16, _or_vanish), strict=True):
        if not gone:
            answers[tap.key].add(answer)
    for tap, answer in zip(once, market.at_once(once, 16, _patiently), strict=True):
        answers[tap.key].add(answer)
    assert all(len(different) == 1 for different in answers.values()), "answers of one key differ"
    told = [next(iter(different)) for different in answers.values()]
    assert {answer.outcome for answer in told} == {(201, "awaiting_payment")}
    assert sorted(market.orders(campaign)) == sorted(answer.json["id"] for answer in told) and len(told) == keys
    assert market.shares(campaign)[0][2] == keys
    for tap in once[:: keys // 20]:
        other = tap._replace(body=tap.body.replace(b'"quantity": 1', b'"quantity": 2'))
        assert Phone(market.url).order(other).outcome == (422, "idempotency_key_reused")
    assert market.shares(campaign)[0][2] == keys
    market.check()


def _or_vanish(phone, sent):
    tap, gone = sent
    return phone.order_and_vanish(tap, rudely=random.random() < 0.5) if gone else _patiently(phone, tap)


def _patiently(phone, tap):
    """A phone that is told to wait sends the same again."""
    for _ in range(5):
        answer = phone.order(tap)
        if answer.status != 503 and answer.outcome != (409, "in_flight"):
            break
        time.sleep(2)
    return answer


def test_in_flight_for_longer_than_two_seconds_asks_to_wait(world, app, owner):
    g.home(app, who="he")
    body, k = g.asked(g.opened(world), 1), key()
    insert = (
        "INSERT INTO idempotency_key (id, user_id, operation, key, fingerprint) VALUES (%s, %s, 'placeOrder', %s, '')"
    )
    with app.app_context():
        he = user_id("he")
    with owner.transaction() as transaction:  # the twin that has not finished yet
        owner.execute(insert, [uuid.uuid4(), he, k])
        began = time.monotonic()
        sent = world.he.post("/orders", body, idempotency_key=k)
        assert (sent.status_code, sent.json["code"]) == (409, "in_flight")
        assert int(sent.headers["Retry-After"]) >= 1 and 1.5 < time.monotonic() - began < 5
        raise psycopg.Rollback(transaction)
    assert owner.execute("SELECT count(*) FROM group_order").fetchone() == (0,)
    assert world.he.post("/orders", body, idempotency_key=k).status_code == 201, "its twin gave up"


# --- The cap ----------------------------------------------------------------------------------------------------

THREADS, CAP = 32, 5


@pytest.fixture
def family(world, app):
    """A home of two in the building of liu, who may order for it when it agrees; the three as who orders."""
    with app.app_context():
        home = shoppers.move_in(1)[0]
        return home, [*home.people, user_id("liu")]


def ordering(app, person, body):
    """The order as the person's phone sends it, to the application in this process."""

    def work():
        answer = app.test_client().post("/api/v1/orders", json=body, headers=shoppers.headers(person))
        assert answer.status_code < 500, answer.text
        return answer.status_code, answer.json

    return work


def had(owner, home, campaign):
    """How many shares of each item the home has in its orders that stand."""
    query = """
        SELECT l.item_id::text, sum(l.quantity)::int FROM order_line l JOIN group_order o ON o.id = l.order_id
        WHERE o.household_id = %s AND o.campaign_id = %s AND o.status <> 'cancelled' GROUP BY 1"""
    return dict(owner.execute(query, [home.id, campaign["id"]]).fetchall())


@pytest.mark.parametrize("rounds", everyday_or(30, everyday=2))
def test_a_family_and_who_orders_for_it_stay_below_the_cap_together(family, world, app, owner, rounds):
    """One to three of each of two goods, in either order in the body: refused or placed, and never in each other's
    way."""
    home, people = family
    for _ in range(rounds):
        campaign = g.opened(world, {"cap": CAP}, {"cap": CAP})
        bodies = []
        for _ in range(THREADS):
            body = g.asked(campaign, random.randint(1, 3), random.randint(1, 3), household_id=str(home.id))
            random.shuffle(body["lines"])
            bodies.append({**body, "consent": "voice"})
        outcomes = at_once(*[ordering(app, people[n % 3], body) for n, body in enumerate(bodies)])
        assert {(status, body.get("code")) for status, body in outcomes} == {(201, None), (422, "over_cap")}
        assert all(body["cap"] - 3 < body["have"] <= CAP for status, body in outcomes if status == 422)
        placed = Counter()
        for status, body in outcomes:
            if status == 201:
                placed.update({line["item_id"]: line["quantity"] for line in body["lines"]})
        assert max(placed.values()) <= CAP and placed == had(owner, home, campaign)
    assert not g.sound(app)


@pytest.mark.parametrize("rounds", everyday_or(30, everyday=2))
def test_ordering_and_cancelling_eight_goods_at_once_stand_in_nobodys_way(family, world, app, owner, rounds):
    """Whoever gives a home's shares back takes them in the order in which they are ordered: nobody deadlocks."""
    home, _ = family
    for _ in range(rounds):
        campaign = g.opened(world, *[{"cap": 100}] * 8)
        order = [ordering(app, person, g.asked(campaign, *[1] * 8)) for person in home.people]

        def to_and_fro(order=order):
            for _ in range(4):
                status, placed = random.choice(order)()
                assert status == 201
                cancel = f"/api/v1/orders/{placed['id']}/cancel"
                sent = shoppers.headers(random.choice(home.people))
                answer = app.test_client().post(cancel, json={"revision": 1}, headers=sent)
                assert answer.status_code == 200, answer.text

        at_once(*[to_and_fro] * 12)
        assert not had(owner, home, campaign)
    assert not g.sound(app)


# --- The campaign moves while somebody orders -------------------------------------------------------------------


LOWER = {"cost_fen": 800, "freight_fen": 60, "organiser_fen": 40}
ITEMS = "SELECT FROM campaign_item WHERE campaign_id = %s FOR UPDATE"
ORDERS = "SELECT FROM group_order WHERE campaign_id = %s FOR UPDATE"
JOBS = "LOCK TABLE procrastinate_jobs IN SHARE ROW EXCLUSIVE MODE"


def changing(world, owner, campaign, action):
    """hu's act on the campaign; the cut-off is the clock's."""
    if action == "cut_off":
        return lambda: cut_off(world.app, owner, campaign)
    more = {"cancel": {"reason": "供货商没有货"}, "lower-price": {"item_id": campaign["items"][0]["id"], **LOWER}}
    body = {"revision": campaign["revision"], **more[action]}
    return lambda: g.ok(world.hu.post(f"/campaigns/{campaign['id']}/{action}", body))


def cut_off(app, owner, campaign):
    owner.execute("UPDATE campaign SET cut_off_at = clock_timestamp() WHERE id = %s", [campaign["id"]])
    with app.app_context(), unit_of_work():
        deadlines.cut_off(campaign["id"])


def stands(owner, campaign):
    """(status, what is due) of the campaign's orders; what is left, reserved and sold of its item; its status."""
    orders = "SELECT status, due_fen FROM group_order WHERE campaign_id = %s ORDER BY id"
    shares = "SELECT available, reserved, sold FROM campaign_item WHERE campaign_id = %s"
    status = "SELECT status FROM campaign WHERE id = %s"
    found = [owner.execute(query, [campaign["id"]]).fetchall() for query in (orders, shares, status)]
    return found[0], found[1][0], found[2][0][0]


ORDER_FIRST = [
    ("cancel", [("cancelled", 0)], (600, 0, 0), "cancelled"),
    ("cut_off", [("awaiting_payment", 2000)], (598, 2, 0), "cut_off"),
    ("lower-price", [("awaiting_payment", 1800)], (598, 2, 0), "open"),
]


@pytest.mark.parametrize("action, orders, shares, status", ORDER_FIRST, ids=[row[0] for row in ORDER_FIRST])
def test_an_order_under_way_is_waited_for(action, orders, shares, status, family, world, app, owner):
    """The order stands before the shares when the campaign moves: it gets in, and what comes then finds it."""
    _, people = family
    campaign = g.opened(world)
    order = ordering(app, people[0], g.asked(campaign, 2))
    change = changing(world, owner, campaign, action)
    placed, _ = in_turn(database(app), ITEMS, [campaign["id"]], order, change)
    assert placed[0] == 201 and placed[1]["due_fen"] == 2000
    assert stands(owner, campaign) == (orders, shares, status)
    assert not g.sound(app)


CHANGE_FIRST = [
    ("cancel", (409, "not_open"), ORDERS, [("cancelled", 0)], (600, 0, 0), "cancelled"),
    ("cut_off", (409, "not_open"), JOBS, [("awaiting_payment", 1000)], (599, 1, 0), "cut_off"),
    ("lower-price", (201, 1800), ORDERS, [("awaiting_payment", 900), ("awaiting_payment", 1800)], (597, 3, 0), "open"),
]


@pytest.mark.parametrize(
    "action, told, held, orders, shares, status", CHANGE_FIRST, ids=[row[0] for row in CHANGE_FIRST]
)
def test_an_order_waits_for_the_change_under_way(action, told, held, orders, shares, status, family, world, app, owner):
    """The campaign is half moved when the order comes: it sees the whole change, or is refused."""
    _, people = family
    campaign = g.opened(world)
    assert ordering(app, people[1], g.asked(campaign, 1))()[0] == 201
    change = changing(world, owner, campaign, action)
    parameters = [campaign["id"]] if "%s" in held else None
    order = ordering(app, people[0], g.asked(campaign, 2))
    _, (code, body) = in_turn(database(app), held, parameters, change, order)
    assert (code, body.get("code") or body["due_fen"]) == told
    assert stands(owner, campaign) == (orders, shares, status)
    assert not g.sound(app)


def database(app):
    return app.config["MIGRATION_DATABASE_URL"].replace("+psycopg", "")


@pytest.mark.parametrize("action", ["cancel", "cut_off", "lower-price"])
@pytest.mark.parametrize("rounds", everyday_or(50, everyday=4))
def test_a_campaign_moves_amid_a_crowd(action, rounds, world, app, owner):
    """Eight homes at once with the change, wherever in each other it falls."""
    with app.app_context():
        homes = shoppers.move_in(8)
    for _ in range(rounds):
        campaign = g.opened(world)
        crowd = [ordering(app, home.people[0], g.asked(campaign, 2)) for home in homes]
        outcomes = at_once(*crowd, changing(world, owner, campaign, action))[:-1]
        told = {(status, body.get("code")) for status, body in outcomes}
        assert told <= ({(201, None)} if action == "lower-price" else {(201, None), (409, "not_open")})
        orders, _, _ = stands(owner, campaign)
        due = {"cancel": ("cancelled", 0), "cut_off": ("awaiting_payment", 2000)}
        assert set(orders) <= {due.get(action, ("awaiting_payment", 1800))}
        assert len(orders) == [status for status, _ in outcomes].count(201)
    assert not g.sound(app)


@pytest.mark.parametrize("rounds", everyday_or(50, everyday=5))
def test_somebody_moves_out_while_they_order(rounds, world, app, owner):
    """Placed before they left, or refused as for a home they do not live in."""
    campaign = g.opened(world)
    with app.app_context():
        homes = shoppers.move_in(rounds)
    for home in homes:
        member = "SELECT id FROM household_member WHERE user_id = %s"
        leave = f"/household-members/{owner.execute(member, [home.people[1]]).fetchone()[0]}/leave"
        order = ordering(app, home.people[1], g.asked(campaign, 2))
        (status, body), left = at_once(order, lambda leave=leave: world.wang.post(leave))
        assert left.status_code == 200
        assert (status, body.get("code")) in {(201, None), (404, "household_missing")}
        assert had(owner, home, campaign) == ({campaign["items"][0]["id"]: 2} if status == 201 else {})
        assert order()[1]["code"] == "household_missing"
    assert not g.sound(app)
