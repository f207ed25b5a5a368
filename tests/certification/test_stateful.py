"""One unit lives through whatever may happen to it, beside a model in plain Python that says what ought to."""

from itertools import count
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import insert

from backend.certification import deadlines, public
from backend.core import invariants
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.places.models import Place
from tests.cast import MACHIDUN
from tests.factories import applications as a
from tests.factories.races import everyday_or
from tests.factories.world import good_days

REVIEW, NOTICE, HELD = (
    {"submitted", "subdistrict_review", "district_review"},
    {"public_notice", "notice_frozen"},
    {"certified", "suspended"},
)
OPEN = REVIEW | NOTICE | {"returned"}
LIVE = OPEN | HELD
# (action, who): from → to, as DOMAIN section 3 has it; written out here and not read from the code.
STEPS = {
    ("take_up", "zhao"): {"submitted": "subdistrict_review"},
    ("approve", "zhao"): dict.fromkeys(["submitted", "subdistrict_review"], "district_review"),
    ("return", "zhao"): dict.fromkeys(["submitted", "subdistrict_review"], "returned"),
    ("return", "zhou"): dict.fromkeys(["district_review", "public_notice"], "returned"),
    ("reject", "zhao"): dict.fromkeys(["submitted", "subdistrict_review"], "rejected"),
    ("reject", "zhou"): {"district_review": "rejected"},
    ("publish", "zhou"): {"district_review": "public_notice"},
    ("withdraw", "wang"): dict.fromkeys(OPEN, "withdrawn"),
    ("revoke", "zhou"): dict.fromkeys(HELD, "revoked"),
}  # fmt: skip
BODIES = {
    "return": {"reason": "请补正", "items": ["disinfection"]}, "reject": {"reason": "不实"},
    "revoke": {"reason": "造假"}, "publish": {"contact": a.OFFICE},
}  # fmt: skip
ANSWERS = {"admit": ("received", "admitted"), "dismiss": ("received", "dismissed"), "uphold": ("admitted", "upheld"),
           "overrule": ("admitted", "overruled")}  # fmt: skip
fresh = count(100)


