"""Canaries (QUALITY I16) in medicine: 200 marked pieces of health and identity data, put in through every operation of
requests, papers, courses and photos, also where they are refused and where they cannot be; then looked for wherever
they must not be."""

from itertools import count

import pytest

from backend.core import jobs
from backend.core import photos as core_photos
from backend.core.transaction import unit_of_work
from backend.medicine.requests import erasure
from tests.core import things
from tests.factories import groupbuy as g
from tests.factories import medicine as m
from tests.factories.households import family
from tests.factories.payments import work_off
from tests.test_privacy import dump, found, logs  # noqa: F401 the fixture

PIECES = 200
ROOMS = ("medicine_requests", "medicine_care")


class Canaries:
    """Marked pieces, each used once: a disease or a medicine, and a number of a card or a phone, in turn."""

    def __init__(self):
        self.used: list[str] = []
        self._next = count()

    def word(self) -> str:
        n = next(self._next)
        self.used.append(f"金丝雀{n:03d}素" if n % 2 == 0 else f"42011219491001{n:04d}")
        return self.used[-1]

    def medicine(self, **more):
        named = {name: self.word() for name in ("name", "maker", "specification")}
        return {**m.PILLS, **named, **more}

    def among(self, text: str) -> list[str]:
        return found(text, self.used)


@pytest.fixture
def canaries():
    return Canaries()


@pytest.fixture
def he(world, app, canaries):
    """He, of a household of the register, and what everything answered that is no reveal."""
    home = family(world, canaries.word(), f"138{42011219:08d}")
    bound = world.wang.post(
        f"/household-members/{home['members'][0]['id']}/bind", {"user_id": things.person(app, "he")}
    )
    assert bound.status_code == 200
    return home["id"]


def ask_and_check(cast, app, canaries, home):
    """Asked for by the home, on behalf and at the door; asked about, amended, repeated, cancelled; photographed."""
    words = {"disease": canaries.word(), "note": canaries.word()}
    first = m.filed(cast, "he", canaries.medicine(), canaries.medicine(), photo_ids=[m.photo(cast, "he")], **words)
    asks = g.ok(m.act(cast, "chen", first, "ask-info", question=canaries.word()))
    more = {"note": canaries.word(), "lines": [canaries.medicine(), canaries.medicine()]}
    amended = g.ok(m.act(cast, "he", asks, "amend", **more))
    g.ok(m.act(cast, "chen", amended, "check"))
    again = g.ok(cast.he.post(f"/medicine-requests/{first['id']}/repeat"), 201)
    g.ok(m.act(cast, "he", again, "cancel"))
    m.filed(cast, "liu", canaries.medicine(), household_id=home, consent="voice", note=canaries.word())
    m.at_the_door(cast, "qian", home, canaries.medicine(), note=canaries.word())
    patients = g.ok(cast.he.get(f"/households/{home}/patients"))["items"]
    assert patients[0]["name"].endswith("**")
    return first


def buy_and_bring(cast, app, canaries, request):
    """Asked about at the counter, answered, brought; papers taken and given back; the next asked for."""
    for what in ("insurance_card", "identity_card", "prescription"):
        receipt = m.taken(cast, "wang", request, what)
        signed = g.ok(m.sign(cast, "he", receipt, "sign-over"))
        g.ok(m.sign(cast, "he", g.ok(m.sign(cast, "wang", signed, "give-back")), "sign-back"))
    m.walk(app, request, "plan", "buy")
    fresh = m.show(cast, request)
    for at, yes in ((0, True), (1, False)):
        question = m.asked(app, fresh, at, "substitute", 5000, canaries.word())
        g.ok(cast.he.post(f"/medicine-questions/{question}/answer", {"accept": yes}))
    m.walk(app, request, "be_bought", "deliver", "hand_over")


def go_on(cast, owner):
    """Running out, asked for again, no longer taken."""
    owner.execute("UPDATE medicine_course SET runs_out_on = current_date")
    (course,) = g.ok(cast.he.get("/medicine-courses"))["items"]
    g.ok(cast.he.post("/medicine-courses/request", {"course_ids": [course["id"]]}), 201)
    return course


