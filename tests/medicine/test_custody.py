"""Cards and prescriptions in other people's hands: both sides sign, and nothing is settled while one is out."""

import psycopg
import pytest

from tests.core import things
from tests.factories import groupbuy as g
from tests.factories import medicine as m
from tests.factories.races import at_once
from tests.medicine.test_requests import refused


@pytest.fixture
def held(world, home):
    """Insulin for he, checked; the pharmacy wants to see the prescription and the insurance card."""
    return m.checked(world, "he", m.INSULIN, insurance_card=True)


def over(world, request, what, carrier="wang", who="he", **more):
    return g.ok(m.sign(world, who, m.taken(world, carrier, request, what), "sign-over", **more))


def back(world, receipt, carrier="wang", who="he", **more):
    return g.ok(m.sign(world, who, g.ok(m.sign(world, carrier, receipt, "give-back")), "sign-back", **more))


def test_a_request_waits_for_its_papers_and_goes_on_with_the_last(world, app, held):
    assert held["status"] == "held_for_prescription"
    receipt = over(world, held, "prescription")
    assert (receipt["status"], receipt["handed_consent"]) == ("held", None)
    waits = m.show(world, held)
    assert (waits["status"], waits["prescription_in"], waits["card_in"]) == ("held_for_prescription", True, False)
    over(world, held, "insurance_card")
    assert m.show(world, held)["status"] == "checked" and m.show(world, held)["cards_out"] == 2
    assert not g.sound(app)


def test_a_paper_said_to_be_taken_is_in_custody_when_the_household_has_signed(world, held):
    m.taken(world, "wang", held, "prescription")
    m.taken(world, "wang", held, "insurance_card")
    assert m.show(world, held)["status"] == "held_for_prescription"


def test_the_papers_may_come_before_the_check(world, home):
    filed = m.filed(world, "he", m.INSULIN)
    over(world, filed, "prescription")
    assert g.ok(m.act(world, "chen", m.show(world, filed), "check"))["status"] == "checked"


def test_a_card_asked_back_in_time_is_not_kept_and_the_request_waits_anew(world, app, held):
    papers = [over(world, held, what) for what in ("prescription", "insurance_card", "identity_card")]
    back(world, papers[2])
    assert m.show(world, held)["status"] == "checked", "the pharmacy does not ask for it"
    back(world, papers[1])
    waits = m.show(world, held)
    assert (waits["status"], waits["prescription_in"], waits["card_in"]) == ("held_for_prescription", True, False)
    over(world, held, "insurance_card")
    assert m.show(world, held)["status"] == "checked" and not g.sound(app)


def test_once_it_is_planned_the_trip_goes_on_with_what_it_was_planned_with(world, app, held):
    papers = [over(world, held, what) for what in ("prescription", "insurance_card")]
    m.walk(app, held, "plan")
    back(world, papers[1])
    assert (m.show(world, held)["status"], m.show(world, held)["cards_out"]) == ("planned", 1)


def test_nothing_is_settled_while_a_card_is_out(world, app, owner, held):
    papers = [over(world, held, what) for what in ("prescription", "insurance_card")]
    m.walk(app, held, *m.DELIVERED)
    for receipt in papers:
        with pytest.raises(Exception, match="card_out"):
            m.walk(app, held, "settle")
        back(world, receipt)
    m.walk(app, held, "settle")
    assert (m.show(world, held)["status"], m.show(world, held)["cards_out"]) == ("settled", 0)
    assert not g.sound(app)


def test_nor_does_the_database_let_it(world, app, owner, held):
    papers = [over(world, held, what) for what in ("prescription", "insurance_card")]
    m.walk(app, held, *m.DELIVERED)
    back(world, papers[0])
    with pytest.raises(psycopg.errors.CheckViolation, match="settled_holds_no_card"):
        owner.execute("UPDATE medicine_request SET status = 'settled' WHERE id = %s", [held["id"]])


def test_whoever_carries_a_card_does_not_sign_for_the_household(world, neighbours):
    request = m.checked(world, "liu", household_id=neighbours, consent="voice")
    receipt = m.taken(world, "wang", request, "identity_card")
    assert refused(m.sign(world, "wang", receipt, "sign-over", consent="in_person")) == (403, "separate_hands")
    signed = g.ok(m.sign(world, "liu", receipt, "sign-over", consent="in_person"))
    assert signed["handed_consent"] == "in_person"
    returned = g.ok(m.sign(world, "li", signed, "give-back"))  # in wang's stead
    for carried in ("wang", "li"):
        assert refused(m.sign(world, carried, returned, "sign-back", consent="paper")) == (403, "separate_hands")
    assert g.ok(m.sign(world, "liu", returned, "sign-back", consent="paper"))["status"] == "returned"


def test_without_a_phone_the_signature_says_how_it_was_given(world, neighbours):
    request = m.checked(world, "liu", household_id=neighbours, consent="voice")
    receipt = m.taken(world, "wang", request, "identity_card")
    assert refused(m.sign(world, "liu", receipt, "sign-over")) == (422, "consent_needed")


def test_cards_are_taken_by_who_is_about_it_and_by_nobody_else(world, app, held, neighbours):
    path = f"/medicine-requests/{held['id']}/custody-receipts"
    for who, told in (("qian", (404, "not_found")), ("he", (403, "forbidden")), ("feng", (403, "forbidden"))):
        assert refused(world.hand(who).post(path, {"what": "insurance_card"})) == told, who
    own = m.filed(world, "liu", household_id=g.home(app, "301", "chen"), consent="voice")
    answer = world.chen.post(f"/medicine-requests/{own['id']}/custody-receipts", {"what": "insurance_card"})
    assert refused(answer) == (403, "separate_hands")


def test_one_card_is_out_once(world, app, held):
    answers = at_once(
        *[
            lambda who=who: world.hand(who).post(
                f"/medicine-requests/{held['id']}/custody-receipts", {"what": "insurance_card"}
            )
            for who in ("wang", "li", "chen", "wang")
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert m.show(world, held)["cards_out"] == 1 and not g.sound(app)


def test_whoever_carries_papers_has_them_on_one_list(world, held):
    receipt = m.taken(world, "wang", held, "prescription")
    (carried,) = g.ok(world.wang.get("/custody-receipts"))["items"]
    assert (carried["id"], carried["what_label"], carried["allowed_actions"]) == (receipt["id"], "处方", ["give_back"])
    assert g.ok(world.li.get("/custody-receipts"))["items"] == []
    (shown,) = g.ok(world.he.get(f"/medicine-requests/{held['id']}/custody-receipts"))["items"]
    assert shown["allowed_actions"] == ["sign_over"]
    assert refused(m.sign(world, "he", receipt, "give-back")) == (403, "separate_hands")
    assert shown["handed_to"] == things.person(world.app, "wang")
    back(world, receipt)
    assert g.ok(world.wang.get("/custody-receipts"))["items"] == []


def test_a_receipt_has_no_place_for_a_number(world, held):
    answer = world.wang.post(
        f"/medicine-requests/{held['id']}/custody-receipts", {"what": "identity_card", "number": "420106194912310021"}
    )
    assert answer.status_code == 422 and "420106" not in answer.text
