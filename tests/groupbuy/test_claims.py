"""A claim: within a day, never of more than was had, never worth more than the line, and never decided by oneself."""

import io

import pytest
from PIL import Image

from backend.core.settings import settings
from backend.core.transaction import unit_of_work
from backend.groupbuy.claims import completion
from tests.factories import claims as c
from tests.factories import groupbuy as g
from tests.factories.races import at_once


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.setitem(settings, "FILE_STORAGE", f"file:{tmp_path / 'files'}")


@pytest.fixture
def had(world, app):
    """He's household has 4 jin of pork at 10 yuan and a box of eggs at 21, paid online, collected just now."""
    g.home(app, who="he")
    campaign = g.opened(world, {}, c.EGGS, deputy_id=None)
    order = c.bought(world, "he", campaign, 4, 1)
    c.arrived(app, campaign, (0, "猪-1", 4), (1, "蛋-1", 1))
    c.collected(app, order)
    return campaign, order


def run(app, work):
    with app.app_context(), unit_of_work():
        work()


def test_spoiled_meat_is_refunded_in_part_and_the_order_is_completed(world, app, owner, had):
    campaign, order = had
    filed = c.filed(world, "he", order, campaign, quantity=2)
    assert (filed["status"], filed["most_fen"], filed["allowed_actions"]) == ("open", 4000, ["escalate", "withdraw"])
    assert c.order(world, order)["status"] == "disputed"
    decided = g.ok(c.does(world, "hu", filed, "accept", amount_fen=1550))
    assert (decided["status"], decided["refund_fen"], decided["allowed_actions"]) == ("accepted", 1550, [])
    shown = c.order(world, order)
    assert (shown["status"], shown["due_fen"], shown["paid_fen"]) == ("completed", 4550, 4550)
    assert c.refunds(owner, order) == {"wechat": 1550}
    assert not g.sound(app)


def test_all_claims_granted_in_full_the_order_is_refunded(world, app, owner, had):
    campaign, order = had
    meat, eggs = c.filed(world, "he", order, campaign, quantity=4), c.filed(world, "he", order, campaign, at=1)
    g.ok(c.does(world, "hu", meat, "accept", amount_fen=4000))
    assert c.order(world, order)["status"] == "disputed"
    g.ok(c.does(world, "hu", eggs, "accept", amount_fen=2100))
    assert (c.order(world, order)["status"], c.refunds(owner, order)) == ("refunded", {"wechat": 6100})
    assert not g.sound(app)


@pytest.mark.parametrize(("since", "status", "code"), [("23:59", 201, None), ("24:00:01", 422, "claim_too_late")])
def test_a_claim_within_a_day_by_the_database_clock(world, app, owner, had, since, status, code):
    campaign, order = had
    c.ago(owner, order, since)
    answer = world.he.post(f"/orders/{order['id']}/claims", c.claim(campaign))
    assert (answer.status_code, answer.json.get("code")) == (status, code)
    assert not g.sound(app)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"quantity": 5}, "more_than_received"),
        ({"grams": 500}, "wrong_measure"),
        ({"quantity": 1, "grams": 1}, "invalid"),
        ({"quantity": 0}, "invalid"),
    ],
)
def test_never_of_more_than_was_received(world, app, had, asked, code):
    campaign, order = had
    refused = world.he.post(f"/orders/{order['id']}/claims", c.claim(campaign, **asked))
    assert (refused.status_code, refused.json["code"]) == (422, code)
    assert c.order(world, order)["status"] == "collected"


def test_nor_in_several_claims_together(world, app, had):
    campaign, order = had
    first = c.filed(world, "he", order, campaign, quantity=3)
    again = world.he.post(f"/orders/{order['id']}/claims", c.claim(campaign, quantity=2))
    assert (again.status_code, again.json["code"], again.json["left"]) == (422, "more_than_received", 1)
    g.ok(c.does(world, "he", first, "withdraw"))
    assert c.order(world, order)["status"] == "completed"
    c.filed(world, "he", order, campaign, quantity=4)  # still within the day
    assert not g.sound(app)


def test_what_was_not_handed_out_yet_is_not_claimed(world, app):
    g.home(app, who="he")
    campaign = g.opened(world)
    order = c.bought(world, "he", campaign, 2)
    refused = world.he.post(f"/orders/{order['id']}/claims", c.claim(campaign))
    assert (refused.status_code, refused.json["code"]) == (409, "not_now")
    photo = c.sent(world, "he", c.jpeg(), order=order)
    assert (photo.status_code, photo.json["code"]) == (409, "not_now")


