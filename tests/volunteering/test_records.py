"""What people did: the team's sums, one's own, a certificate that can be checked; and abuse at a door, where two go
next time."""

import io
import uuid
from datetime import timedelta

import pypdf
import pytest

from backend.core import clock
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.places.models import Place
from backend.volunteering.records import incidents
from backend.volunteering.records.incidents import KEPT_DAYS, needs_pair
from backend.volunteering.records.wording import done_in_words
from backend.volunteering.records.work import Tally
from tests.cast import BUILDING, MACHIDUN, READY, UNIT
from tests.core import things
from tests.factories import groupbuy as g
from tests.factories import handout as h
from tests.factories import tasks as t
from tests.factories.claims import statements
from tests.factories.volunteers import buildings, user_of, volunteer, worked

MONTH = {"since": (clock.today() - timedelta(days=30)).isoformat(), "until": clock.today().isoformat()}


def team_of(hand):
    return hand.get("/teams", place=MACHIDUN).json["items"][0]["id"]


def record(hand, **period):
    answer = hand.get(f"/teams/{team_of(hand)}/records", **{**MONTH, **period})
    assert answer.status_code == 200, answer.text
    return answer.json


@pytest.mark.parametrize(
    ("did", "words"),
    [
        (Tally(1, 60), "完成任务 1 次，服务 1 小时。"),
        (Tally(2, 95, 3, 430_500), "完成任务 2 次，服务 1 小时 35 分钟，送到 3 户，搬运 430.5 公斤。"),
        (Tally(), "完成任务 0 次，服务 0 小时。"),
    ],
)
def test_what_was_done_in_words(did, words):
    assert done_in_words(did) == words


def test_the_sums_of_a_team_and_of_oneself(app, world):
    """Doors where nobody was home count for nothing; a lorry is shared by those who unloaded it; what is not verified
    yet waits."""
    home, _ = things.household(app)
    other, _ = things.household(app, "102")
    qian, sun = volunteer(app, "qian"), volunteer(app, "孙桂英")
    worked(app, qian, 1, 90, doors=[(home, 5_000, "done"), (other, 3_000, "not_home")])
    worked(app, qian, 2, 30, kind="unload", grams=600_000, taken=3, capacity=3)
    worked(app, qian, 3, 60, status="done")
    worked(app, sun, 30, 45)
    worked(app, sun, 31, 45)  # the day before
    shown = record(world.li)
    mine = {"tasks": 2, "minutes": 120, "stops": 1, "grams": 205_000, "waiting": 1}
    assert {name: shown["members"][0][name] for name in mine} == mine
    assert [(m["name"], m["minutes"]) for m in shown["members"]] == [("q**", 120), ("孙**", 45)]
    assert (shown["minutes"], shown["tasks"], shown["waiting"]) == (165, 3, 1)
    own = world.qian.get("/me/service-record", **MONTH).json
    assert own["sentence"] == "完成任务 2 次，服务 2 小时，送到 1 户，搬运 205 公斤。"
    assert record(world.feng, since=MONTH["until"])["tasks"] == 0


def test_a_record_costs_as_many_statements_for_twenty_as_for_one(app, world):
    worked(app, volunteer(app, "孙桂英"))
    record(world.li)
    with statements(app) as one:
        record(world.li)
    for n in range(19):
        worked(app, volunteer(app, f"志愿者{n}"))
    with statements(app) as twenty:
        assert len(record(world.li)["members"]) == 20
    assert len(twenty) == len(one)


@pytest.mark.parametrize(("since", "until"), [(1, 0), (0, -1), (-400, 0)])
def test_a_period_that_is_none(app, world, since, until):
    volunteer(app, "qian")
    period = {
        "since": (clock.today() + timedelta(days=since)).isoformat(),
        "until": (clock.today() - timedelta(days=until)).isoformat(),
    }
    assert world.qian.get("/me/service-record", **period).json["code"] == "bad_period"


