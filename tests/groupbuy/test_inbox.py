"""What a household finds in its inbox of an order: the number, the question, the offer, the money, the recall."""

import pytest

from backend.core.settings import settings
from tests.cast import READY
from tests.factories import arrivals as a
from tests.factories import changes, handout
from tests.factories import claims as c
from tests.factories import groupbuy as g
from tests.factories.inbox import item, page, told
from tests.factories.payments import work_off
from tests.groupbuy.test_changes import act, homes  # noqa: F401 the fixture
from tests.groupbuy.test_handout import call
from tests.groupbuy.test_recall import recall
from tests.groupbuy.test_substitution import answer, chicken, of_three


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.setitem(settings, "FILE_STORAGE", f"file:{tmp_path / 'files'}")


def test_a_number_that_is_called_waits_until_it_is_answered(world, app, owner):
    home = g.home(app, "101", "he")
    campaign = g.opened(world, allows_on_delivery=True)
    order = g.ordered(world, "he", campaign, 2, terms="on_delivery")
    campaign = handout.handing_out(app, world, campaign)
    assert told(world, "he") == [("order.get_ready", False)]
    assert call(world, campaign) == [1]
    assert told(world, "he") == [("pickup.call", True), ("order.get_ready", False)]
    called = item(world, "he", "pickup.call")
    assert (called["label"], called["title"], called["household_id"]) == ("叫到您的号了", campaign["title"], home)
    assert called["detail"] == f"1 号，请到{campaign['pickup_place']}领取。"
    assert (called["subject_type"], called["subject_id"]) == ("order", order["id"])
    assert [each["kind"] for each in page(world, "he", waiting=True)["items"]] == ["pickup.call"]
    assert page(world, "he")["waiting"] == 1
    (ready,) = handout.listed(world, campaign)
    handout.minutes_pass(owner, campaign, 30)
    g.ok(handout.act(world, "qian", ready, "skip"))
    assert page(world, "he")["waiting"] == 0, "it waits to be called again"


def test_who_never_comes_is_told_what_becomes_of_it(world, app, owner):
    g.home(app, "101", "he")
    campaign = g.opened(world)
    changes.bought(app, world, "he", campaign, 2)
    campaign = handout.handing_out(app, world, campaign)
    for _ in range(3):
        call(world, campaign)
        handout.minutes_pass(owner, campaign, 30)
        g.ok(handout.act(world, "qian", handout.listed(world, campaign)[0], "skip"))
    assert ("order.miss", True) in told(world, "he")
    g.ok(handout.act(world, "qian", handout.listed(world, campaign)[0], "collect", how="verified"))
    assert ("order.miss", False) in told(world, "he")


def test_a_question_about_a_substitute_waits_for_the_answer(world, app, owner):
    campaign, orders = of_three(world, app, owner)
    g.ok(a.truck(world, campaign, 1, substitutes=[chicken(campaign)]))
    asked = item(world, "he", "substitute.ask")
    assert asked["waits"] and asked["detail"].startswith("猪肉缺货，可以换成鸡肉，每份 ¥8.00。请在 ")
    (question,) = a.told(world, orders[0], "he")["questions"]
    g.ok(answer(world, orders[0], question, True))
    assert not item(world, "he", "substitute.ask")["waits"]
    work_off(app, owner)
    assert item(world, "he", "refund.succeed")["detail"] == "¥4.00 已退回（微信支付）。"


def test_an_offer_for_what_was_spoiled_waits_and_then_the_money_comes_back(world, app, owner):
    g.home(app, who="he")
    campaign = g.opened(world, {}, deputy_id=None)
    order = c.bought(world, "he", campaign, 4)
    c.arrived(app, campaign, (0, "猪-1", 4))
    c.collected(app, order)
    filed = c.filed(world, "he", order, campaign, quantity=2)
    offered = g.ok(c.does(world, "hu", filed, "offer", amount_fen=1550))
    told_of = item(world, "he", "claim.offer")
    assert told_of["waits"] and told_of["detail"].startswith("提出退 ¥15.50，请在 ")
    assert (told_of["title"], told_of["subject_id"]) == (f"{campaign['title']} · 猪肉", filed["id"])
    g.ok(c.does(world, "he", offered, "agree"))
    work_off(app, owner)
    assert told(world, "he")[:2] == [("refund.succeed", False), ("claim.offer", False)]


def test_a_neighbours_order_is_offered_to_the_one_it_is_for(world, app, owner, homes):  # noqa: F811
    campaign = g.opened(world, {"total": 4, "cap": 4})
    placed = changes.bought(app, world, "he", campaign, 1)
    changes.cut_off(app, owner, campaign)
    asked = changes.asks(world, "he", placed, "transfer", to_household_id=homes["qian"])
    assert told(world, "qian") == [("change_request.offer", True)] and told(world, "feng") == []
    g.ok(act(world, "qian", asked, "decline"))
    assert told(world, "qian") == [("change_request.offer", False)]


def test_a_share_that_came_free_waits_to_be_paid(world, app, owner, homes):  # noqa: F811
    campaign = g.opened(world, {"total": 2, "cap": 2})
    placed = changes.bought(app, world, "he", campaign, 2)
    changes.waits(world, "qian", campaign, 2)
    now = changes.order_now(world, "he", placed)
    g.ok(world.he.post(f"/orders/{placed['id']}/cancel", {"revision": now["revision"]}))
    changes.minute(app)
    served = item(world, "qian", "waiting.serve")
    assert served["waits"] and "前付款" in served["detail"]
    changes.paid(app, world, "qian", {"id": served["subject_id"]})
    assert told(world, "qian") == [("waiting.serve", False)]


def test_a_recall_reaches_everyone_who_has_or_would_have_had_it(world, app):
    g.home(app, who="he")
    campaign = g.opened(world, {}, deputy_id=None)
    had = c.bought(world, "he", campaign, 2)
    waits = c.bought(world, "he", campaign, 1)
    c.arrived(app, campaign, (0, "猪-1", 3))
    c.collected(app, had)
    g.ok(recall(world, campaign), 201)
    recalled = [each for each in page(world, "he")["items"] if each["kind"] == "recall.notice"]
    assert {each["subject_id"]: each["detail"] for each in recalled} == {
        had["id"]: "请不要食用或使用，退款 ¥20.00。",
        waits["id"]: "这一项不再发放，退款 ¥10.00。",
    }
    assert READY not in str(recalled)
