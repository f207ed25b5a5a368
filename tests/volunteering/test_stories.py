"""A volunteer who becomes a contact at noon; one without a phone; two who did the same thing without a network; one who
hands over in the stairwell."""

import uuid
from datetime import timedelta

import pytest

from backend.core import clock
from backend.core.permissions import Role
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.people.models import User
from backend.volunteering.tasks import deadlines
from backend.volunteering.tasks.holding import completion_code
from backend.volunteering.teams.models import Volunteer
from tests.cast import BUILDING, ELSEWHERE, MACHIDUN, NEIGHBOUR, UNIT
from tests.factories import groupbuy as g
from tests.factories import handout as h
from tests.factories import tasks as t


@pytest.fixture
def team(world, app):
    """qian and xu carry, feng coordinates, liu heads the building."""
    return {
        "qian": t.helper(app, "qian"), "xu": t.helper(app, "xu"),
        "feng": t.helper(app, "feng", Role.COORDINATOR), "liu": t.helper(app, "liu", Role.BUILDING_HEAD),
    }  # fmt: skip


def refused(answer, status, code):
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    return answer.json


# --- A contact at noon ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("category", ["close_contact", "fever", "suspected", "confirmed", "asymptomatic"])
def test_a_volunteer_becomes_a_contact_at_noon(world, app, owner, team, category):
    """A claim for today, one begun, a shift tomorrow: all are free in the transaction that records the case, and nobody
    is told why. What was done in the morning stays done."""
    home = g.home(app, "701", who="qian")
    morning = t.task(app)
    claim = t.begun(world, "qian", morning)
    t.done(world, "qian", claim, "done", how="code", code=completion_code(uuid.UUID(morning)))
    held = [t.task(app, homes=(h.door(app, UNIT, "101"),), place=UNIT), t.task(app), t.shift(app)]
    claims = [t.begun(world, "qian", held[0]), *[t.claimed(world, "qian", one) for one in held[1:]]]
    case = {"place": UNIT, "category": category, "effective_on": clock.today().isoformat(), "source": "流调",
            "household_id": home}  # fmt: skip
    g.ok(world.chen.post("/cases", case), 201)
    assert [t.status(world, one) for one in claims] == ["released"] * 3
    assert [t.show(world, one)["taken"] for one in held] == [0] * 3
    assert t.show(world, morning)["status"] == "closed"
    assert world.qian.post(f"/task-claims/{claims[0]['id']}/doors").status_code == 409
    refused(world.qian.post(f"/tasks/{held[1]}/claim"), 409, "resting")
    told = str(t.show(world, held[1])) + str(owner.execute("SELECT details FROM audit_event").fetchall())
    assert category not in told.replace(f"'category': '{category}'", "")
    t.claimed(world, "xu", held[0])
    assert not g.sound(app)
    assert world.qian.post(f"/volunteers/{team['qian']}/stand-up", {"reason": "rested"}).status_code == 403
    assert world.feng.post(f"/volunteers/{team['qian']}/stand-up", {"reason": "rested"}).status_code == 204
    t.claimed(world, "qian", held[1])


def test_a_case_that_is_refused_takes_nothing(world, app, team):
    home = g.home(app, "701", who="qian")
    claim = t.claimed(world, "qian", t.task(app))
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    case = {"place": UNIT, "category": "fever", "effective_on": tomorrow, "source": "流调", "household_id": home}
    refused(world.chen.post("/cases", case), 422, "in_the_future")
    assert t.status(world, claim) == "claimed"


def test_the_office_sends_someone_to_rest(world, app, team):
    claim = t.begun(world, "qian", t.task(app))
    assert world.other_secretary.post(f"/volunteers/{team['qian']}/stand-down", {"reason": "tired"}).status_code == 404
    assert world.feng.post(f"/volunteers/{team['qian']}/stand-down", {"reason": "tired"}).status_code == 204
    assert t.status(world, claim) == "released" and not g.sound(app)


# --- Without a phone --------------------------------------------------------------------------------------------


