"""Who learns of a request, who reads what is in it, and what is left of it afterwards."""

import psycopg
import pytest
from sqlalchemy import select

from backend.core import photos as core_photos
from backend.core.settings import settings
from backend.core.transaction import unit_of_work
from backend.medicine.requests import access, erasure
from backend.medicine.requests.models import MedicineRequest
from tests.cast import PARTS
from tests.core import things
from tests.factories import groupbuy as g
from tests.factories import medicine as m
from tests.medicine.test_requests import day, refused

OFFICERS = {"wang", "li", "chen"}  # check at the place, and may read
PLANNERS = {"feng"}  # plans, by kind and amount alone


def run(app, work):
    with app.app_context(), unit_of_work():
        work()


def everyone_but(*names):
    return sorted({part.name for part in PARTS} - set(names))


def test_the_household_and_who_checks_and_plans_know_of_it_and_nobody_else(world, home):
    request = m.filed(world, "he", {})
    knows = {"he", *OFFICERS, *PLANNERS}
    for who in sorted(knows):
        shown = g.ok(world.hand(who).get(f"/medicine-requests/{request['id']}"))
        assert m.PILLS["name"] not in str(shown) and "辉瑞" not in str(shown) and shown["category"] == "药品1种"
        assert len(g.ok(world.hand(who).get("/medicine-requests"))["items"]) == 1
    for who in everyone_but(*knows):
        assert refused(world.hand(who).get(f"/medicine-requests/{request['id']}")) == (404, "not_found"), who
        assert refused(m.clear(world, who, request)) == (404, "not_found"), who
        assert g.ok(world.hand(who).get("/medicine-requests"))["items"] == [], who


def test_fewer_read_it_and_each_look_is_recorded_with_its_purpose(world, owner, home):
    request = m.filed(world, "he", {}, note="夜里头晕")
    for who in sorted({"he", *OFFICERS}):
        assert g.ok(m.clear(world, who, request))["lines"][0]["name"] == m.PILLS["name"]
    assert refused(m.clear(world, "feng", request)) == (403, "forbidden")
    assert m.clear(world, "li", request, "curiosity").status_code == 422
    looks = owner.execute(
        "SELECT u.name, e.details FROM audit_event e JOIN app_user u ON u.id = e.actor_id"
        " WHERE subject_type = 'medicine_request' AND action = 'reveal' ORDER BY 1"
    ).fetchall()
    assert looks == [(who, {"purpose": "check"}) for who in sorted({"he", *OFFICERS})]


def test_a_look_is_limited(world, app, home, monkeypatch):
    request = m.filed(world, "he", {})
    monkeypatch.setitem(app.config, "REVEAL_LIMIT", "2 per hour")
    assert [m.clear(world, "li", request).status_code for _ in range(3)] == [200, 200, 429]


def test_whoever_has_started_its_task_reads_it_as_long_as_they_hold_it(world, app, home, monkeypatch):
    request = m.checked(world, "he", {})
    assert refused(m.clear(world, "qian", request, "buy")) == (404, "not_found")

    def held(actor):
        return select(MedicineRequest.id).where(actor.name == "qian")

    monkeypatch.setattr(access, "HELD", [held])
    assert g.ok(m.clear(world, "qian", request, "buy"))["lines"][0]["name"] == m.PILLS["name"]
    assert m.taken(world, "qian", request, "insurance_card")["status"] == "taken"
    assert refused(m.clear(world, "yang", request, "buy")) == (404, "not_found")
    monkeypatch.setattr(access, "HELD", [])
    assert m.show(world, request, "qian")["cards_out"] == 1, "a card is still to be given back"
    assert refused(m.clear(world, "qian", request, "buy")) == (403, "forbidden")


def test_the_photo_of_a_box_is_looked_at_like_the_rest(world, owner, home):
    sent = m.photo(world, "he")
    path = f"/medicine-photos/{sent}/reveal"
    assert refused(world.li.post(path, {"purpose": "check"})) == (404, "not_found"), "no request yet"
    assert world.he.post(path, {"purpose": "own"}).mimetype == "image/jpeg"
    m.filed(world, "he", {}, photo_ids=[sent])
    assert world.chen.post(path, {"purpose": "check"}).data.startswith(b"\xff\xd8")
    assert refused(world.feng.post(path, {"purpose": "plan"})) == (403, "forbidden")
    for who in ("qian", "tang", "liu", "other_grid", "zhou"):
        assert refused(world.hand(who).post(path, {"purpose": "check"})) == (404, "not_found"), who
        assert world.hand(who).get(f"/photos/{sent}").status_code == 404, who
    assert owner.execute("SELECT count(*) FROM audit_event WHERE action = 'look'").fetchone() == (2,)


def test_a_photo_is_used_once_and_for_the_home_it_was_sent_for(world, home, neighbours):
    sent = m.photo(world, "he")
    theirs = m.photo(world, "qian", neighbours)
    assert refused(world.he.post("/medicine-requests", m.body(photo_ids=[theirs]))) == (422, "photo_unknown")
    m.filed(world, "he", {}, photo_ids=[sent])
    assert refused(world.he.post("/medicine-requests", m.body(photo_ids=[sent]))) == (422, "photo_unknown")


def test_a_few_photos_wait_and_no_more(world, home):
    for _ in range(6):
        m.photo(world, "he")
    answer = world.he.upload("/medicine-photos", m.jpeg(), "image/jpeg")
    assert refused(answer) == (409, "too_many_photos")
    assert world.he.upload("/medicine-photos", b"<svg/>", "image/svg+xml").status_code == 415


