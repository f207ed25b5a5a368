"""The main job as its people live it: from the click to the certificate, and what can take it away."""

from datetime import timedelta

from backend.core import clock, invariants
from tests.cast import READY
from tests.factories import applications as a


def case(cast, who="chen", category="suspected", days_ago=0, **body):
    day = (clock.today() - timedelta(days=days_ago)).isoformat()
    sent = {"place": READY, "category": category, "effective_on": day, "source": "疾控通报 2020-17", **body}
    return cast.hand(who).post("/cases", sent)


def test_one_click_to_the_certificate(world, owner, app):
    assert world.wang.get(f"/places/{READY}/readiness").json["met"]
    filed = a.filed(world)
    assert filed["status"] == "submitted" and filed["allowed_actions"] == ["withdraw"]
    assert a.act(world, "zhao", filed, "approve")["status"] == "district_review"
    published = a.act(world, "zhou", a.now(world, filed), "publish", contact=a.OFFICE)
    assert published["status"] == "public_notice"
    early = world.zhou.post(f"/certifications/{filed['id']}/certify", {"revision": published["revision"]})
    assert (early.status_code, early.json["code"]) == (422, "notice_running")
    a.end_notice(owner, filed["id"])
    certified = a.act(world, "zhou", published, "certify")
    assert certified["status"] == "certified" and certified["batch"]["number"] == 1
    page = world.public.get(f"/public/places/{READY}").json
    assert page["certified"] and page["why_not_yet"] == []
    with app.app_context():
        assert not any(invariants.counts().values())


def test_a_new_suspected_case_suspends_at_once_and_its_exclusion_restores(world, owner):
    certified = a.certified(world, owner)
    recorded = case(world)
    assert recorded.status_code == 201, recorded.text
    assert a.now(world, certified)["status"] == "suspended"
    assert not world.public.get(f"/public/places/{READY}").json["certified"]
    event = recorded.json["events"][0]["id"]
    closing = {"outcome": "excluded", "outcome_on": clock.today().isoformat(), "reason": "两次核酸阴性"}
    alone = world.chen.post(f"/case-events/{event}/close", closing)
    assert (alone.status_code, alone.json["code"]) == (403, "second_person")
    assert world.li.post(f"/case-events/{event}/close", closing).status_code == 200
    restored = a.now(world, certified)
    assert restored["status"] == "certified" and restored["certified_at"] == certified["certified_at"]


def test_a_confirmed_case_takes_the_certificate_away(world, owner):
    certified = a.certified(world, owner)
    assert case(world, category="confirmed").status_code == 201
    assert a.now(world, certified)["status"] == "revoked"
    again = world.wang.post("/certifications", {"unit": READY})
    assert (again.status_code, again.json["code"]) == (422, "not_ready")
    assert again.json["earliest_on"] == (clock.today() + timedelta(days=14)).isoformat()


def test_the_dry_run_follows_every_fact_though_it_remembers_what_it_said(world):
    """The same facts, the same answer; one more record, another; and nobody's answer is changed by who asked before."""
    ask = lambda who: world.hand(who).get(f"/places/{READY}/readiness").json  # noqa: E731
    assert ask("wang")["met"] and ask("wang") == ask("li")
    case(world)
    red = ask("wang")
    assert not red["met"] and any(c["records"] for c in red["criteria"])
    assert not any(c["records"] for c in ask("zheng")["criteria"])  # who may not know of cases
    assert ask("wang") == red
