"""One effect per (user, operation, key), however often and however concurrently it is sent."""

import hashlib
import random
import time
import uuid
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from backend.core import clock, idempotency, jobs
from backend.core.crypto import keyring
from backend.core.transaction import unit_of_work
from tests.cast import READY, Cast, key
from tests.core import things
from tests.factories.world import spoil

KEYS, AT_ONCE = 500, 12


@pytest.fixture
def home(world, app):
    return things.household(app)[0]


@pytest.fixture
def path(home):
    return f"/households/{home}/consents"


def consents(owner):
    return owner.execute("SELECT count(*) FROM consent").fetchone()[0]


def answer_of(response):
    return response.status_code, response.get_data(), response.content_type


@pytest.mark.parametrize(
    "bad", ["", "short", "x" * 65, "with space in it 12", "钥匙钥匙钥匙钥匙钥匙钥匙钥匙钥匙", "a" * 16 + "'"]
)
def test_a_key_is_needed_and_has_a_form(world, path, app, bad):
    headers = {"Idempotency-Key": bad.encode().decode("latin-1")} if bad else {}
    headers["Authorization"] = f"Bearer {world.wang.token}"
    sent = app.test_client().post(f"/api/v1{path}", json=things.consent(app), headers=headers)
    assert (sent.status_code, sent.json["code"]) == (400, "idempotency_key_missing")


def test_sent_again_the_first_answer_comes_back_to_the_byte(world, path, app, owner):
    k = key()
    first, again = [world.wang.post(path, things.consent(app), idempotency_key=k) for _ in range(2)]
    assert first.status_code == 201 and answer_of(first) == answer_of(again)
    assert consents(owner) == 1


def test_another_content_under_the_same_key_is_refused(world, path, app, owner):
    k = key()
    assert world.wang.post(path, things.consent(app), idempotency_key=k).status_code == 201
    other = world.wang.post(path, {**things.consent(app), "kind": "paper"}, idempotency_key=k)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    assert consents(owner) == 1


def test_another_address_under_the_same_key_is_another_content(world, path, app, owner):
    k, other_home = key(), things.household(app, "102")[0]
    assert world.wang.post(path, things.consent(app), idempotency_key=k).status_code == 201
    other = world.wang.post(f"/households/{other_home}/consents", things.consent(app), idempotency_key=k)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    assert consents(owner) == 1


def test_a_key_belongs_to_one_person_and_one_operation(world, path, app, home, owner):
    k = key()
    assert world.wang.post(path, things.consent(app), idempotency_key=k).status_code == 201
    assert world.li.post(path, things.consent(app), idempotency_key=k).status_code == 201
    assert consents(owner) == 2
    assert world.wang.post(f"/households/{home}/members", {"name": "李四"}, idempotency_key=k).status_code == 201


@pytest.mark.parametrize("wrong", [{"kind": "voice"}, {"given_to": str(uuid.uuid4()), "kind": "voice"}])
def test_a_refused_request_is_corrected_and_sent_with_the_same_key(world, path, app, owner, wrong):
    k = key()
    assert world.wang.post(path, wrong, idempotency_key=k).status_code in (404, 422)
    assert owner.execute("SELECT count(*) FROM idempotency_key").fetchone()[0] == 0
    assert world.wang.post(path, things.consent(app), idempotency_key=k).status_code == 201


def test_not_ready_today_may_be_sent_again_with_the_same_key_once_mended(world, app, owner):
    """The attempt is audited, its key is not spent: the grid worker mends the record and taps again."""
    k, yesterday = key(), clock.today() - timedelta(days=1)
    with app.app_context(), unit_of_work():
        spoil(READY, yesterday, open_gates=3)
    refused = world.wang.post("/certifications", {"unit": READY}, idempotency_key=k)
    assert (refused.status_code, refused.json["code"]) == (422, "not_ready")
    with app.app_context(), unit_of_work():
        spoil(READY, yesterday, open_gates=1)
    assert world.wang.post("/certifications", {"unit": READY}, idempotency_key=k).status_code == 201
    attempts = "SELECT count(*) FROM audit_event WHERE action = 'attempt_refused'"
    assert owner.execute(attempts).fetchone()[0] == 1