# --- Erasure ----------------------------------------------------------------------------------------------------


def test_photos_end_a_week_after_the_medicine_has_come(world, app, owner, home):
    request = m.checked(world, "he", {}, photo_ids=[m.photo(world, "he")])
    assert owner.execute("SELECT erase_on FROM photo").fetchone() == (None,), "as long as it is open"
    m.walk(app, request, *m.DELIVERED)
    assert owner.execute("SELECT erase_on::text FROM photo").fetchone() == (day(7),)
    owner.execute("UPDATE photo SET erase_on = erase_on - 7")
    run(app, core_photos.erase_due)
    answer = world.he.post(f"/medicine-photos/{request['photo_ids'][0]}/reveal", {"purpose": "own"})
    assert refused(answer) == (410, "photo_erased")
    assert m.show(world, request)["photo_ids"] == [] and not g.sound(app)


def test_thirty_days_after_its_end_nothing_of_it_can_be_read(world, app, owner, home):
    request = m.checked(world, "he", {}, note="夜里头晕", disease="高血压", member_id=patient(world, home))
    m.walk(app, request, "plan", "buy")
    asked = m.asked(app, request, 0, "substitute", 5000, "络活喜")
    g.ok(world.he.post(f"/medicine-questions/{asked}/answer", {"accept": True}))
    m.walk(app, request, "be_bought", "deliver", "hand_over", "settle")
    assert m.show(world, request)["erase_on"] == day(30)
    run(app, erasure.erase)
    assert m.show(world, request)["erased_on"] is None, "not before its day"
    owner.execute("UPDATE medicine_request SET erase_on = erase_on - 30")
    run(app, erasure.erase)
    left = m.show(world, request)
    assert (left["erased_on"], left["member_id"], left["status"]) == (day(0), None, "settled")
    for who in ("he", "li"):
        assert refused(m.clear(world, who, request)) == (410, "erased")
    assert refused(world.he.post(f"/medicine-requests/{request['id']}/repeat")) == (409, "erased")
    columns = "disease_cipher, note_cipher, question_cipher, member_id"
    assert set(owner.execute(f"SELECT {columns} FROM medicine_request").fetchone()) == {None}
    names = "name_cipher, maker_cipher, specification_cipher, name_index"
    for table in ("medicine_line", "medicine_question"):
        assert set(owner.execute(f"SELECT {names} FROM {table}").fetchone()) == {None}
    (told,) = owner.execute(
        "SELECT details FROM audit_event WHERE action = 'erase' AND subject_type = 'medicine_request'"
    ).fetchone()
    assert told == {"requests": [request["id"]]} and not g.sound(app)


def patient(cast, home):
    return g.ok(cast.he.get(f"/households/{home}/patients"))["items"][0]["id"]


def test_what_is_still_on_its_way_is_not_erased_and_a_delay_is_seen(world, app, owner, home):
    request = m.checked(world, "he", {})
    m.walk(app, request, "plan")
    owner.execute("UPDATE medicine_request SET erase_on = current_date - 2")
    run(app, erasure.erase)
    assert m.show(world, request)["erased_on"] is None
    assert g.sound(app) == {"invariant_17_medicine_erased_on_time": 1}


def test_what_nobody_could_buy_for_two_months_lapses(world, app, owner, home):
    request = m.filed(world, "he", {})
    owner.execute("UPDATE medicine_request SET created_at = created_at - interval '61 days'")
    run(app, erasure.lapse)
    shown = m.show(world, request)
    assert (shown["status"], shown["erase_on"]) == ("cancelled", day(30)) and not g.sound(app)


def test_a_course_that_nobody_renews_is_deleted(world, app, owner, home):
    m.walk(app, m.checked(world, "he", {}), *m.DELIVERED)
    owner.execute("UPDATE medicine_course SET runs_out_on = current_date - 61, erase_on = current_date - 1")
    run(app, erasure.erase)
    assert owner.execute("SELECT count(*) FROM medicine_course").fetchone() == (0,)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE medicine_line SET erased_on = current_date",
        "UPDATE medicine_request SET erased_on = current_date",
        "UPDATE medicine_line SET name_cipher = NULL",
        "UPDATE medicine_request SET checked_by = made_by",
        "UPDATE medicine_line SET cold = true, substitution = true",
    ],
)
def test_the_database_has_the_last_word(world, owner, home, change):
    m.checked(world, "he", {}, note="头晕")
    with pytest.raises(psycopg.errors.CheckViolation):
        owner.execute(change)


def test_a_name_copied_to_another_row_cannot_be_read(world, owner, home):
    one, two = m.filed(world, "he", {}), m.filed(world, "he", {**m.PILLS, "name": "别的药"})
    owner.execute(
        "UPDATE medicine_line l SET name_cipher = o.name_cipher FROM medicine_line o"
        " WHERE l.request_id = %s AND o.request_id = %s",
        [two["id"], one["id"]],
    )
    with pytest.raises(Exception):  # noqa: B017 InvalidTag
        m.clear(world, "he", two, "own")


def test_consent_is_the_key_and_its_end_the_lock(world, app, neighbours):
    given = {"given_to": things.person(app, "tang"), "kind": "paper"}
    agreed = g.ok(world.li.post(f"/households/{neighbours}/consents", given), 201)
    request = m.filed(world, "liu", household_id=neighbours, consent="voice")
    assert g.ok(m.clear(world, "tang", request, "own"))["lines"]
    g.ok(world.li.post(f"/consents/{agreed['id']}/withdraw"))
    assert refused(m.clear(world, "tang", request, "own")) == (404, "not_found")
    assert settings["REVEAL_LIMIT"]