# --- Certificates -----------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(app, world):
    sun = volunteer(app, "孙桂英")
    worked(app, sun, 1, 90)
    answer = world.li.post(f"/volunteers/{sun}/certificates", MONTH)
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_certificate_is_printed_and_anyone_can_check_the_paper(world, owner, certificate):
    printed = world.li.post(f"/service-certificates/{certificate['id']}/print")
    assert printed.mimetype == "application/pdf"
    text = pypdf.PdfReader(io.BytesIO(printed.data)).pages[0].extract_text().replace("\x00", "").replace("\n", "")
    assert all(words in text for words in ("孙桂英", certificate["number"], certificate["digest"]))
    checked = world.public.get(f"/public/service-certificates/{certificate['number']}")
    assert (checked.json["minutes"], checked.json["place_name"]) == (90, "马池墩社区居委会")
    assert "孙" not in checked.text and certificate["name"] == "孙**"
    path = f"/public/service-certificates/{certificate['number']}/match"
    assert world.public.post(path, {"name": "孙桂英"}).json == {"matches": True}
    assert world.public.post(path, {"name": "孙桂芳"}).json == {"matches": False}
    assert world.public.get("/public/service-certificates/20200310-AAAAAAAAAA").status_code == 404
    looked = owner.execute("SELECT action FROM audit_event WHERE subject_id = %s ORDER BY at", [certificate["id"]])
    assert [action for (action,) in looked] == ["issue", "print"]


def test_a_changed_row_no_longer_matches_its_paper(world, owner, certificate):
    owner.execute("UPDATE service_certificate SET minutes = 9000")
    path = f"/public/service-certificates/{certificate['number']}/match"
    assert world.public.post(path, {"name": "孙桂英"}).json == {"matches": False}


def test_who_may_certify_and_whose_certificate_it_is(app, world, certificate):
    qian = volunteer(app, "qian")
    assert world.li.post(f"/volunteers/{qian}/certificates", MONTH).json["code"] == "nothing_done"
    worked(app, qian)
    assert world.feng.post(f"/volunteers/{qian}/certificates", MONTH).status_code == 403
    li = volunteer(app, "li")
    worked(app, li)
    assert world.li.post(f"/volunteers/{li}/certificates", MONTH).json["code"] == "not_to_oneself"
    own = world.chen.post(f"/volunteers/{qian}/certificates", MONTH).json
    assert [one["id"] for one in world.qian.get("/me/service-certificates").json["items"]] == [own["id"]]
    assert world.qian.post(f"/service-certificates/{own['id']}/print").status_code == 200
    for hand in (world.qian, world.feng, world.other_secretary):
        for answer in (
            hand.get(f"/service-certificates/{certificate['id']}"),
            hand.post(f"/service-certificates/{certificate['id']}/print"),
        ):
            assert answer.status_code == 404


# --- Incidents --------------------------------------------------------------------------------------------------

ACCOUNT = "敲门后被骂，对方推了人"


def tell(hand, **where):
    body = {"kind": "verbal", "happened_at": clock.now().isoformat(), "account": ACCOUNT, **where}
    return hand.post("/incidents", body)


def pairs(app, *homes):
    with app.app_context(), unit_of_work(read_only=True):
        return needs_pair(list(homes))


def test_after_abuse_at_a_door_two_go_there_until_it_is_lifted(app, world, owner):
    home, _ = things.household(app)
    other, _ = things.household(app, "102")
    assert pairs(app, home, other) == set() == pairs(app)
    told = tell(world.qian, household_id=str(home))
    assert (told.status_code, told.json["kind_label"]) == (201, "辱骂"), told.text
    assert pairs(app, home, other) == {home}
    cipher = owner.execute("SELECT account_cipher FROM incident").fetchone()[0]
    assert ACCOUNT.encode() not in cipher
    bare = world.li.post(f"/incidents/{told.json['id']}/lift", {"revision": 1})
    assert bare.json["code"] == "reason_required"
    lifted = world.li.post(f"/incidents/{told.json['id']}/lift", {"revision": 1, "reason": "已上门调解"})
    assert lifted.json["lifted_at"] and pairs(app, home, other) == set()
    again = world.li.post(f"/incidents/{told.json['id']}/lift", {"revision": 2, "reason": "再次"})
    assert again.json["code"] == "already_lifted"


@pytest.mark.parametrize(("place", "both"), [(UNIT, False), (BUILDING, True), (READY, True)])
def test_of_a_place_it_holds_for_every_door_of_it(app, world, place, both):
    unit = f"{BUILDING}-002"
    with app.app_context(), unit_of_work():
        db.session.add(Place(code=unit, name="2单元", kind="unit", parent_code=BUILDING))
    here, _ = things.household(app)
    next_door, _ = things.household(app, "101", unit)
    assert tell(world.qian, place_code=place).status_code == 201
    assert pairs(app, here, next_door) == ({here, next_door} if both else {here})


