"""A neighbouring compound pools its orders with a campaign of others: it asks, and the host answers."""

import uuid

import pytest

from backend.core.errors import DomainError
from backend.core.transaction import unit_of_work
from backend.groupbuy.joining import service as joining
from tests.cast import ELSEWHERE, MACHIDUN, NEIGHBOUR, READY, SECOND
from tests.factories import changes as c
from tests.factories import groupbuy as g
from tests.factories.races import at_once
from tests.factories.world import actor


@pytest.fixture
def campaign(world):
    """hu's, for the first compound."""
    return g.opened(world, place_code=READY)


def asks(world, campaign, place=SECOND, who="li"):
    return g.asks_to_join(world, campaign, place, who)


def does(world, who, request, action, **more):
    return world.hand(who).post(f"/join-requests/{request['id']}/{action}", {"revision": request["revision"], **more})


def places(world, campaign):
    return g.ok(world.public.get(f"/public/campaigns/{campaign['id']}"))["places"]


def hosts_at_home(owner, who="hu"):
    """Organiser of the first compound alone, where hu otherwise is the whole community's."""
    moved = "UPDATE role_assignment SET place_code = %s WHERE user_id = (SELECT id FROM app_user WHERE demo_name = %s)"
    owner.execute(moved, [READY, who])


def test_asked_and_accepted_its_households_order_and_not_before(world, app, campaign):
    home = g.home(app, "1", "feng", place=SECOND)
    request = g.ok(asks(world, campaign), 201)
    assert (request["status"], request["households"], request["place_code"]) == ("open", 40, SECOND)
    assert request["allowed_actions"] == ["withdraw"]
    early = world.feng.post("/orders", g.asked(campaign, 1))
    assert (early.status_code, early.json["code"]) == (404, "household_missing")
    assert places(world, campaign) == [READY]
    accepted = g.ok(does(world, "hu", request, "accept"))
    assert (accepted["status"], accepted["allowed_actions"]) == ("accepted", [])
    assert places(world, campaign) == [READY, SECOND]
    assert [one["id"] for one in g.ok(world.public.get("/public/campaigns", place=SECOND))["items"]] == [campaign["id"]]
    assert g.ordered(world, "feng", campaign, 1)["household_id"] == home
    assert asks(world, campaign).json["code"] == "already_joined"
    assert not g.sound(app)


@pytest.mark.parametrize(
    "who, place, status, code",
    [
        ("other_secretary", NEIGHBOUR, 422, "not_a_neighbour"),
        ("other_organiser", ELSEWHERE, 422, "not_a_neighbour"),
        ("other_secretary", SECOND, 404, "not_found"),
        ("he", SECOND, 403, "forbidden"),
        ("wang", SECOND, 403, "forbidden"),
        ("li", READY, 409, "already_joined"),
        ("li", f"{READY}-001", 409, "already_joined"),
        ("li", f"{MACHIDUN}-998", 404, "not_found"),
    ],
)
def test_who_may_not_ask_and_for_where(world, campaign, who, place, status, code):
    refused = asks(world, campaign, place, who)
    assert (refused.status_code, refused.json["code"]) == (status, code)


@pytest.mark.parametrize("changed", [{"households": 0}, {"reason": " "}, {"status": "accepted"}])
def test_a_senseless_request_is_refused(world, campaign, changed):
    body = {"place_code": SECOND, "households": 40, "reason": "一起团", **changed}
    assert world.li.post(f"/campaigns/{campaign['id']}/join-requests", body).status_code == 422


def test_only_the_organiser_and_the_deputy_answer(world, app, owner):
    campaign = g.opened(world, place_code=READY)
    request = g.ok(asks(world, campaign), 201)
    for who in ("li", "chen", "yang"):  # in sight of it, and not the hosts
        for action in ("accept", "refuse"):
            assert does(world, who, request, action, reason="可以").status_code == 403, who
    for who in ("he", "wang", "nobody"):
        assert does(world, who, request, "accept").status_code == 403
    for who in ("other_organiser", "other_secretary"):
        assert world.hand(who).get(f"/join-requests/{request['id']}").status_code in (403, 404)
    assert does(world, "other_organiser", request, "accept").status_code == 404
    deputy = owner.execute("SELECT id FROM app_user WHERE demo_name = 'yang'").fetchone()[0]
    owner.execute("UPDATE campaign SET deputy_id = %s", [deputy])
    assert g.ok(does(world, "yang", request, "accept"))["status"] == "accepted"
    assert not g.sound(app)


def test_refused_with_a_reason_that_the_asker_reads_and_may_answer_by_asking_again(world, app, owner, campaign):
    request = g.ok(asks(world, campaign), 201)
    assert does(world, "hu", request, "refuse").json["code"] == "reason_required"
    g.ok(does(world, "hu", request, "refuse", reason="车装不下了"))
    shown = g.ok(world.li.get(f"/join-requests/{request['id']}"))
    assert (shown["status"], shown["answer"], shown["allowed_actions"]) == ("refused", "车装不下了", [])
    assert does(world, "hu", shown, "accept").json["code"] == "not_now"
    again = g.ok(asks(world, campaign), 201)
    listed = g.ok(world.hu.get("/join-requests", campaign=campaign["id"], status="open"))["items"]
    assert [one["id"] for one in listed] == [again["id"]] and listed[0]["allowed_actions"] == [
        "accept", "refuse", "withdraw",
    ]  # fmt: skip
    kept = owner.execute("SELECT reason_cipher, answer_cipher FROM join_request").fetchall()
    assert all(text is None or "车".encode() not in bytes(text) for row in kept for text in row)
    assert not g.sound(app)


