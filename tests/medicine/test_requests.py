"""Who may ask for medicine for whom, and how a second person looks before anyone sets out."""

from datetime import timedelta

import pytest

from backend.core import clock
from tests.core import things
from tests.factories import groupbuy as g
from tests.factories import medicine as m


def day(ahead):
    return (clock.today() + timedelta(days=ahead)).isoformat()


def refused(answer):
    return answer.status_code, answer.json["code"]


# --- Asking -----------------------------------------------------------------------------------------------------


def test_a_resident_asks_for_the_own_home_and_a_second_person_checks(world, app, home):
    filed = m.filed(world, "he", {}, m.PLASTERS, photo_ids=[m.photo(world, "he")])
    assert (filed["household_id"], filed["status"], filed["category"]) == (home, "submitted", "药品2种")
    assert (filed["consent_kind"], filed["allowed_actions"], filed["room"]) == (None, ["cancel"], "101")
    assert m.show(world, filed, "chen")["allowed_actions"] == ["check", "ask_info", "cancel"]
    checked = g.ok(m.act(world, "chen", filed, "check"))
    assert (checked["status"], checked["lines"][0]["status"]) == ("checked", "wanted")
    assert not g.sound(app)


@pytest.mark.parametrize("consent", ["voice", "paper", "in_person"])
def test_the_building_head_asks_for_those_without_a_phone(world, app, neighbours, consent):
    filed = m.filed(world, "liu", household_id=neighbours, consent=consent)
    assert (filed["household_id"], filed["consent_kind"]) == (neighbours, consent)
    assert g.ok(m.act(world, "wang", filed, "check"))["status"] == "checked"
    assert m.show(world, filed, "liu")["status"] == "checked", "whoever asked for them goes on acting for them"


def test_on_behalf_without_saying_how_they_agreed_is_refused(world, neighbours):
    answer = world.liu.post("/medicine-requests", m.body(household_id=neighbours))
    assert refused(answer) == (422, "consent_needed") and answer.json["errors"][0]["field"] == "/consent"


def test_standing_consent_is_enough_until_it_is_withdrawn(world, app, neighbours):
    given = {"given_to": things.person(app, "tang"), "kind": "paper"}
    agreed = g.ok(world.li.post(f"/households/{neighbours}/consents", given), 201)
    filed = m.filed(world, "tang", household_id=neighbours)
    assert filed["consent_kind"] == "standing"
    g.ok(world.li.post(f"/consents/{agreed['id']}/withdraw"))
    assert refused(world.tang.post("/medicine-requests", m.body(household_id=neighbours))) == (404, "not_found")


def test_a_volunteer_at_the_door_photographs_the_box_first(world, app, neighbours):
    asks = m.body(household_id=neighbours, consent="in_person")
    answer = world.qian.post("/medicine-requests", asks)
    assert refused(answer) == (422, "photo_first") and answer.json["errors"][0]["field"] == "/photo_ids"
    by_voice = m.body(household_id=neighbours, consent="voice", photo_ids=[m.photo(world, "qian", neighbours)])
    assert refused(world.qian.post("/medicine-requests", by_voice)) == (422, "in_person_only")
    filed = m.at_the_door(world, "qian", neighbours)
    assert len(filed["photo_ids"]) == 1 and filed["consent_kind"] == "in_person"
    g.ok(m.act(world, "chen", filed, "check"))
    assert refused(world.qian.get(f"/medicine-requests/{filed['id']}")) == (404, "not_found"), "no need to know now"


def test_a_resident_does_not_ask_for_another_home(world, home, neighbours):
    for hand in (world.he, world.tang, world.nobody, world.other_grid):
        answer = hand.post("/medicine-requests", m.body(household_id=neighbours, consent="in_person"))
        assert answer.status_code in (403, 404), answer.text


def test_the_patient_is_of_the_household(world, app, home, neighbours):
    (mine,) = g.ok(world.he.get(f"/households/{home}/patients"))["items"]
    (theirs,) = g.ok(world.liu.get(f"/households/{neighbours}/patients"))["items"]
    own, other = mine["id"], theirs["id"]
    assert mine["name"] == "张**", "the household knows who it is"
    assert m.filed(world, "he", member_id=own)["member_id"] == own
    assert refused(world.he.post("/medicine-requests", m.body(member_id=other))) == (404, "not_found")
    for hand in (world.tang, world.qian, world.other_grid):
        assert refused(hand.get(f"/households/{home}/patients")) == (404, "not_found")


def test_whoever_has_two_homes_says_which(world, app, home):
    second = g.home(app, "201", "he")
    assert refused(world.he.post("/medicine-requests", m.body())) == (422, "which_home")
    assert m.filed(world, "he", household_id=second)["household_id"] == second


# --- What stays cold --------------------------------------------------------------------------------------------