@pytest.mark.parametrize("place", [None, BUILDING])
def test_two_go_with_what_waits_already(app, world, owner, place):
    """A task made before it happened: whoever has it waits for a second; who is there already is not called back; what
    is elsewhere, or done, stays as it is."""
    home, other = h.door(app, UNIT, "301"), h.door(app, h.stairwell(app, 2, 1), "101")
    for name in ("qian", "xu"):
        t.helper(app, name)
    elsewhere, waiting, begun = (t.task(app, place=UNIT, homes=(one,)) for one in (other, home, home))
    claim = t.claimed(world, "qian", waiting)
    at_work = t.begun(world, "xu", begun)
    where = {"place_code": place} if place else {"household_id": home}
    assert tell(world.qian, **where).status_code == 201
    shown = {one: t.show(world, one) for one in (elsewhere, waiting, begun)}
    assert [(one["needs_pair"], one["capacity"]) for one in shown.values()] == [(False, 1), (True, 2), (True, 2)]
    assert t.act(world, "qian", claim, "start").json["code"] == "pair_missing"
    assert world.xu.post(f"/task-claims/{at_work['id']}/doors").status_code == 200
    assert not g.sound(app)


def test_what_makes_no_incident(app, world):
    home, _ = things.household(app)
    assert tell(world.qian).json["code"] == "household_or_place"
    assert tell(world.qian, household_id=str(home), place_code=BUILDING).json["code"] == "household_or_place"
    assert tell(world.qian, place_code=MACHIDUN).json["code"] == "wrong_kind_of_place"
    late = (clock.now() - timedelta(days=15)).isoformat()
    assert tell(world.qian, place_code=BUILDING, happened_at=late).json["code"] == "wrong_time"
    assert tell(world.other_organiser, household_id=str(home)).status_code == 404
    assert tell(world.qian, household_id=str(uuid.uuid4())).status_code == 404
    assert tell(world.he, household_id=str(home)).status_code == 403


def test_who_reads_what_happened(app, world, owner):
    told = tell(world.qian, place_code=BUILDING).json["id"]
    listed = world.feng.get("/incidents")
    assert [one["id"] for one in listed.json["items"]] == [told] and ACCOUNT not in listed.text
    assert "recorded_by" not in listed.json["items"][0]
    look = {"purpose": "verify"}
    assert world.li.post(f"/incidents/{told}/reveal", look).json["account"] == ACCOUNT
    for name, status in (("feng", 403), ("qian", 403), ("wang", 403), ("other_secretary", 404)):
        assert world.hand(name).post(f"/incidents/{told}/reveal", look).status_code == status, name
    assert world.qian.get("/incidents").status_code == 403
    seen = owner.execute("SELECT details FROM audit_event WHERE subject_id = %s AND action = 'reveal'", [told])
    assert seen.fetchall() == [({"purpose": "verify"},)]


def test_incidents_are_forgotten_in_time(app, world, owner):
    home, _ = things.household(app)
    assert (
        tell(world.qian, household_id=str(home)).json["erase_on"]
        == (clock.today() + timedelta(days=KEPT_DAYS)).isoformat()
    )
    owner.execute("UPDATE incident SET erase_on = %s", [clock.today()])
    assert pairs(app, home) == set()
    with app.app_context(), unit_of_work():
        incidents.forget_incidents()
    assert owner.execute("SELECT count(*) FROM incident").fetchone() == (0,)


def test_who_works_too_much_shows_on_the_board(app, world):
    """Six days in a row, the guard's limit: their post counts as overloaded, and they are suggested for nothing."""
    buildings(app, 1)
    sun = volunteer(app, "孙桂英", skills=["loudspeaker"])
    given = {"role": "care_support", "place_code": READY}
    assert world.li.post(f"/volunteers/{sun}/appointments", given).status_code == 201
    for ago in range(1, 6):
        worked(app, sun, ago)
    assert board_of(world)["overloaded"] == 0 and str(sun) in str(board_of(world))
    worked(app, sun, 6)
    shown = board_of(world)
    assert shown["overloaded"] == 1 and str(sun) not in str(shown) and str(user_of(app, sun)) in str(shown)


def board_of(world):
    return world.li.get(f"/communities/{MACHIDUN}/coverage").json