def test_a_refund_is_never_above_the_line(world, app, owner, had):
    campaign, order = had
    one, two = (c.filed(world, "he", order, campaign, quantity=2) for _ in range(2))
    too_much = c.does(world, "hu", one, "accept", amount_fen=4001)
    assert (too_much.status_code, too_much.json["code"], too_much.json["most_fen"]) == (422, "more_than_the_line", 4000)
    one = g.ok(c.does(world, "hu", one, "offer", amount_fen=3000))
    g.ok(c.does(world, "hu", two, "accept", amount_fen=2500))
    agreed = g.ok(c.does(world, "he", one, "agree"))  # meanwhile the line costs 1500
    assert agreed["refund_fen"] == 1500
    assert c.refunds(owner, order) == {"wechat": 4000} and c.order(world, order)["due_fen"] == 2100
    assert not g.sound(app)


def test_the_subsidy_falls_with_the_households_part(world, app, owner):
    g.home(app, who="he")
    campaign = g.opened(world, {"subsidy_fen": 400})
    order = c.bought(world, "he", campaign, 3)
    c.arrived(app, campaign, (0, "猪-1", 3))
    c.collected(app, order)
    filed = c.filed(world, "he", order, campaign, quantity=1)
    assert filed["most_fen"] == 1800
    g.ok(c.does(world, "hu", filed, "accept", amount_fen=600))
    shown = c.order(world, order)
    assert (shown["due_fen"], shown["subsidy_fen"], shown["total_fen"]) == (1200, 800, 2000)
    assert not g.sound(app)


# --- Who decides ------------------------------------------------------------------------------------------------


def test_the_organisers_word_is_not_the_last(world, app, owner, had):
    campaign, order = had
    filed = c.filed(world, "he", order, campaign, quantity=2)
    assert c.does(world, "hu", filed, "decline").json["code"] == "reason_required"
    declined = g.ok(c.does(world, "hu", filed, "decline", reason="交货时是好的"))
    assert g.ok(world.he.get(f"/claims/{filed['id']}"))["answer"] == "交货时是好的"
    asked = g.ok(c.does(world, "he", declined, "escalate"))
    assert asked["status"] == "escalated" and c.order(world, order)["status"] == "disputed"
    assert c.does(world, "hu", asked, "accept", amount_fen=1).status_code == 403
    assert c.does(world, "he", asked, "accept", amount_fen=1).status_code == 403
    ruled = g.ok(c.does(world, "li", asked, "accept", amount_fen=2000))
    assert (ruled["status"], ruled["refund_fen"]) == ("accepted", 2000)
    assert c.order(world, order)["status"] == "completed" and c.refunds(owner, order) == {"wechat": 2000}
    assert not g.sound(app)


def test_the_community_may_refuse_and_says_why(world, app, owner, had):
    campaign, order = had
    asked = g.ok(c.does(world, "he", c.filed(world, "he", order, campaign), "escalate"))
    ruled = g.ok(c.does(world, "chen", asked, "refuse", reason="照片里是别的商品"))
    assert (ruled["status"], ruled["answer"]) == ("refused", "照片里是别的商品")
    assert (c.order(world, order)["status"], c.refunds(owner, order)) == ("completed", {})
    assert not g.sound(app)


def test_an_organiser_does_not_decide_on_their_own_order(world, app):
    g.home(app, who="hu")
    campaign = g.opened(world)
    order = c.bought(world, "hu", campaign, 2)
    c.arrived(app, campaign, (0, "猪-1", 2))
    c.collected(app, order)
    filed = c.filed(world, "liu", order, campaign, consent="in_person")
    assert g.ok(world.hu.get(f"/claims/{filed['id']}"))["allowed_actions"] == ["escalate", "withdraw"]
    for action in ("accept", "offer"):
        refused = c.does(world, "hu", filed, action, amount_fen=1000)
        assert (refused.status_code, refused.json["code"]) == (403, "not_your_part")
    asked = g.ok(c.does(world, "hu", filed, "escalate"))
    g.ok(c.does(world, "li", asked, "accept", amount_fen=1000))
    assert not g.sound(app)