def test_insulin_is_cold_whether_said_or_not_and_needed_today(world, app, home):
    filed = m.filed(world, "he", m.INSULIN)
    assert (filed["category"], filed["needed_on"]) == ("药品1种，需冷藏，凭处方", day(0))
    assert filed["lines"][0]["cold"] and not filed["lines"][0]["substitution"]


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        ({**m.INSULIN, "substitution": True}, "cold_not_substituted", "substitution"),
        ({**m.INSULIN, "sealed_otc": True, "prescription": False}, "not_over_the_counter", "sealed_otc"),
        ({**m.PLASTERS, "prescription": True}, "not_over_the_counter", "sealed_otc"),
        ({**m.PLASTERS, "cold": True}, "not_over_the_counter", "sealed_otc"),
    ],
)
def test_nothing_cold_is_substituted_and_only_sealed_goods_over_the_counter_passed_on(world, home, line, code, field):
    answer = world.he.post("/medicine-requests", m.body({}, line))
    assert refused(answer) == (422, code) and answer.json["errors"][0]["field"] == f"/lines/1/{field}"


# --- A second person --------------------------------------------------------------------------------------------


def test_nobody_checks_what_they_asked_for_themselves(world, home, neighbours):
    filed = m.filed(world, "wang", household_id=neighbours, consent="voice")
    assert refused(m.act(world, "wang", filed, "check")) == (403, "separate_hands")
    assert "check" not in m.show(world, filed, "wang")["allowed_actions"]
    g.ok(m.act(world, "li", filed, "check"))


def test_nor_the_medicine_of_their_own_home(world, app):
    own = g.home(app, "301", "chen")
    filed = m.filed(world, "liu", household_id=own, consent="voice")
    assert refused(m.act(world, "chen", filed, "check")) == (403, "separate_hands")


def test_what_the_photo_does_not_tell_is_asked_and_answered(world, app, home):
    filed = m.filed(world, "he", {})
    asks = g.ok(m.act(world, "chen", filed, "ask-info", question="规格看不清，是 5mg 吗？"))
    assert (asks["status"], asks["asks"]) == ("needs_info", True) and "规格" not in str(asks)
    shown = m.show(world, filed, "he")
    assert shown["allowed_actions"] == ["amend", "cancel"]
    assert g.ok(m.clear(world, "he", filed, "own"))["question"] == "规格看不清，是 5mg 吗？"
    better = {"lines": [{**m.PILLS, "specification": "5mg×7片", "quantity": 4}], "note": "是 5mg"}
    amended = g.ok(m.act(world, "he", shown, "amend", photo_ids=[m.photo(world, "he")], **better))
    assert (amended["status"], amended["lines"][0]["quantity"], len(amended["photo_ids"])) == ("submitted", 4, 1)
    read = g.ok(m.clear(world, "chen", filed))
    assert (read["lines"][0]["specification"], read["note"], read["question"]) == ("5mg×7片", "是 5mg", None)
    assert g.ok(m.act(world, "chen", amended, "check"))["status"] == "checked"
    assert not g.sound(app)


def test_whoever_answers_is_not_whoever_asked(world, neighbours):
    filed = m.filed(world, "liu", household_id=neighbours, consent="voice")
    asks = g.ok(m.act(world, "wang", filed, "ask-info", question="哪个厂家？"))
    assert refused(m.act(world, "wang", asks, "amend", note="辉瑞", consent="voice")) == (403, "separate_hands")
    g.ok(m.act(world, "liu", asks, "amend", note="辉瑞", consent="voice"))


def test_what_has_changed_meanwhile_is_seen_first(world, home):
    filed = m.filed(world, "he", {})
    g.ok(m.act(world, "chen", filed, "ask-info", question="？"))
    assert refused(m.act(world, "li", filed, "check")) == (409, "stale")


def test_before_anyone_sets_out_the_household_may_cancel(world, app, home):
    checked = m.checked(world, "he", {})
    cancelled = g.ok(m.act(world, "he", checked, "cancel"))
    assert (cancelled["status"], cancelled["erase_on"]) == ("cancelled", day(30))
    assert cancelled["allowed_actions"] == ["repeat"]
    planned = m.checked(world, "he", {})
    m.walk(app, planned, "plan")
    assert refused(m.act(world, "he", m.show(world, planned), "cancel")) == (409, "not_now")
    assert not g.sound(app)


# --- The same as last time --------------------------------------------------------------------------------------


def test_the_same_as_last_time_is_one_tap(world, app, home):
    first = m.filed(world, "he", {}, m.INSULIN, insurance_card=True, disease="高血压")
    again = g.ok(world.he.post(f"/medicine-requests/{first['id']}/repeat"), 201)
    one, two = (g.ok(m.clear(world, "he", each, "own")) for each in (first, again))
    assert [line["name"] for line in two["lines"]] == [line["name"] for line in one["lines"]]
    assert (two["disease"], again["insurance_card"], again["status"]) == ("高血压", True, "submitted")
    assert again["lines"][0]["days_left"] is None, "how much is left is asked of the patient"


def test_a_stranger_repeats_nothing(world, home):
    first = m.filed(world, "he", {})
    for hand in (world.tang, world.qian, world.other_grid):
        assert refused(hand.post(f"/medicine-requests/{first['id']}/repeat")) == (404, "not_found")
