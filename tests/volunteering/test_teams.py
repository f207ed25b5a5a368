"""Who helps: the team, its members, what each may say of themselves, and who may look."""

import uuid
from datetime import timedelta

import pytest

from backend.core import clock
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.volunteering.teams import leaving, members
from backend.volunteering.teams.models import Fitness
from tests.cast import BUILDING, ELSEWHERE, MACHIDUN, NEIGHBOUR, READY
from tests.core import things
from tests.factories import households
from tests.factories.volunteers import TEAM, volunteer

OFFER = {"kind": "resident_volunteer", "base_code": BUILDING, "skills": ["driving"], "minutes_a_day": 120}


def tomorrow(days=1):
    return (clock.today() + timedelta(days=days)).isoformat()


@pytest.fixture
def team(world):
    return world.li.post("/teams", {"place_code": MACHIDUN, "name": TEAM}).json


def added(hand, team, **body):
    answer = hand.post(f"/teams/{team['id']}/volunteers", {**OFFER, **body})
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_team_has_one_name_in_its_community_and_may_be_renamed(world, team):
    again = world.chen.post("/teams", {"place_code": MACHIDUN, "name": TEAM})
    assert (again.status_code, again.json["code"]) == (409, "team_exists")
    compound = world.li.post("/teams", {"place_code": READY, "name": "小区队"})
    assert compound.json["code"] == "wrong_kind_of_place"
    stale = world.li.patch(f"/teams/{team['id']}", {"revision": 9, "name": "新名"})
    assert stale.json["code"] == "stale"
    renamed = world.li.patch(f"/teams/{team['id']}", {"revision": 1, "name": "新名"})
    assert (renamed.json["name"], renamed.json["revision"]) == ("新名", 2)
    assert [t["name"] for t in world.liu.get("/teams", place=BUILDING).json["items"]] == ["新名"]
    assert world.other_secretary.patch(f"/teams/{team['id']}", {"revision": 2, "name": "抢"}).status_code == 404


def test_a_volunteer_with_a_phone_changes_what_they_give_and_nothing_else(app, world, team):
    qian = added(world.li, team, user_id=things.person(app, "qian"))
    mine = world.qian.get("/me/volunteer").json
    assert mine["id"] == qian["id"] and mine["team_name"] == TEAM
    assert [post["label"] for post in mine["posts"]] == ["爱心运输员"]
    less = {"minutes_a_day": 60, "free_from": "19:00:00", "free_until": "21:00:00", "withdraws_on": tomorrow(9)}
    answer = world.qian.patch(f"/volunteers/{qian['id']}", {"revision": 1, **less})
    assert {name: answer.json[name] for name in less} == less
    office = world.qian.patch(f"/volunteers/{qian['id']}", {"revision": 2, "kind": "seconded_cadre"})
    assert (office.status_code, "社区" in office.json["detail"]) == (403, True)
    stale = world.qian.patch(f"/volunteers/{qian['id']}", {"revision": 1, "minutes_a_day": 30})
    assert stale.json["code"] == "stale"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"minutes_a_day": 481}, "invalid"),
        ({"minutes_a_day": True}, "invalid"),
        ({"skills": ["flying"]}, "invalid"),
        ({"free_from": "09:00:00"}, "free_hours"),
        ({"free_from": "21:00:00", "free_until": "09:00:00"}, "free_hours"),
        ({"withdraws_on": tomorrow(0)}, "date_past"),
        ({"carry_grams": 1}, "invalid"),
        ({"user_id": str(uuid.uuid4())}, "invalid"),
        ({"left_at": tomorrow()}, "invalid"),
        ({"places": [ELSEWHERE]}, "elsewhere"),
        ({"base_code": NEIGHBOUR}, "elsewhere"),
        ({"base_code": f"{READY}-999"}, "elsewhere"),
    ],
)
def test_what_makes_no_sense_is_refused(app, world, team, change, code):
    qian = added(world.li, team, user_id=things.person(app, "qian"))
    answer = world.li.patch(f"/volunteers/{qian['id']}", {"revision": 1, **change})
    assert (answer.status_code, answer.json["code"]) == (422, code), answer.text


def test_a_volunteer_without_a_phone_is_taken_down_by_name_and_spoken_for(app, world, owner, team):
    """Nobody can sign in as them; the building head says what they give, and the record tells on whose behalf."""
    bare = world.li.post(f"/teams/{team['id']}/volunteers", {**OFFER, "name": "孙桂英"})
    assert bare.json["code"] == "consent_required"
    sun = added(world.li, team, name="孙桂英", consent="in_person", phone="13912345678", places=[BUILDING])
    assert (sun["name"], sun["phone"], sun["places"]) == ("孙**", "139****5678", [BUILDING])
    account = owner.execute("SELECT openid_index, demo_name FROM app_user WHERE id = %s", [sun["user_id"]]).fetchone()
    assert account == (None, None)
    answer = world.liu.patch(f"/volunteers/{sun['id']}", {"revision": 1, "minutes_a_day": 30})
    assert answer.json["minutes_a_day"] == 30
    assert world.liu.post(f"/volunteers/{sun['id']}/fitness", {"fit": False}).json["fit_today"] is False
    recorded = owner.execute(
        "SELECT action, on_behalf_of::text FROM audit_event WHERE subject_id = %s ORDER BY at", [sun["id"]]
    ).fetchall()
    assert recorded[1:] == [("change", sun["user_id"]), ("say_fit", sun["user_id"])]
    both = world.li.post(f"/teams/{team['id']}/volunteers", {**OFFER, "name": "孙", "user_id": sun["user_id"]})
    assert both.json["code"] == "user_or_name"