def test_the_asker_withdraws_and_the_host_does_not(world, app, owner, campaign):
    hosts_at_home(owner)
    request = g.ok(asks(world, campaign), 201)
    refused = does(world, "hu", request, "withdraw")
    assert (refused.status_code, refused.json["code"]) == (403, "not_the_asker")
    assert g.ok(world.hu.get(f"/join-requests/{request['id']}"))["allowed_actions"] == ["accept", "refuse"]
    gone = g.ok(does(world, "chen", request, "withdraw"))
    assert gone["status"] == "withdrawn"
    assert does(world, "hu", gone, "accept").json["code"] == "not_now"
    assert places(world, campaign) == [READY] and not g.sound(app)


def test_one_open_request_a_campaign_and_place(world, app, owner, campaign):
    g.ok(asks(world, campaign), 201)
    assert asks(world, campaign, who="yang").json["code"] == "already_asked"
    other = g.opened(world, place_code=READY)
    answers = at_once(*[lambda who=who: asks(world, other, who=who) for who in ("li", "yang", "chen")])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert {answer.json["code"] for answer in answers if answer.status_code == 409} == {"already_asked"}
    assert not g.sound(app)


def test_a_place_around_it_has_joined_meanwhile(world, app, campaign):
    small, large = g.ok(asks(world, campaign), 201), g.ok(asks(world, campaign, MACHIDUN), 201)
    g.ok(does(world, "hu", large, "accept"))
    assert does(world, "hu", small, "accept").json["code"] == "already_joined"
    assert places(world, campaign) == [MACHIDUN, READY] and not g.sound(app)


def test_nobody_asks_to_join_a_draft_nor_after_the_cut_off_and_what_was_open_lapses(world, app, owner, campaign):
    assert asks(world, g.drafted(world, place_code=READY)).status_code == 404
    request = g.ok(asks(world, campaign), 201)
    c.cut_off(app, owner, campaign)
    assert asks(world, campaign, MACHIDUN).json["code"] == "not_open"
    shown = g.ok(world.hu.get(f"/join-requests/{request['id']}"))
    assert "accept" not in shown["allowed_actions"]
    assert does(world, "hu", request, "accept").json["code"] == "not_open"
    with app.app_context():
        joining.lapse()
    assert g.ok(world.li.get(f"/join-requests/{request['id']}"))["status"] == "lapsed"
    assert places(world, campaign) == [READY] and not g.sound(app)


def test_the_clock_leaves_alone_what_can_still_be_answered(world, app, campaign):
    request = g.ok(asks(world, campaign), 201)
    with app.app_context():
        joining.lapse()
    assert g.ok(does(world, "hu", request, "accept"))["status"] == "accepted"


def test_accepted_refused_and_withdrawn_at_the_same_moment_one_of_them_happens(world, app, campaign):
    for _ in range(4):
        request = g.ok(asks(world, campaign), 201)
        answers = at_once(
            lambda request=request: does(world, "hu", request, "refuse", reason="车装不下"),
            lambda request=request: does(world, "li", request, "withdraw"),
            lambda request=request: does(world, "hu", request, "refuse", reason="车装不下"),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    request = g.ok(asks(world, campaign), 201)
    answers = at_once(*[lambda: does(world, "hu", request, "accept")] * 3)
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert places(world, campaign) == [READY, SECOND] and not g.sound(app)


def test_the_cut_off_and_the_answer_at_the_same_moment(world, app, owner, campaign):
    request = g.ok(asks(world, campaign), 201)
    answer, _ = at_once(lambda: does(world, "hu", request, "accept"), lambda: c.cut_off(app, owner, campaign))
    joined = places(world, campaign) == [READY, SECOND]
    assert (answer.status_code, joined) in {(200, True), (409, False)}, answer.text
    assert not g.sound(app)


def test_the_record_holds_who_asked_who_answered_and_nobodys_words(world, app, owner, campaign):
    g.joined(world, campaign, SECOND)
    events = owner.execute(
        "SELECT subject_type, action, details::text FROM audit_event"
        " WHERE subject_type = 'join_request' OR action = 'join' ORDER BY at"
    ).fetchall()
    assert [event[:2] for event in events] == [
        ("join_request", "ask"),
        ("join_request", "accept"),
        ("campaign", "join"),
    ]
    assert not any("凑不满" in details for _, _, details in events)


def test_a_verb_refuses_a_stranger_whatever_the_route_lets_through(world, app, campaign):
    request = g.ok(asks(world, campaign), 201)
    with app.app_context(), unit_of_work(), pytest.raises(DomainError) as refused:
        joining.withdraw(actor("other_organiser"), uuid.UUID(request["id"]), 1)
    assert refused.value.status == 404
