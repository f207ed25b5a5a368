"""Something else for what did not come: accepted, asked, refused; answered, not answered, answered too late."""

import uuid
from datetime import timedelta

import pytest

from backend.core import clock
from backend.groupbuy.arrivals import views as arrival_views
from tests.factories import arrivals as a
from tests.factories import groupbuy as g
from tests.factories import races
from tests.factories.payments import work_off


def chicken(campaign, quantity=10, **changed):
    answer_by = (clock.now() + timedelta(hours=2)).isoformat()
    offered = {"item_id": campaign["items"][0]["id"], "name": "鸡肉", "price_fen": 800, "quantity": quantity}
    return {**offered, "answer_by": answer_by, **changed}


def offer(world, campaign, who="hu", **changed):
    return world.hand(who).post(f"/campaigns/{campaign['id']}/substitutes", chicken(campaign, **changed))


def answer(world, order, question, accept, who="he"):
    path = f"/orders/{order['id']}/substitutes/{question['substitute_id']}/answer"
    return world.hand(who).post(path, {"accept": accept})


def of_three(world, app, owner, *items, came=0):
    """101 (Mr He) wishes to be asked, 102 accepts, 103 refuses; each ordered 3 at ¥10, and none has come yet."""
    g.home(app, "101", who="he")
    campaign = g.opened(world, *items, policy="first_come")
    body = g.asked(campaign, 3)
    body["lines"][0]["substitution"] = "ask"
    he = g.ok(world.he.post("/orders", body), 201)
    a.online(world, he, he["due_fen"])
    others = [
        a.neighbour(world, campaign, room, 3, lines={"substitution": word})
        for room, word in (("102", "accept"), ("103", "refuse"))
    ]
    a.locked(world, owner, campaign)
    g.ok(a.truck(world, campaign, came, last=False)) if came else None
    return campaign, [he, *others]


def statuses(world, orders):
    return [a.show(world, order)["status"] for order in orders]


def test_offered_with_the_last_truck_each_line_gets_what_it_consented_to(world, app, owner):
    campaign, orders = of_three(world, app, owner)
    g.ok(a.truck(world, campaign, 1, substitutes=[chicken(campaign)]))
    # First come: 101 got the one jin of pork. 102 has chicken for its three, 103 its money, 101 a question.
    assert statuses(world, orders) == ["locked", "allocated", "refunded"]
    assert [a.show(world, o)["total_fen"] for o in orders] == [3000, 2400, 0]
    assert [a.refunds(owner, o) for o in orders] == [[], [("cash", 600)], [("cash", 3000)]]
    a.sound(world)
    told = a.told(world, orders[0], "he")
    (question,) = told["questions"]
    assert (question["name"], question["price_fen"], question["remaining"]) == ("鸡肉", 800, 7)
    assert told["sentences"][0].endswith("没到的可以换成别的，请在下面答复。")
    answered = g.ok(answer(world, orders[0], question, True))
    shown = a.show(world, orders[0])
    assert (shown["status"], shown["allocation"], shown["total_fen"]) == ("allocated", "full", 1000 + 2 * 800)
    assert a.refunds(owner, orders[0]) == [("wechat", 400)] and answered["questions"] == []
    assert answered["sentences"][1] == "换给您 2 斤鸡肉，每斤 ¥8.00，差价退给您。"
    with app.app_context():  # what the lists of the hand-out show
        ids = [uuid.UUID(order["id"]) for order in orders]
        assert list(arrival_views.substitutes_of(ids).values()) == [[("鸡肉", 2)], [("鸡肉", 3)], []]
    a.sound(world)


def test_a_no_is_refunded_at_once_and_said_only_once(world, app, owner):
    campaign, orders = of_three(world, app, owner)
    g.ok(a.truck(world, campaign, 1, substitutes=[chicken(campaign)]))
    (question,) = a.told(world, orders[0], "he")["questions"]
    g.ok(answer(world, orders[0], question, False))
    shown = a.show(world, orders[0])
    assert (shown["status"], shown["allocation"], shown["total_fen"]) == ("allocated", "part", 1000)
    again = answer(world, orders[0], question, True)
    assert (again.status_code, again.json["code"]) == (409, "answered")
    a.sound(world)


def test_no_answer_by_the_deadline_is_a_no(world, app, owner):
    campaign, orders = of_three(world, app, owner)
    g.ok(a.truck(world, campaign, 1, substitutes=[chicken(campaign)]))
    (question,) = a.told(world, orders[0], "he")["questions"]
    work_off(app, owner)  # too early for the clock: nothing happens
    assert statuses(world, orders[:1]) == ["locked"]
    owner.execute("UPDATE substitute SET answer_by = now()")
    late = answer(world, orders[0], question, True)
    assert (late.status_code, late.json["code"]) == (409, "too_late")
    owner.execute(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args) SELECT 'default', 'groupbuy.lapse_questions', "
        "jsonb_build_object('substitute_id', id::text) FROM substitute"
    )
    work_off(app, owner)
    shown = a.show(world, orders[0])
    assert (shown["status"], shown["allocation"], shown["total_fen"]) == ("allocated", "part", 1000)
    assert "到期没有收到您的答复，没有换成鸡肉，没到的退款。" in a.told(world, orders[0], "he")["sentences"]
    a.sound(world)


