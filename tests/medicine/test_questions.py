"""Asked before money is spent: the household says yes or no, or somebody says it for them, and says how."""

from datetime import datetime, timedelta

import pytest

from backend.core import clock
from tests.factories import groupbuy as g
from tests.factories import medicine as m
from tests.factories.races import at_once
from tests.medicine.test_requests import refused


def buying(world, app, who, *lines, **more):
    request = m.checked(world, who, *lines, **more)
    m.walk(app, request, "plan", "buy")
    return request


def answer(world, who, question, accept=True, **more):
    return world.hand(who).post(f"/medicine-questions/{question}/answer", {"accept": accept, **more})


def lines(shown):
    return [(line["status"], line["ceiling_fen"]) for line in shown["lines"]]


def test_above_the_ceiling_the_household_is_asked_before_anything_is_paid(world, app, home):
    request = buying(world, app, "he", {}, m.PLASTERS)
    question = m.asked(app, request, 0, "price", 7200)
    shown = m.show(world, request, "he")
    assert shown["status"] == "substitute_pending" and lines(shown) == [("substitute_pending", 6000), ("wanted", 1500)]
    assert [(asked["kind"], asked["fen"], asked["accepted"]) for asked in shown["questions"]] == [("price", 7200, None)]
    said = g.ok(answer(world, "he", question))
    assert said["status"] == "buying" and lines(said) == [("wanted", 7200), ("wanted", 1500)]
    assert not g.sound(app)


def test_no_ends_the_line_and_buying_goes_on_with_the_rest(world, app, home):
    request = buying(world, app, "he", {}, m.PLASTERS)
    said = g.ok(answer(world, "he", m.asked(app, request, 0, "price", 7200), accept=False))
    assert said["status"] == "buying" and lines(said) == [("declined", 6000), ("wanted", 1500)]


def test_it_waits_for_the_last_answer(world, app, home):
    request = buying(world, app, "he", {}, {**m.PLASTERS, "substitution": True})
    first, second = m.asked(app, request, 0, "price", 7200), m.asked(app, request, 1, "substitute", 900, "绷带")
    assert g.ok(answer(world, "he", first))["status"] == "substitute_pending"
    assert g.ok(answer(world, "he", second, accept=False))["status"] == "buying"
    assert not g.sound(app)


def test_a_substitute_is_read_like_the_rest_by_a_look_that_is_recorded(world, app, home):
    request = buying(world, app, "he", {})
    question = m.asked(app, request, 0, "substitute", 5000, "络活喜")
    assert "络活喜" not in m.show(world, request, "he").__str__()
    (substitute,) = g.ok(m.clear(world, "he", request, "own"))["substitutes"]
    assert (substitute["id"], substitute["name"]) == (question, "络活喜")


@pytest.mark.parametrize("line", [m.INSULIN, m.PLASTERS], ids=["cold", "not wanted"])
def test_where_nothing_may_stand_in_nothing_is_proposed(world, app, home, line):
    request = m.checked(world, "he", {**line, "prescription": False})
    m.walk(app, request, "plan", "buy")
    with pytest.raises(Exception, match="no_substitute"):
        m.asked(app, request, 0, "substitute", 900, "别的")
    assert m.show(world, request)["lines"][0]["status"] == "wanted"


def test_on_behalf_with_consent_and_by_nobody_else(world, app, neighbours):
    request = buying(world, app, "liu", household_id=neighbours, consent="voice")
    question = m.asked(app, request, 0, "price", 7200)
    for who in ("he", "qian", "tang", "other_grid"):
        assert refused(answer(world, who, question, consent="voice")) == (404, "not_found"), who
    assert refused(answer(world, "liu", question)) == (422, "consent_needed")
    assert g.ok(answer(world, "liu", question, consent="voice"))["status"] == "buying"


def test_one_answer_and_no_second_thoughts(world, app, home):
    request = buying(world, app, "he", {})
    question = m.asked(app, request, 0, "price", 7200)
    answers = at_once(*[lambda yes=yes: answer(world, "he", question, yes) for yes in (True, False, True, False)])
    assert sorted(each.status_code for each in answers) == [200, 409, 409, 409]
    assert not g.sound(app)


def test_who_may_answer_is_told_and_until_when(world, app, home):
    request = buying(world, app, "he", {})
    m.asked(app, request, 0, "price", 7200)
    (asked,) = m.show(world, request, "he")["questions"]
    assert asked["allowed_actions"] == ["agree", "decline"]
    assert timedelta(0) < datetime.fromisoformat(asked["answer_by"]) - clock.now() <= timedelta(minutes=15)
    (seen,) = m.show(world, request, "li")["questions"]
    assert seen["allowed_actions"] == ["agree", "decline"]  # for the household, with its consent
    g.ok(answer(world, "he", asked["id"]))
    assert m.show(world, request, "he")["questions"][0]["allowed_actions"] == []