def look(cast, canaries, request, course):
    """The only answers that tell."""
    looks = [m.clear(cast, who, request) for who in ("he", "wang")]
    looks.append(cast.he.post(f"/medicine-courses/{course['id']}/reveal", {"purpose": "own"}))
    assert all(canaries.among(each.text) for each in looks)
    for photo in request["photo_ids"]:
        assert cast.he.post(f"/medicine-photos/{photo}/reveal", {"purpose": "own"}).status_code == 200


def refusals(cast, app, canaries, request, course, home):
    """What is answered to requests that carry health or a number where it cannot be, or by whom they may not."""
    word, one = canaries.word, f"/medicine-requests/{request['id']}"
    settled = {"revision": 99}
    yield cast.he.post("/medicine-requests", m.body(canaries.medicine(form=word())))
    yield cast.he.post("/medicine-requests", m.body(canaries.medicine(quantity=word(), ceiling_fen=word())))
    yield cast.he.post("/medicine-requests", m.body(canaries.medicine(name=[word()], maker={"a": word()})))
    yield cast.he.post("/medicine-requests", m.body(canaries.medicine(name=f"{word()}\0", specification=word() * 9)))
    yield cast.he.post("/medicine-requests", m.body(canaries.medicine(cold=True, substitution=True)))
    yield cast.he.post("/medicine-requests", m.body(canaries.medicine(), identity_number=word(), **{word(): word()}))
    yield cast.he.post("/medicine-requests", m.body(canaries.medicine(), household_id=word(), member_id=word()))
    yield cast.he.post("/medicine-requests", m.body(canaries.medicine(), consent=word(), photo_ids=[word()]))
    yield cast.he.post("/medicine-requests", m.body(canaries.medicine(), note=word() * 99, disease=word() * 9))
    yield cast.tang.post("/medicine-requests", m.body(canaries.medicine(), household_id=home, consent="voice"))
    yield cast.other_grid.post("/medicine-requests", m.body(canaries.medicine(), household_id=home, consent="voice"))
    yield cast.qian.post("/medicine-requests", m.body(canaries.medicine(), household_id=home, consent="voice"))
    yield cast.he.get("/medicine-requests", status=word(), place=word())
    yield cast.he.get(f"/medicine-requests/{word()}")
    yield cast.chen.post(f"{one}/ask-info", {**settled, "question": word()})
    yield cast.chen.post(f"{one}/ask-info", {"revision": word(), "question": word() * 99})
    yield cast.tang.post(f"{one}/amend", {**settled, "note": word()})
    yield cast.he.post(f"{one}/amend", {**settled, "note": word(), "lines": [canaries.medicine()]})
    yield cast.he.post(f"{one}/amend", {**settled, "lines": [canaries.medicine(days_left=word())]})
    yield cast.chen.post(f"{one}/check", {"revision": 1, "note": word()})
    yield cast.he.post(f"{one}/cancel", {"revision": word()})
    yield cast.he.post(f"{one}/repeat", {"consent": word()})
    yield cast.he.post(f"{one}/reveal", {"purpose": word()})
    yield cast.qian.post(f"{one}/reveal", {"purpose": "buy", "why": word()})
    yield cast.wang.post(f"{one}/custody-receipts", {"what": word()})
    yield cast.wang.post(f"{one}/custody-receipts", {"what": "identity_card", "number": word()})
    yield cast.he.post(f"/custody-receipts/{home}/sign-over", {"revision": 1, "consent": word()})
    yield cast.he.post(f"/medicine-questions/{home}/answer", {"accept": word(), "consent": word()})
    yield cast.he.post("/medicine-courses/request", {"course_ids": [word()]})
    yield cast.he.post("/medicine-courses/request", {"course_ids": [course["id"]], "consent": word()})
    yield cast.he.post(f"/medicine-courses/{course['id']}/reveal", {"purpose": word()})
    yield cast.he.get("/medicine-courses", place=word())
    yield cast.he.upload("/medicine-photos", word().encode(), "image/jpeg")
    yield cast.he.upload(f"/medicine-photos?household={word()}", m.jpeg(), "image/jpeg")
    yield cast.he.post(f"/medicine-photos/{home}/reveal", {"purpose": word()})
    while len(canaries.used) < PIECES:
        more = {word(): canaries.medicine(), "note": {word(): [word()]}}
        yield cast.he.post("/medicine-requests", m.body(canaries.medicine(form=word()), **more))