def test_whoever_claims_for_another_does_not_decide(world, app):
    home = g.home(app, room="102")
    campaign = g.opened(world)
    order = g.ordered(world, "chen", campaign, 2, household_id=home, consent="voice", terms="sponsored")
    c.arrived(app, campaign, (0, "猪-1", 2))
    c.collected(app, order)
    path, body = f"/orders/{order['id']}/claims", c.claim(campaign)
    assert world.chen.post(path, body).json["code"] == "consent_needed"
    assert world.hu.post(path, body).status_code == 403 and world.he.post(path, body).status_code == 404
    filed = g.ok(world.chen.post(path, {**body, "consent": "voice"}), 201)
    asked = g.ok(c.does(world, "chen", filed, "escalate"))
    refused = c.does(world, "chen", asked, "accept", amount_fen=1000)
    assert (refused.status_code, refused.json["code"]) == (403, "separate_hands")
    g.ok(c.does(world, "li", asked, "accept", amount_fen=1000))  # back to the fund
    assert c.order(world, order)["sponsored_fen"] == 1000
    assert not g.sound(app)


def test_strangers_know_of_no_claim(world, app, had):
    campaign, order = had
    filed = c.filed(world, "he", order, campaign)
    for who in ("qian", "nobody", "other_secretary", "yang"):
        assert world.hand(who).get(f"/claims/{filed['id']}").status_code == 404
        assert c.does(world, who, filed, "escalate").status_code == 404
    listed = g.ok(world.hu.get(f"/campaigns/{campaign['id']}/claims"))["items"]
    assert [one["id"] for one in listed] == [filed["id"]]
    assert listed[0]["allowed_actions"] == ["accept", "offer", "decline"]


def test_a_list_costs_the_same_for_one_as_for_many(world, app, had):
    campaign, order = had
    c.filed(world, "he", order, campaign)
    path = f"/campaigns/{campaign['id']}/claims"
    g.ok(world.hu.get(path))
    with c.statements(app) as one:
        g.ok(world.hu.get(path))
    for at in (0, 0, 1):
        c.filed(world, "he", order, campaign, at=at)
    with c.statements(app) as four:
        g.ok(world.hu.get(path))
    assert len(one) == len(four)


def test_two_claims_at_the_same_moment_are_of_what_there_is(world, app, had):
    campaign, order = had
    body = c.claim(campaign, quantity=3)
    path = f"/orders/{order['id']}/claims"
    answers = at_once(*[lambda: world.he.post(path, body)] * 2)
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    assert not g.sound(app)