def test_a_volunteer_without_a_phone(world, app, owner, team):
    """The building head takes down everything for 吴师傅, as the record says, and somebody else verifies."""
    with app.app_context(), unit_of_work():
        user = User(name="吴师傅")
        db.session.add(user)
        db.session.flush()
        user_id = user.id
    posts = {"user_id": str(user_id), "role": "transporter", "place_code": MACHIDUN}
    g.ok(world.li.post("/role-assignments", posts), 201)
    with app.app_context(), unit_of_work():
        known = db.session.get_one(Volunteer, uuid.UUID(team["qian"]))
        of = {"team_id": known.team_id, "kind": "resident_volunteer", "base_code": BUILDING, "minutes_a_day": 240}
        wu = Volunteer(user_id=user_id, **of)
        db.session.add(wu)
        db.session.flush()
        volunteer_id = str(wu.id)
    home = h.door(app, UNIT, "602", 6)
    task_id = t.task(app, place=UNIT, homes=(home,))
    asked = g.ok(world.feng.post(f"/tasks/{task_id}/assign", {"volunteer_id": volunteer_id}), 201)
    t.done(world, "liu", asked, "accept")
    refused(t.act(world, "liu", asked, "start"), 409, "health_unknown")
    t.said(app, volunteer_id, True)
    t.done(world, "liu", asked, "start")
    assert g.ok(world.liu.post(f"/task-claims/{asked['id']}/doors"))["stops"][0]["room"] == "602"
    g.ok(world.liu.post(f"/task-claims/{asked['id']}/doors/1/settle", {"outcome": "done"}))
    t.done(world, "liu", asked, "done", how="building_head")
    refused(t.act(world, "liu", asked, "verify"), 403, "separate_hands")
    assert t.done(world, "feng", asked, "verify")["status"] == "verified"
    acts = owner.execute(
        "SELECT action, u.name, e.on_behalf_of FROM audit_event e JOIN app_user u ON u.id = e.actor_id"
        " WHERE subject_id = %s AND new IS NOT NULL ORDER BY at", [asked["id"]]
    ).fetchall()  # fmt: skip
    by = [("assign", "feng"), ("accept", "liu"), ("start", "liu"), ("done", "liu"), ("verify", "feng")]
    assert [(action, name) for action, name, _ in acts] == by
    assert {behalf for _, _, behalf in acts[:4]} == {user_id}
    assert not g.sound(app)


def test_the_building_head_way_is_not_for_oneself(world, app, team):
    claim = t.begun(world, "liu", t.task(app))
    refused(t.act(world, "liu", claim, "done", how="building_head"), 422, "not_by_oneself")


# --- Without a network ------------------------------------------------------------------------------------------


def told(world, who, *events):
    return [one["outcome"] for one in g.ok(world.hand(who).post("/task-events", {"events": list(events)}))["results"]]


def event(claim, action, at, **more):
    return {"claim_id": claim["id"], "action": action, "at": at.isoformat(), **more}


def test_two_did_the_same_without_a_network(world, app, owner, team):
    """qian had no network; the lease ran out, xu took it and did it. What qian tells in the evening is kept beside it:
    not lost, not counted, shown to the coordinator."""
    task_id = t.task(app, place=UNIT, homes=(h.door(app, UNIT, "301"), h.door(app, UNIT, "302")))
    claim = t.claimed(world, "qian", task_id)
    owner.execute("UPDATE task_claim SET claimed_at = now() - interval '2 h', lease_until = now() - interval '90 min'"
                  " WHERE id = %s", [claim["id"]])  # fmt: skip
    with app.app_context():
        deadlines.expire_leases()
    other = t.begun(world, "xu", task_id)
    for position in (1, 2):
        g.ok(world.xu.post(f"/task-claims/{other['id']}/doors/{position}/settle", {"outcome": "done"}))
    t.done(world, "xu", other, "done", how="doors")
    now = clock.now()
    evening = [
        event(claim, "done", now - timedelta(minutes=60)),
        event(claim, "start", now - timedelta(minutes=100)),
        event(claim, "settle", now - timedelta(minutes=80), position=1),
    ]
    assert told(world, "qian", *evening) == ["conflict"] * 3
    assert told(world, "qian", *evening) == ["conflict"] * 3, "told again, it is one"
    shown = t.show(world, task_id)
    assert [(one["action"], one["position"]) for one in shown["conflicts"]] == [
        ("start", None), ("settle", 1), ("done", None)
    ]  # fmt: skip
    assert [holder["status"] for holder in shown["holders"]] == ["lease_expired", "done"]
    assert not g.sound(app)


def test_nobody_took_it_meanwhile(world, app, owner, team):
    """The same, but the slot is free: it counts, in the order and at the times in which it was done."""
    task_id = t.task(app, place=UNIT, homes=(h.door(app, UNIT, "301"),))
    claim = t.claimed(world, "qian", task_id)
    owner.execute("UPDATE task_claim SET claimed_at = now() - interval '2 h', lease_until = now() - interval '1 min'"
                  " WHERE id = %s", [claim["id"]])  # fmt: skip
    with app.app_context():
        deadlines.expire_leases()
    assert t.status(world, claim) == "lease_expired"
    now = clock.now()
    times = [now - timedelta(minutes=ago) for ago in (40, 60, 80)]
    evening = [
        event(claim, "done", times[0]), event(claim, "settle", times[1], position=1, outcome="done"),
        event(claim, "start", times[2]),
    ]  # fmt: skip
    assert told(world, "qian", *evening) == ["taken"] * 3
    ended = g.ok(world.li.get(f"/task-claims/{claim['id']}"))
    assert (ended["status"], ended["started_at"], ended["done_at"]) == (
        "done", times[2].isoformat(), times[0].isoformat()
    )  # fmt: skip
    assert told(world, "qian", *evening) == ["taken"] * 3, "told again, it is as it is"
    assert not g.sound(app)


