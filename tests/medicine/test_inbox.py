"""What a household finds in its inbox of its medicine: what waits for an answer, and never which medicine."""

import pytest

from tests.factories import groupbuy as g
from tests.factories import medicine as m
from tests.factories import trips as trip
from tests.factories.inbox import item, page, told
from tests.medicine.test_questions import answer, buying
from tests.medicine.test_trip_stories import SEALED


def test_a_question_of_the_checkers_waits_for_the_household(world, home):
    filed = m.filed(world, "he", {})
    g.ok(m.act(world, "chen", filed, "ask-info", question="盒子上写的是几毫克？"))
    assert told(world, "he") == [("medicine_request.ask_info", True)]
    assert "毫克" not in str(page(world, "he")), "what is asked is read where it is answered"
    g.ok(m.act(world, "he", m.show(world, filed, "he"), "amend", note="五毫克"))
    assert told(world, "he") == [("medicine_request.ask_info", False)]


@pytest.mark.parametrize(("kind", "name"), [("price", None), ("substitute", "络活喜")])
def test_what_is_asked_from_the_counter_waits_and_names_no_medicine(world, app, home, kind, name):
    request = buying(world, app, "he", {})
    question = m.asked(app, request, 0, kind, 7200, name)
    asked = item(world, "he", f"medicine_question.{kind}")
    assert (asked["waits"], asked["id"], asked["subject_id"]) == (True, question, request["id"])
    assert asked["detail"] == "这一项一共 ¥72.00，您答复以后才会付钱。"
    g.ok(answer(world, "he", question))
    assert told(world, "he") == [(f"medicine_question.{kind}", False)]
    named = [line["name"] for line in g.ok(m.clear(world, "he", request, "own"))["lines"]]
    assert not [each for each in [*named, "络活喜"] if each in str(page(world, "he"))]


def test_papers_wait_for_a_signature_on_the_way_out_and_on_the_way_back(world, home):
    held = m.checked(world, "he", m.INSULIN)
    assert told(world, "he") == [("medicine_request.hold", True)]
    receipt = m.taken(world, "wang", held, "prescription")
    assert (
        told(world, "he")[0] == ("custody_receipt.take", True)
        and item(world, "he", "custody_receipt.take")["title"] == "处方"
    )
    signed = g.ok(m.sign(world, "he", receipt, "sign-over"))
    assert told(world, "he") == [("custody_receipt.take", False), ("medicine_request.hold", False)]
    back = g.ok(m.sign(world, "wang", signed, "give-back"))
    assert told(world, "he")[0] == ("custody_receipt.give_back", True)
    g.ok(m.sign(world, "he", back, "sign-back"))
    assert told(world, "he")[0] == ("custody_receipt.give_back", False)


def test_on_the_way_to_the_door_the_code_is_to_be_ready(world, app, home):
    request = m.checked(world, "he", {})
    m.walk(app, request, "plan", "buy", "be_bought", "deliver")
    assert told(world, "he") == [("medicine_request.deliver", True)]
    m.walk(app, request, "hand_over")
    assert told(world, "he") == [("medicine_request.hand_over", False), ("medicine_request.deliver", False)]


def test_refused_goods_are_offered_to_whoever_acts_for_the_other_home(world, app, home, neighbours, qian, shop):
    first = m.checked(world, "he", SEALED)
    made = trip.at_the_counter(world, "qian", shop, first)
    trip.bought(world, "qian", made, first, 2500)
    trip.back(world, "qian", made)
    g.ok(trip.refuse(world, "he", first, "no_longer_needed"))
    second = m.checked(world, "wang", SEALED, household_id=neighbours, consent="voice")
    (kept,) = trip.goods(world)
    g.ok(
        world.li.post(
            f"/medicine-goods/{kept['id']}/offers", {"revision": kept["revision"], "request_id": second["id"]}
        ),
        201,
    )
    assert "medicine_offer.make" not in [kind for kind, _ in told(world, "he")]
    given = {"given_to": g.ok(world.tang.get("/me"))["id"], "kind": "voice"}
    g.ok(world.li.post(f"/households/{neighbours}/consents", given), 201)
    assert told(world, "tang") == [("medicine_offer.make", True)]
    assert item(world, "tang", "medicine_offer.make")["household_id"] == neighbours


def test_what_is_erased_is_told_no_more(world, app, owner, home):
    request = m.checked(world, "he", {})
    m.walk(app, request, *m.DELIVERED)
    assert told(world, "he")
    owner.execute("UPDATE medicine_line SET erased_on = now(), name_cipher = NULL, maker_cipher = NULL,"
                  " specification_cipher = NULL, name_index = NULL")  # fmt: skip
    owner.execute("UPDATE medicine_request SET erased_on = now(), member_id = NULL, disease_cipher = NULL,"
                  " note_cipher = NULL, question_cipher = NULL")  # fmt: skip
    assert told(world, "he") == []
