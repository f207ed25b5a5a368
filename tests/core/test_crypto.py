"""Personal data: sealed to its row and column, found only whole, masked before anyone sees it."""

import base64

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from backend.config import Misconfigured
from backend.core.crypto import Keyring
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.people.models import HouseholdMember
from tests.core import things


def key_of(sign: str) -> str:
    return base64.b64encode(sign.encode() * 32).decode()


ONE, INDEX = f"1:{key_of('a')}", key_of("i")


def keyring(data=ONE, index=INDEX) -> Keyring:
    made = Keyring()
    made.load(data, index)
    return made


@given(st.text())
def test_what_is_sealed_can_be_read_and_never_looks_the_same_twice(words):
    ring = keyring()
    one, two = (ring.encrypt(words, "t.c:1") for _ in range(2))
    assert ring.decrypt(one, "t.c:1") == words == ring.decrypt(two, "t.c:1")
    assert one != two and (len(words) < 4 or words.encode() not in one)


@pytest.mark.parametrize("where", ["t.c:2", "t.d:1", "u.c:1", ""])
def test_moved_to_another_row_or_column_it_does_not_open(where):
    with pytest.raises(InvalidTag):
        keyring().decrypt(keyring().encrypt(things.PHONE, "t.c:1"), where)


@pytest.mark.parametrize("at", [1, 12, 13, -1])
def test_a_changed_byte_is_noticed(at):
    sealed = bytearray(keyring().encrypt(things.PHONE, "t.c:1"))
    sealed[at] ^= 1
    with pytest.raises(InvalidTag):
        keyring().decrypt(bytes(sealed), "t.c:1")


def test_after_rotation_the_new_key_seals_and_the_old_still_opens():
    old, both = keyring(), keyring(f"1:{key_of('a')},2:{key_of('b')}")
    assert both.decrypt(old.encrypt("x", "w"), "w") == "x" and both.encrypt("x", "w")[0] == 2
    with pytest.raises(InvalidTag):  # the same bytes said to be of another version
        both.decrypt(b"\x02" + old.encrypt("x", "w")[1:], "w")


def test_a_blind_index_is_of_its_column_and_its_key():
    ring, other = keyring(), keyring(index=key_of("j"))
    assert ring.blind_index("1", "a") == ring.blind_index("1", "a")
    assert len({ring.blind_index("1", "a"), ring.blind_index("1", "b"), other.blind_index("1", "a")}) == 3


@pytest.mark.parametrize(
    "data", ["", "1", "x:" + key_of("a"), "0:" + key_of("a"), "256:" + key_of("a"), "1:c2hvcnQ=", "1:***"]
)
def test_bad_keys_are_refused_at_the_start(data):
    with pytest.raises(Misconfigured):
        keyring(data)
    with pytest.raises(Misconfigured):
        keyring(index=data)


def test_the_database_holds_nothing_in_clear_and_nothing_copied_opens(world, app, owner):
    things.household(app)
    other = things.household(app, "102")[1]
    stored = str(owner.execute("SELECT m::text FROM household_member m").fetchall())
    assert things.PHONE not in stored and things.NAME not in stored
    with app.app_context(), unit_of_work(read_only=True):
        assert {m.phone for m in db.session.scalars(select(HouseholdMember))} == {things.PHONE}
    owner.execute(
        "UPDATE household_member SET phone_cipher ="
        " (SELECT phone_cipher FROM household_member WHERE id <> %s LIMIT 1) WHERE id = %s",
        [other, other],
    )
    with app.app_context(), unit_of_work(read_only=True), pytest.raises(InvalidTag):
        _ = db.session.get(HouseholdMember, other).phone