def test_five_hundred_keys_sent_one_to_five_times_at_once_have_five_hundred_effects(world, path, app, owner):
    dice, body = random.Random(20200305), things.consent(app)
    sends = [k for k in [key() for _ in range(KEYS)] for _ in range(dice.randint(1, 5))]
    batches = [sends[at : at + AT_ONCE] for at in range(0, len(sends), AT_ONCE)]  # twins side by side
    answers = defaultdict(set)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for batch in batches:
            for k, response in zip(batch, pool.map(lambda k: _patient(world, path, body, k), batch), strict=True):
                answers[k].add(answer_of(response))
    assert consents(owner) == KEYS == len(answers)
    for k, different in answers.items():
        assert len(different) == 1 and next(iter(different))[0] == 201, f"{k}: {different}"


def _patient(world: Cast, path, body, k):
    """A phone that is told to wait sends the same again."""
    for _ in range(5):
        response = world.wang.post(path, body, idempotency_key=k)
        if response.status_code not in (409, 503):
            return response
        time.sleep(float(response.headers["Retry-After"]))
    return response


def test_in_flight_for_longer_than_two_seconds_asks_to_wait(world, path, app, owner):
    k = key()
    insert = (
        "INSERT INTO idempotency_key (id, user_id, operation, key, fingerprint)"
        " VALUES (%s, %s, 'recordConsent', %s, '')"
    )
    with owner.transaction():  # the twin that has not finished yet
        owner.execute(insert, [uuid.uuid4(), things.person(app, "wang"), k])
        began = time.monotonic()
        sent = world.wang.post(path, things.consent(app), idempotency_key=k)
        assert (sent.status_code, sent.json["code"]) == (409, "in_flight")
        assert int(sent.headers["Retry-After"]) >= 1 and 1.5 < time.monotonic() - began < 5
    assert consents(owner) == 0


def test_the_kept_answer_is_encrypted(world, home, owner):
    world.wang.post(f"/households/{home}/members", {"name": things.NAME, "phone": things.PHONE})
    kept = owner.execute("SELECT body_cipher FROM idempotency_key").fetchone()[0]
    assert len(kept) > 40 and b"{" not in kept[:1] and b"5678" not in kept and b"is_head" not in kept


def test_what_a_body_holds_cannot_be_tried_out_on_its_fingerprint(world, home, app, owner):
    body, fingerprints = {"name": things.NAME, "phone": things.PHONE}, "SELECT fingerprint FROM idempotency_key"
    world.wang.post(f"/households/{home}/members", body)
    (kept,) = owner.execute(fingerprints).fetchone()
    address, sent = f"/api/v1/households/{home}/members?".encode(), app.json.dumps(body).encode()
    plain = hashlib.sha256(address + b"\0" + sent)
    assert kept not in (plain.digest(), hashlib.sha256(sent).digest()), "whoever has the table needs the key too"
    assert kept == keyring.blind_index(plain.hexdigest(), "idempotency_key.fingerprint")


def test_ids_are_ordered_by_time(world, path, app, owner):
    for _ in range(2):
        world.wang.post(path, things.consent(app))
    ids = [row[0] for row in owner.execute("SELECT id FROM idempotency_key ORDER BY created_at")]
    assert ids == sorted(ids) and all(row_id.version == 7 for row_id in ids)


WEEK = timedelta(days=7)
AGES = (timedelta(0), WEEK - timedelta(minutes=1), WEEK + timedelta(minutes=1), timedelta(days=400))
INSERT = (
    "INSERT INTO idempotency_key (id, user_id, operation, key, fingerprint, status) VALUES (%s, %s, 'x', %s, '', 200)"
)


def id_made(at):
    """A UUIDv7 of that instant."""
    return uuid.UUID(int=int(at.timestamp() * 1000) << 80 | uuid.uuid4().int % (1 << 62) | 7 << 76 | 2 << 62)


def test_keys_are_kept_seven_days_and_then_forgotten(world, app, owner):
    for n, age in enumerate(AGES):
        owner.execute(INSERT, [id_made(clock.now() - age), uuid.UUID(int=0), f"key-{n}"])
    with app.app_context(), unit_of_work():
        jobs.forget_keys()
    assert [row[0] for row in owner.execute("SELECT key FROM idempotency_key ORDER BY key")] == ["key-0", "key-1"]


def test_however_many_there_are(world, app, owner):
    for n in range(7):
        owner.execute(INSERT, [id_made(clock.now() - timedelta(days=8)), uuid.UUID(int=0), f"key-{n}"])
    with app.app_context():
        idempotency.forget(batch=3)
    assert owner.execute("SELECT count(*) FROM idempotency_key").fetchone() == (0,)