def test_one_is_in_one_team_at_a_time(app, world, team):
    qian = added(world.li, team, user_id=things.person(app, "qian"))
    again = world.li.post(f"/teams/{team['id']}/volunteers", {**OFFER, "user_id": qian["user_id"]})
    assert (again.status_code, again.json["code"]) == (409, "already_volunteer")
    assert world.qian.post(f"/volunteers/{qian['id']}/leave", {"revision": 1}).status_code == 204
    assert world.qian.get("/me/volunteer").status_code == 404
    assert added(world.li, team, user_id=qian["user_id"])["id"] != qian["id"]


def test_who_leaves_leaves_their_posts(app, world, owner, team):
    qian = added(world.li, team, user_id=things.person(app, "qian"))
    assert world.feng.post(f"/volunteers/{qian['id']}/leave", {"revision": 1}).status_code == 403
    assert world.chen.post(f"/volunteers/{qian['id']}/leave", {"revision": 1}).status_code == 204
    held = "SELECT count(*) FROM role_assignment WHERE user_id = %s AND ended_at IS NULL"
    assert owner.execute(held, [qian["user_id"]]).fetchone() == (0,)
    assert "HANDOUT" not in str(world.qian.get("/me").json["permissions"]) and not world.qian.get("/me").json["posts"]


def test_who_withdraws_today_is_gone_after_midnight(app, world, owner):
    gone, stays = volunteer(app, "qian"), volunteer(app, "feng", withdraws_on=clock.today() + timedelta(days=1))
    owner.execute("UPDATE volunteer SET withdraws_on = %s WHERE id = %s", [clock.today(), gone])
    with app.app_context():
        leaving.withdraw()
        leaving.withdraw()
    left = dict(owner.execute("SELECT id, left_at IS NOT NULL FROM volunteer").fetchall())
    assert left == {gone: True, stays: False}
    events = owner.execute("SELECT count(*) FROM audit_event WHERE action = 'leave' AND subject_id = %s", [gone])
    assert events.fetchone() == (1,)


def test_lists_are_masked_and_a_look_is_audited(app, world, owner, team):
    sun = added(world.li, team, name="孙桂英", consent="voice", phone="13912345678")
    shown = world.li.get("/volunteers", place=MACHIDUN)
    assert "孙桂英" not in shown.text and "13912345678" not in shown.text
    answer = world.feng.post(f"/volunteers/{sun['id']}/reveal", {"purpose": "emergency"})
    assert (answer.json["name"], answer.json["phone"]) == ("孙桂英", "13912345678")
    looked = owner.execute("SELECT details FROM audit_event WHERE action = 'reveal' AND subject_id = %s", [sun["id"]])
    assert looked.fetchall() == [({"purpose": "emergency"},)]
    assert world.liu.post(f"/volunteers/{sun['id']}/reveal", {"purpose": "emergency"}).status_code == 403
    assert owner.execute("SELECT phone_cipher FROM volunteer").fetchone()[0].find(b"13912345678") == -1


def test_home_and_relatives_are_for_the_office_and_oneself(app, world, team):
    home = households.family(world)["id"]
    qian = added(world.li, team, user_id=things.person(app, "qian"), household_id=home)
    li = things.person(app, "li")
    assert world.qian.post(f"/volunteers/{qian['id']}/relatives", {"user_id": li}).json["relatives"] == [li]
    assert world.qian.get("/me/volunteer").json["household_id"] == home
    others = world.feng.get(f"/volunteers/{qian['id']}").json
    assert (others["household_id"], others["relatives"]) == (None, [])
    by_kin = world.li.post(f"/volunteers/{qian['id']}/relatives/remove", {"user_id": li})
    assert (by_kin.status_code, by_kin.json["code"]) == (403, "not_by_oneself")
    struck = world.chen.post(f"/volunteers/{qian['id']}/relatives/remove", {"user_id": li})
    assert struck.json["relatives"] == []


def test_health_is_one_word_for_today_and_is_forgotten(app, world, owner):
    qian = volunteer(app, "qian")
    assert world.qian.get("/me/volunteer").json["fit_today"] is None
    assert world.qian.post(f"/volunteers/{qian}/fitness", {"fit": False, "why": "发热"}).status_code == 422
    assert world.qian.post(f"/volunteers/{qian}/fitness", {"fit": False}).json["fit_today"] is False
    assert world.qian.post(f"/volunteers/{qian}/fitness", {"fit": True}).json["fit_today"] is True
    said = owner.execute("SELECT details FROM audit_event WHERE action = 'say_fit'").fetchall()
    assert said == [({},), ({},)]
    with app.app_context(), unit_of_work():
        me = uuid.UUID(things.person(app, "qian"))
        for ago in (30, 31):
            day = clock.today() - timedelta(days=ago)
            db.session.add(Fitness(volunteer_id=qian, day=day, fit=True, recorded_by=me))
    with app.app_context(), unit_of_work():
        members.forget_fitness()
    kept = {day for (day,) in owner.execute("SELECT day FROM fitness")}
    assert kept == {clock.today(), clock.today() - timedelta(days=30)}


def test_who_is_out_of_sight_does_not_exist(app, world):
    qian, nowhere = volunteer(app, "qian"), uuid.uuid4()
    for hand in (world.other_secretary, world.he, world.nobody):
        foreign, missing = hand.get(f"/volunteers/{qian}"), hand.get(f"/volunteers/{nowhere}")
        assert (foreign.status_code, foreign.json["detail"]) == (404, missing.json["detail"])
        assert hand.patch(f"/volunteers/{qian}", {"revision": 1, "minutes_a_day": 1}).status_code == 404