def test_answered_on_behalf_by_those_who_help_and_by_no_stranger(world, app, owner):
    campaign, orders = of_three(world, app, owner)
    g.ok(a.truck(world, campaign, 1, substitutes=[chicken(campaign)]))
    (question,) = a.told(world, orders[0], "he")["questions"]
    for who, status in (("nobody", 404), ("other_grid", 404), ("hu", 403)):
        assert answer(world, orders[0], question, True, who).status_code == status
    nowhere = {"substitute_id": orders[0]["id"]}
    assert answer(world, orders[0], nowhere, True).status_code == 404
    g.ok(answer(world, orders[0], question, True, "liu"))
    behalf = owner.execute("SELECT on_behalf_of FROM audit_event WHERE action = 'answer'").fetchone()[0]
    assert str(behalf) == orders[0]["household_id"]
    a.sound(world)


def test_too_few_of_the_substitute_go_to_those_who_accepted_first_then_as_far_as_they_last(world, app, owner):
    campaign, orders = of_three(world, app, owner)
    g.ok(a.truck(world, campaign, 1, last=False))
    shown = g.ok(offer(world, campaign, quantity=4))
    assert shown["substitutes"][0]["remaining"] == 1
    assert statuses(world, orders) == ["locked", "allocated", "locked"]  # more may still come for 101 and 103
    (question,) = a.told(world, orders[0], "he")["questions"]
    g.ok(answer(world, orders[0], question, True))
    assert statuses(world, orders[:1]) == ["locked"]  # one pork, one chicken, one still missing
    g.ok(a.truck(world, campaign, 1))
    assert statuses(world, orders) == ["allocated", "allocated", "refunded"]
    assert [a.show(world, o)["total_fen"] for o in orders] == [2800, 2400, 0]
    a.sound(world)


def test_when_none_is_left_the_yes_is_told_so(world, app, owner):
    campaign, orders = of_three(world, app, owner)
    g.ok(a.truck(world, campaign, 1, substitutes=[chicken(campaign, quantity=4)]))
    (question,) = a.told(world, orders[0], "he")["questions"]
    owner.execute("UPDATE substitute SET remaining = 0, quantity = 3")
    told = g.ok(answer(world, orders[0], question, True))
    assert "鸡肉已经换完，没能换给您，没到的退款。" in told["sentences"]
    a.sound(world)


def test_the_second_truck_after_all_brings_what_a_question_was_about(world, app, owner):
    campaign, orders = of_three(world, app, owner)
    g.ok(a.truck(world, campaign, 1, last=False))
    g.ok(offer(world, campaign))
    g.ok(a.truck(world, campaign, 5))
    assert statuses(world, orders) == ["allocated"] * 3 and a.got(world, orders) == [[3], [0], [3]]
    assert a.told(world, orders[0], "he")["questions"] == []
    work_off(app, owner)
    a.sound(world)


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"price_fen": 1001}, 422, "invalid"),
        ({"answer_by": "2020-03-01T00:00:00Z"}, 422, "invalid"),
        ({"answer_by": (clock.now() + timedelta(days=3)).isoformat()}, 422, "invalid"),
        ({"item_id": "019a0000-0000-7000-8000-000000000000"}, 404, "not_found"),
        ({"who": "yang"}, 404, "not_found"),
        ({"who": "li"}, 403, "forbidden"),
    ],
)
def test_what_may_not_be_offered(world, app, owner, changed, status, code):
    campaign, _ = of_three(world, app, owner, came=1)
    refused = offer(world, campaign, **changed)
    assert (refused.status_code, refused.json["code"]) == (status, code)


def test_no_substitute_for_subsidised_goods_nor_for_what_is_not_short_nor_after_the_last_truck(world, app, owner):
    campaign, _ = of_three(world, app, owner, {"subsidy_fen": 300}, came=1)
    assert offer(world, campaign).json["code"] == "invalid"
    g.ok(a.truck(world, campaign, 8, last=False))
    owner.execute("UPDATE campaign_item SET subsidy_fen = 0")
    assert offer(world, campaign).json["code"] == "not_short"
    g.ok(a.truck(world, campaign))
    assert offer(world, campaign).json["code"] == "all_arrived"


def test_the_suppliers_credit_waits_until_the_questions_are_answered(world, app, owner):
    campaign, _ = of_three(world, app, owner)
    early = a.truck(world, campaign, 1, substitutes=[chicken(campaign)], shortfall_fen=5000)
    assert (early.status_code, early.json["code"]) == (409, "still_asking")
    g.ok(a.truck(world, campaign, 1, substitutes=[chicken(campaign)]))
    a.sound(world)


@pytest.mark.parametrize("accept", [True, False])
def test_an_answer_and_the_last_truck_at_once_settle_the_order_once(world, app, owner, accept):
    campaign, orders = of_three(world, app, owner)
    g.ok(a.truck(world, campaign, 1, last=False))
    g.ok(offer(world, campaign))
    (question,) = a.told(world, orders[0], "he")["questions"]
    works = (lambda: answer(world, orders[0], question, accept), lambda: a.truck(world, campaign, 1))
    assert [done.status_code for done in races.at_once(*works)] == [200, 200]
    shown = a.show(world, orders[0])
    assert shown["status"] == "allocated"
    assert [fen for _, fen in a.refunds(owner, orders[0])] == [3000 - shown["total_fen"]]
    a.sound(world)
