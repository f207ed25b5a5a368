"""What is offered with a request besides the steps of its flow: the code for the door, paying, the same again. Whoever
is offered it may do it, and nobody else is offered it."""

import pytest

from backend.core.transaction import unit_of_work
from backend.medicine.requests import erasure
from tests.core import things
from tests.factories import groupbuy as g
from tests.factories import medicine as m
from tests.factories import trips as trip
from tests.factories.groupbuy import ok
from tests.medicine.test_requests import refused

BESIDES = {"code", "pay", "repeat"}
CARD = {**m.PILLS, "quantity": 1}


@pytest.fixture
def friend(world, app, home):
    """tang has the standing consent of he's home."""
    given = {"given_to": things.person(app, "tang"), "kind": "paper"}
    return ok(world.li.post(f"/households/{home}/consents", given), 201)


def offered(cast, request, who):
    shown = m.show(cast, request, who)
    return [action for action in shown["allowed_actions"] if action in BESIDES], shown["owed_fen"], shown["must_ask"]


def pay(cast, request, who):
    return cast.hand(who).post(f"/medicine-requests/{request['id']}/payments", {"method": "wechat"})


def test_the_home_and_who_has_its_consent_see_the_code_pay_and_ask_again(world, app, home, qian, shop, friend):
    """A paper is still out, so that it is not settled with the money."""
    request = m.checked(world, "he", CARD)
    paper = m.taken(world, "chen", request, "identity_card")
    made = trip.at_the_counter(world, "qian", shop, request)
    assert offered(world, request, "he") == ([], 0, False)
    trip.bought(world, "qian", made, request, 3000)
    trip.back(world, "qian", made)
    for who in ("he", "tang"):
        assert offered(world, request, who) == (["code"], 0, False)
        assert len(ok(world.hand(who).post(f"/medicine-requests/{request['id']}/code"))["code"]) == 4
    assert offered(world, request, "li") == ([], None, True)
    ok(trip.hand_over(world, "li", request, 1000))
    for who in ("he", "tang"):
        assert offered(world, request, who) == (["pay", "repeat"], 2000, False)
        assert pay(world, request, who).json["amount_fen"] == 2000
    assert offered(world, request, "li") == (["repeat"], None, True)
    assert offered(world, request, "feng") == ([], None, True)
    assert refused(pay(world, request, "li")) == (403, "not_yours_to_pay")
    trip.paid_online(world, ok(pay(world, request, "he"), 201))
    assert offered(world, request, "he") == (["repeat"], 0, False)
    assert refused(pay(world, request, "he")) == (409, "nothing_due")
    assert m.show(world, request)["cards_out"] == 1 and paper["id"]


def test_the_same_again_is_offered_where_it_is_granted(world, app, owner, home, neighbours):
    running = m.filed(world, "liu", household_id=neighbours, consent="voice")
    for who in ("liu", "li"):
        assert offered(world, running, who)[0] == [], "it is still under way"
    ended = m.checked(world, "liu", household_id=neighbours, consent="voice")
    m.walk(app, ended, *m.DELIVERED)
    for who, may in {"liu": True, "wang": True, "li": True, "feng": False}.items():
        assert (offered(world, ended, who)[0] == ["repeat"]) is may, who
        answer = world.hand(who).post(f"/medicine-requests/{ended['id']}/repeat", {"consent": "voice"})
        assert (answer.status_code == 201) is may, who
    m.walk(app, ended, "settle")
    owner.execute("UPDATE medicine_request SET erase_on = erase_on - 40 WHERE id = %s", [ended["id"]])
    with app.app_context(), unit_of_work():
        erasure.erase()
    assert offered(world, ended, "li")[0] == [], "nobody knows any more what it was"


def test_what_one_household_asked_for_and_nothing_of_a_stranger(world, app, home, neighbours):
    own = [m.filed(world, "he", {})["id"] for _ in range(2)]
    theirs = m.filed(world, "liu", household_id=neighbours, consent="voice")["id"]

    def of(who, household):
        return {one["id"] for one in ok(world.hand(who).get("/medicine-requests", household=household))["items"]}

    assert of("li", home) == of("he", home) == set(own) and of("li", neighbours) == of("liu", neighbours) == {theirs}
    for who, household in (("he", neighbours), ("tang", home), ("liu", home), ("other_grid", home)):
        assert of(who, household) == set(), who


def test_an_offer_says_for_whom_and_whether_to_ask_them(world, app, home, neighbours, qian, shop, friend):
    """Refused at the neighbours' door, offered to he's home: who refused it is told to nobody."""
    first = m.checked(world, "liu", m.PLASTERS, household_id=neighbours, consent="voice")
    made = trip.at_the_counter(world, "qian", shop, first)
    trip.bought(world, "qian", made, first, 1000)
    trip.back(world, "qian", made)
    ok(trip.refuse(world, "li", first))
    (kept,) = trip.goods(world)
    second = m.checked(world, "he", m.PLASTERS)
    wish = {"revision": kept["revision"], "request_id": second["id"]}
    ok(world.li.post(f"/medicine-goods/{kept['id']}/offers", wish), 201)
    for who, asks in {"he": False, "tang": False, "liu": True, "li": True}.items():
        (offer,) = ok(world.hand(who).get("/medicine-offers"))["items"]
        assert (offer["household_id"], offer["room"], offer["must_ask"]) == (home, "101", asks), who
        assert neighbours not in str(offer)
    assert not g.sound(app)