def test_two_decide_at_the_same_moment_one_does(world, app, owner, had):
    campaign, order = had
    filed = c.filed(world, "he", order, campaign)
    answers = at_once(
        lambda: c.does(world, "hu", filed, "accept", amount_fen=1000), lambda: c.does(world, "he", filed, "escalate")
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert c.refunds(owner, order) in ({"wechat": 1000}, {}) and not g.sound(app)


# --- Photos -----------------------------------------------------------------------------------------------------


def test_a_photo_with_gps_comes_back_without(world, app, had):
    campaign, order = had
    with_gps = c.jpeg(gps=True)
    assert Image.open(io.BytesIO(with_gps)).getexif().get_ifd(c.GPS)
    photo = g.ok(c.sent(world, "he", with_gps, order=order), 201)
    filed = c.filed(world, "he", order, campaign, photo_ids=[photo["id"]])
    assert filed["photo_ids"] == [photo["id"]]
    for who in ("he", "hu", "li", "chen"):
        seen = world.hand(who).get(f"/photos/{photo['id']}")
        assert (seen.status_code, seen.mimetype) == (200, "image/jpeg")
        assert not Image.open(io.BytesIO(seen.data)).getexif()
    for who in ("qian", "yang", "liu", "wang", "nobody", "other_secretary"):
        assert world.hand(who).get(f"/photos/{photo['id']}").status_code == 404
    assert world.public.get(f"/photos/{photo['id']}").status_code == 401


@pytest.mark.parametrize(
    ("data", "mimetype", "status", "code"),
    [
        (b"<html><script>alert(1)</script></html>", "image/jpeg", 422, "photo_unreadable"),
        (b"<html></html>", "text/html", 415, "unsupported_media_type"),
        (b"", "image/png", 422, "photo_unreadable"),
        (bytes(9_000_000), "image/jpeg", 413, "too_large"),
    ],
)
def test_what_is_no_photo_is_refused(world, app, had, data, mimetype, status, code):
    refused = c.sent(world, "he", data, mimetype, order=had[1])
    assert (refused.status_code, refused.json["code"]) == (status, code)


def test_a_large_photo_is_taken_though_other_bodies_must_be_small(world, app, had):
    out = io.BytesIO()
    Image.effect_noise((2000, 1500), 90).save(out, "PNG")
    assert len(out.getvalue()) > settings["MAX_BODY_BYTES"]
    assert g.ok(c.sent(world, "he", out.getvalue(), "image/png", order=had[1]), 201)["width"] == 1600
    assert world.he.upload("/orders", out.getvalue(), "application/json").status_code == 413


def test_a_photo_belongs_to_its_order_and_to_one_claim(world, app, had):
    campaign, order = had
    photo = g.ok(c.sent(world, "he", c.jpeg(), order=order), 201)
    assert c.sent(world, "nobody", c.jpeg(), order=order).status_code == 404
    c.filed(world, "he", order, campaign, photo_ids=[photo["id"]])
    again = world.he.post(f"/orders/{order['id']}/claims", c.claim(campaign, photo_ids=[photo["id"]]))
    assert (again.status_code, again.json["code"]) == (422, "photo_unknown")


def test_a_photo_goes_thirty_days_after_its_claim_is_closed(world, app, owner, had):
    campaign, order = had
    photo = g.ok(c.sent(world, "he", c.jpeg(), order=order), 201)
    filed = c.filed(world, "he", order, campaign, photo_ids=[photo["id"]])
    day = "SELECT erase_on - (now() AT TIME ZONE 'Asia/Shanghai')::date FROM photo"
    assert owner.execute(day).fetchone() == (None,)
    g.ok(c.does(world, "hu", filed, "accept", amount_fen=1))
    assert owner.execute(day).fetchone() == (30,)


# --- The clock --------------------------------------------------------------------------------------------------


def test_silence_is_an_answer(world, app, owner, had):
    campaign, order = had
    lying, offered, declined = (c.filed(world, "he", order, campaign) for _ in range(3))
    g.ok(c.does(world, "hu", offered, "offer", amount_fen=700))
    g.ok(c.does(world, "hu", declined, "decline", reason="没问题"))
    run(app, completion.unanswered_claims)
    assert owner.execute("SELECT count(*) FROM claim WHERE answer_by IS NULL").fetchone() == (0,)
    owner.execute("UPDATE claim SET answer_by = now()")
    run(app, completion.unanswered_claims)
    shown = [g.ok(world.he.get(f"/claims/{one['id']}")) for one in (lying, offered, declined)]
    assert [one["status"] for one in shown] == ["escalated", "agreed", "refused"]
    assert c.refunds(owner, order) == {"wechat": 700} and c.order(world, order)["status"] == "disputed"
    assert not g.sound(app)


def test_orders_are_completed_a_day_after_they_were_had_unless_there_is_a_claim(world, app, owner):
    g.home(app, who="he")
    homes = [g.home(app, room=f"20{n}") for n in range(3)]
    campaign = g.opened(world)
    mine = c.bought(world, "he", campaign, 1)
    others = [
        g.ordered(world, "li", campaign, 1, household_id=home, consent="voice", terms="sponsored") for home in homes
    ]
    c.arrived(app, campaign, (0, "猪-1", 4))
    c.collected(app, mine, *others[:2])
    c.filed(world, "he", mine, campaign)
    c.ago(owner, mine, "25:00")
    c.ago(owner, others[0], "25:00")
    run(app, completion.complete)
    found = [c.order(world, order)["status"] for order in (mine, *others)]
    assert found == ["disputed", "completed", "collected", "ready"]
    assert not g.sound(app)


def test_a_settled_campaign_is_closed_when_nobody_can_claim_any_more(world, app, owner, had):
    campaign, order = had
    c.settled(app, campaign)
    run(app, completion.close_settled)
    assert owner.execute("SELECT status FROM campaign").fetchone() == ("settled",)
    c.ago(owner, order, "25:00")
    run(app, completion.complete)
    run(app, completion.close_settled)
    assert owner.execute("SELECT status FROM campaign").fetchone() == ("closed",)