def test_each_of_two_phones_tells_the_same_door(world, app, team):
    """A pair goes together; both phones tell of both doors. Each door counts once, for whoever told first."""
    homes = (h.door(app, UNIT, "301"), h.door(app, UNIT, "302"))
    task_id = t.task(app, place=UNIT, homes=homes, needs_pair=True)
    claims = {who: t.claimed(world, who, task_id) for who in ("qian", "xu")}
    for who, claim in claims.items():
        t.done(world, who, claim, "start")
    now = clock.now()
    assert told(world, "qian", event(claims["qian"], "settle", now, position=1)) == ["taken"]
    assert told(world, "xu", event(claims["xu"], "settle", now, position=1)) == ["conflict"]
    assert len(t.show(world, task_id)["conflicts"]) == 1 and not g.sound(app)


def test_one_bad_event_keeps_none_of_the_others(world, app, team):
    claim = t.claimed(world, "qian", t.task(app))
    now = clock.now()
    later = event(claim, "start", now + timedelta(hours=1))
    assert told(world, "qian", later, event(claim, "start", now)) == ["time_out_of_range", "taken"]
    other = t.claimed(world, "xu", t.task(app))
    foreign = {"events": [event(other, "start", clock.now())]}
    assert world.qian.post("/task-events", foreign).status_code == 404
    assert t.status(world, other) == "claimed"


# --- Handing over -----------------------------------------------------------------------------------------------


def offered(world, who, claim, to, *custody):
    return t.act(world, who, claim, "hand-over", to_volunteer_id=to, custody=list(custody))


def test_handed_over_in_the_stairwell(world, app, owner, team):
    """Two bags and a receipt, counted by both: only then xu holds the task, and the doors that are left."""
    homes = (h.door(app, UNIT, "301"), h.door(app, UNIT, "302"))
    task_id = t.task(app, place=UNIT, homes=homes)
    claim = t.begun(world, "qian", task_id)
    g.ok(world.qian.post(f"/task-claims/{claim['id']}/doors/1/settle", {"outcome": "done"}))
    offer = g.ok(offered(world, "qian", claim, team["xu"], "蔬菜一袋", "大米一袋", "王奶奶的医保卡"), 201)
    assert (offer["doors_left"], offer["accepted"]) == (1, None)
    assert t.status(world, claim) == "in_progress", "nothing changes until the other has counted"
    assert [one["id"] for one in g.ok(world.xu.get("/hand-overs"))["items"]] == [offer["id"]]
    assert g.ok(world.he.get("/hand-overs"))["items"] == []
    path = f"/hand-overs/{offer['id']}/answer"
    assert refused(world.xu.post(path, {"accept": True, "pieces": 2}), 422, "custody_differs")["listed"] == 3
    refused(world.qian.post(path, {"accept": True, "pieces": 3}), 403, "forbidden")
    answered = g.ok(world.xu.post(path, {"accept": True, "pieces": 3}))
    refused(world.xu.post(path, {"accept": True, "pieces": 3}), 409, "already_answered")
    taken = {"id": answered["new_claim_id"]}
    assert (t.status(world, claim), t.status(world, taken)) == ("handed_over", "in_progress")
    assert world.qian.post(f"/task-claims/{claim['id']}/doors").status_code == 409
    g.ok(world.xu.post(f"/task-claims/{taken['id']}/doors/2/settle", {"outcome": "done"}))
    t.done(world, "xu", taken, "done", how="doors")
    assert t.show(world, task_id)["taken"] == 1
    assert not g.sound(app)
    sealed = owner.execute("SELECT custody_cipher FROM task_hand_over").fetchone()[0]
    assert "医保卡".encode() not in bytes(sealed)


def test_not_taken_over(world, app, team):
    claim = t.claimed(world, "qian", t.task(app))
    for who in ("xu", "qian"):  # declined by the one, withdrawn by the other
        offer = g.ok(offered(world, "qian", claim, team["xu"]), 201)
        assert g.ok(world.hand(who).post(f"/hand-overs/{offer['id']}/answer", {"accept": False}))["accepted"] is False
    assert t.status(world, claim) == "claimed"
    assert world.he.post(f"/hand-overs/{offer['id']}/answer", {"accept": False}).status_code == 404


def test_who_could_not_claim_cannot_take_over(world, app, team):
    weak = t.helper(app, "bai", max_floor=2)
    claim = t.claimed(world, "qian", t.task(app, floor=6))
    unwell, away = t.helper(app, "bai2", well=False), t.helper(app, "bai3", base_code=ELSEWHERE, team_place=NEIGHBOUR)
    said = {refused(offered(world, "qian", claim, one), 409, "cannot_take_over")["detail"] for one in (weak, unwell)}
    assert len(said) == 1, "why not is theirs to tell"
    for stranger in (away, str(uuid.uuid4())):
        refused(offered(world, "qian", claim, stranger), 404, "not_found")


def test_an_offer_of_what_is_no_longer_held(world, app, team):
    claim = t.claimed(world, "qian", t.task(app))
    offer = g.ok(offered(world, "qian", claim, team["xu"]), 201)
    t.done(world, "qian", claim, "release")
    assert g.ok(world.xu.get("/hand-overs"))["items"] == [], "nobody is asked in vain"
    refused(world.xu.post(f"/hand-overs/{offer['id']}/answer", {"accept": True, "pieces": 0}), 409, "not_held")
    assert not g.sound(app)