class Life(RuleBasedStateMachine):
    def __init__(self, world, owner, app):
        super().__init__()
        self.world, self.owner, self.app = world, owner, app
        self.unit = f"{MACHIDUN}-{next(fresh):03d}"
        with app.app_context(), unit_of_work():
            db.session.execute(
                insert(Place).values(code=self.unit, name="新苑", kind="compound", parent_code=MACHIDUN, households=700)
            )
            good_days(self.unit)
        self.id, self.status, self.over = None, "none", False
        self.events, self.objections = [], []  # objections of the present application
        self.accountable = set()
        self.barred = False  # by fraud or an objection upheld: nobody lives through fourteen days in here

    # --- the model ---

    def red(self):
        """Is there something within 14 days that the Dongxihu pack (text A) counts?"""
        for event in self.events:
            if event.outcome == "excluded" or event.category == "fever":
                continue
            present = event.category == "close_contact"  # counts for as long as the person is one, and 14 days on
            if event.age < 14 or present:
                return True
        return False

    def settle(self):
        new = [event for event in self.events if not event.known]
        if any(event.category == "confirmed" and event.age < 14 for event in new):
            self.status = "revoked" if self.status in HELD else "rejected"
            return
        held = any(event.category != "confirmed" and not event.outcome for event in new)
        stopped = held or any(objection.status == "admitted" for objection in self.objections)
        if self.status in NOTICE:
            self.status = "notice_frozen" if stopped else "public_notice"
        elif self.status in HELD:
            self.status = "suspended" if held else "certified"

    def file(self, status):
        self.status = status
        for event in self.events:
            event.known = True

    # --- what people do ---

    def post(self, who, action, **more):
        revision = a.now(self.world, {"id": self.id})["revision"]
        body = {"revision": revision, **BODIES.get(action, {}), **more}
        return self.world.hand(who).post(f"/certifications/{self.id}/{action.replace('_', '-')}", body)

    @rule()
    def apply(self):
        answer = self.world.wang.post("/certifications", {"unit": self.unit})
        pending = any(objection.status == "admitted" for objection in self.objections)
        due = 409 if self.status in LIVE or pending else 422 if self.barred or self.red() else 201
        assert answer.status_code == due, answer.text
        if due == 201:
            self.id, self.over, self.objections = answer.json["id"], False, []
            self.file("submitted")

    @precondition(lambda self: self.id)
    @rule(act=st.sampled_from(sorted(STEPS)))
    def take_a_step(self, act):
        self.take(*act)

    def take(self, action, who):
        target = STEPS[action, who].get(self.status)
        answer = self.post(who, action)
        assert answer.status_code in ((200,) if target else (403, 409)), answer.text
        if target:
            self.status = target
            if action == "publish":
                self.over = False
                self.settle()
            if action == "revoke":
                self.accountable.add(self.id)
                self.barred = True

    @precondition(lambda self: self.id)
    @rule()
    def resubmit(self):
        answer = self.post("li", "resubmit", answers={})
        due = 409 if self.status != "returned" else 422 if self.red() else 200
        assert answer.status_code == due, answer.text
        if due == 200:
            self.file("submitted")

    @precondition(lambda self: self.id)
    @rule()
    def certify(self):
        answer = self.post("zhou", "certify")
        if self.status != "public_notice":
            assert answer.status_code == 409, answer.text
            return
        unanswered = any(objection.status in ("received", "admitted") for objection in self.objections)
        refusal = (
            (not self.over and "notice_running")
            or (unanswered and "objection_open")
            or (self.red() and "recheck_failed")
        )
        assert (answer.status_code, answer.json.get("code")) == ((422, refusal) if refusal else (200, None))
        if not refusal:
            self.status = "certified"

    @precondition(lambda self: self.status not in HELD)
    @rule()
    def onwards(self):
        """What ought to come next, so that lives get somewhere."""
        if self.status == "public_notice":
            self.the_notice_ends()
            self.certify()
        elif self.status in STEPS["approve", "zhao"]:
            self.take("approve", "zhao")
        elif self.status == "district_review":
            self.take("publish", "zhou")
        elif self.status == "returned":
            self.resubmit()
        elif self.status not in LIVE:
            self.apply()

    @initialize(steps=st.sampled_from([0, 2, 3, 4, 4]))
    def begins_somewhere(self, steps):
        """From nothing to certified: what befalls a certificate is as likely to be seen as what prevents one."""
        for _ in range(steps):
            self.onwards()

    # --- what happens ---

    @rule(
        category=st.sampled_from(
            ["confirmed", "suspected", "suspected", "fever", "fever", "close_contact", "asymptomatic"]
        ),
        age=st.sampled_from([0, 5, 13, 14, 20]),
    )
    def a_case(self, category, age):
        event = a.case(self.world, category, age, place=self.unit)
        self.events.append(SimpleNamespace(id=event["id"], category=category, age=age, outcome=None, known=False))
        if self.status in LIVE:
            self.settle()

    @precondition(lambda self: any(not event.outcome for event in self.events))
    @rule(outcome=st.sampled_from(["excluded", "excluded", "released"]), data=st.data())
    def resolve(self, outcome, data):
        event = data.draw(st.sampled_from([event for event in self.events if not event.outcome]))
        a.resolve(self.world, {"id": event.id}, outcome)
        event.outcome = outcome
        if self.status in LIVE:
            self.settle()

    @precondition(lambda self: self.status == "public_notice" and not self.over)
    @rule()
    def the_notice_ends(self):
        a.end_notice(self.owner, self.id)
        self.over = True

    @precondition(lambda self: self.id)
    @rule()
    def the_job_runs(self):
        with self.app.app_context(), unit_of_work():
            deadlines.end_notice(self.id)
        if self.status == "public_notice" and self.over and self.red():
            self.status = "returned"

    @precondition(lambda self: self.status == "returned")
    @rule(in_time=st.booleans())
    def the_term_of_a_return_ends(self, in_time):
        if not in_time:
            self.owner.execute("UPDATE application SET return_due_at = now() WHERE id = %s", [self.id])
            self.status = "lapsed"
        with self.app.app_context(), unit_of_work():
            deadlines.lapse(self.id)

    @precondition(lambda self: self.id)
    @rule()
    def object(self):
        path = f"/public/notices/{self.id}/objections"
        answer = self.world.public.post(path, {"text": "三号楼并没有天天消杀。"})
        assert answer.status_code == (201 if self.status in NOTICE else 409), answer.text
        if answer.status_code == 201:
            self.objections.append(SimpleNamespace(id=answer.json["id"], status="received", revision=1))

    @precondition(lambda self: self.objections)
    @rule(action=st.sampled_from(["admit", *ANSWERS]), falsified=st.booleans(), data=st.data())
    def answer(self, action, falsified, data):
        objection = data.draw(st.sampled_from(self.objections))
        body = {"action": action, "revision": objection.revision, "reason": "已核实", "falsified": falsified}
        answer = self.world.zhou.post(f"/objections/{objection.id}/answer", body)
        source, target = ANSWERS[action]
        assert answer.status_code == (200 if objection.status == source else 409), answer.text
        if objection.status != source:
            return
        objection.status, objection.revision = target, objection.revision + 1
        if action != "uphold":
            if self.status in NOTICE:
                self.settle()
            return
        self.barred = True
        if self.status in OPEN:
            self.status = "rejected"
        if falsified:
            self.accountable.add(self.id)

    # --- what must hold after each of these ---

    @invariant()
    def the_unit_is_as_the_model_says(self):
        query = "SELECT id::text, status, notice_remaining IS NOT NULL FROM application WHERE unit_code = %s"
        found = self.owner.execute(query + " ORDER BY id DESC", [self.unit]).fetchall()
        assert (found[0][:2] if found else (None, "none")) == (self.id, self.status)
        assert not found or self.status not in NOTICE or found[0][2] == (self.status == "notice_frozen")
        with self.app.app_context(), unit_of_work(read_only=True):  # the page itself: its cache learns of it later
            page = public.page_of(self.unit)
        assert (page["status"], page["certified"]) == (self.status, self.status == "certified")

    @invariant()
    def objections_and_records_are_as_the_model_says(self):
        found = self.owner.execute("SELECT id::text, status FROM objection WHERE application_id = %s", [self.id])
        assert dict(found.fetchall()) == {objection.id: objection.status for objection in self.objections}
        opened = (
            "SELECT application_id::text FROM accountability_case"
            " JOIN application a ON a.id = application_id WHERE unit_code = %s"
        )
        assert {row[0] for row in self.owner.execute(opened, [self.unit]).fetchall()} == self.accountable

    @invariant()
    def nothing_is_broken(self):
        with self.app.app_context():
            assert not {name: n for name, n in invariants.counts().items() if n}


@pytest.mark.parametrize("lives", everyday_or(60, 10))
def test_a_unit_lives_through_whatever_may_happen(world, owner, app, monkeypatch, lives):
    monkeypatch.setitem(app.config, "OBJECTION_LIMIT", "100000 per hour")
    run_state_machine_as_test(
        lambda: Life(world, owner, app),
        settings=settings(
            max_examples=lives,
            stateful_step_count=20,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