def everything_else(cast):
    """Every answer that is no reveal, to those who may know most."""
    lists = ("/medicine-requests", "/medicine-courses", "/custody-receipts")
    pages = [cast.hand(who).get(path, limit=100) for who in ("he", "wang", "li", "liu", "qian") for path in lists]
    assert all(page.status_code == 200 for page in pages)
    return "\n".join(page.text for page in pages)


def routes(app):
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.split(".")[0] in ROOMS]
    return {rule.rule for rule in rules}


def test_nothing_of_200_pieces_is_anywhere_in_clear(world, app, owner, he, canaries, logs):  # noqa: F811
    request = ask_and_check(world, app, canaries, he)
    buy_and_bring(world, app, canaries, request)
    course = go_on(world, owner)
    look(world, canaries, request, course)
    for answer in refusals(world, app, canaries, request, course, he):
        assert 400 <= answer.status_code < 500 and not canaries.among(answer.text), answer.text
    assert not canaries.among(everything_else(world))
    assert world.he.post(f"/medicine-courses/{course['id']}/stop").status_code == 204
    work_off(app, owner)
    jobs.run(app, wait=False)
    assert len(set(canaries.used)) >= PIECES
    held = dump(owner)
    holding = {"medicine_request", "medicine_line", "medicine_question", "custody_receipt", "photo", "audit_event"}
    assert {name for name, text in held.items() if text} >= {*holding, "idempotency_key"}  # jobs are the clock's alone
    assert {table: canaries.among(text) for table, text in held.items() if canaries.among(text)} == {}
    said = logs()
    assert not canaries.among(said)
    assert {route for route in routes(app) if f'"{route}"' not in said} == set(), "every operation was driven"
    assert not g.sound(app)


def test_an_answer_kept_with_its_key_names_no_medicine(world, app, owner, he, canaries):
    """What is kept for a week is sealed; and opened it is still without a name: only reveals tell, and have no key."""
    with pytest.MonkeyPatch.context() as patched:
        kept = []
        seal = core_photos.keyring.encrypt
        patched.setattr(
            core_photos.keyring, "encrypt", lambda text, where: kept.append((where, text)) or seal(text, where)
        )
        request = ask_and_check(world, app, canaries, he)
        look_once = m.clear(world, "he", request)
    assert canaries.among(look_once.text)
    answers = [text for where, text in kept if where.startswith("idempotency_key")]
    assert len(answers) >= 8 and not canaries.among("".join(answers))


def test_what_was_erased_is_in_no_cipher_either(world, app, owner, he, canaries):
    request = ask_and_check(world, app, canaries, he)
    buy_and_bring(world, app, canaries, request)
    m.walk(app, request, "settle")
    owner.execute("UPDATE medicine_request SET erase_on = current_date WHERE erased_on IS NULL")
    owner.execute("UPDATE medicine_course SET erase_on = current_date")
    with app.app_context(), unit_of_work():
        erasure.erase()
    left = "SELECT count(*) FROM medicine_line l WHERE request_id = %s AND num_nonnulls({}) > 0"
    names = "l.name_cipher, l.maker_cipher, l.specification_cipher, l.name_index"
    assert owner.execute(left.format(names), [request["id"]]).fetchone() == (0,)
    assert owner.execute("SELECT count(*) FROM medicine_course").fetchone() == (0,)
    words = "SELECT count(*) FROM audit_event WHERE reason_cipher IS NOT NULL"
    assert owner.execute(words).fetchone() == (0,), "the audit trail, which nobody erases, was told no words"
