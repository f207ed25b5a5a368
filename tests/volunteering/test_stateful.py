"""Three volunteers, a few tasks, and whatever may happen to them: claims, leases, hand-overs, a contact; beside a model
in plain Python that says what ought to be. The invariants are looked at after each."""

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

from backend.volunteering.tasks import deadlines
from tests.cast import READY
from tests.factories import groupbuy as g
from tests.factories import tasks as t
from tests.factories.races import everyday_or

PEOPLE = ("qian", "xu", "bai")
LIVE = {"claimed", "assigned", "accepted", "in_progress"}
HOLDING = LIVE | {"done", "verified"}


class Life(RuleBasedStateMachine):
    def __init__(self, world, owner, app, volunteers):
        super().__init__()
        self.world, self.owner, self.app, self.volunteers = world, owner, app, volunteers

    @initialize(capacities=st.lists(st.integers(1, 2), min_size=2, max_size=3))
    def begins(self, capacities):
        self.owner.execute("DELETE FROM stand_down")
        self.owner.execute("UPDATE task_claim SET ends_at = starts_at + interval '1 s'")  # lives before this one
        self.tasks = [
            SimpleNamespace(id=t.task(self.app, place=READY, capacity=n, minutes=1), capacity=n, status="open")
            for n in capacities
        ]
        self.claims, self.resting, self.offers = [], set(), []

    # --- the model ---

    def held(self, task, statuses=frozenset(HOLDING)):
        return [claim for claim in self.claims if claim.task is task and claim.status in statuses]

    def of(self, who, task):
        return [claim for claim in self.held(task) if claim.who == who]

    def some(self, *statuses):
        return [claim for claim in self.claims if claim.status in statuses]

    def refusal(self, who, task):
        return (
            (self.of(who, task) and "already_yours")
            or (task.status != "open" and "not_open")
            or (len(self.held(task)) >= task.capacity and "taken")
            or (who in self.resting and "resting")
            or None
        )

    def add(self, answer, task, who, status):
        self.claims.append(SimpleNamespace(id=answer["id"], task=task, who=who, status=status, extensions=0))

    def revision(self, claim):
        return self.owner.execute("SELECT revision FROM task_claim WHERE id = %s", [claim.id]).fetchone()[0]

    def step(self, claim, action, status, who=None, **more):
        body = {"revision": self.revision(claim), **more}
        g.ok(self.world.hand(who or claim.who).post(f"/task-claims/{claim.id}/{action}", body))
        claim.status = status

    # --- what people do ---

    @rule(who=st.sampled_from(PEOPLE), data=st.data())
    def claim(self, who, data):
        task = data.draw(st.sampled_from(self.tasks))
        answer = self.world.hand(who).post(f"/tasks/{task.id}/claim")
        assert answer.json.get("code") == self.refusal(who, task), answer.text
        if answer.status_code == 201:
            self.add(answer.json, task, who, "claimed")

    @rule(who=st.sampled_from(PEOPLE), data=st.data())
    def assign(self, who, data):
        task = data.draw(st.sampled_from(self.tasks))
        answer = self.world.feng.post(f"/tasks/{task.id}/assign", {"volunteer_id": self.volunteers[who]})
        assert answer.json.get("code") == self.refusal(who, task), answer.text
        if answer.status_code == 201:
            self.add(answer.json, task, who, "assigned")

    @precondition(lambda self: self.some("assigned"))
    @rule(yes=st.booleans(), data=st.data())
    def answers(self, yes, data):
        claim = data.draw(st.sampled_from(self.some("assigned")))
        self.step(claim, "accept" if yes else "decline", "accepted" if yes else "declined")

    @precondition(lambda self: self.some("claimed", "accepted"))
    @rule(action=st.sampled_from(["start", "start", "release"]), data=st.data())
    def begins_or_gives_back(self, action, data):
        claim = data.draw(st.sampled_from(self.some("claimed", "accepted")))
        self.step(claim, action, "in_progress" if action == "start" else "released")

    @precondition(lambda self: self.some("claimed", "accepted", "in_progress"))
    @rule(data=st.data())
    def asks_for_time(self, data):
        claim = data.draw(st.sampled_from(self.some("claimed", "accepted", "in_progress")))
        body = {"revision": self.revision(claim)}
        answer = self.world.hand(claim.who).post(f"/task-claims/{claim.id}/extend", body)
        assert answer.status_code == (200 if claim.extensions < 2 else 409), answer.text
        claim.extensions += answer.status_code == 200

    @precondition(lambda self: self.some("in_progress"))
    @rule(how=st.sampled_from(["done", "done", "not_home", "unsafe"]), data=st.data())
    def ends(self, how, data):
        claim = data.draw(st.sampled_from(self.some("in_progress")))
        if how == "done":
            self.step(claim, "done", "done", "li", how="building_head")
            return
        self.step(claim, "fail", "failed", failure=how)
        if how == "unsafe" and claim.task.capacity == 1 and claim.task.status == "open":
            claim.task.status = "held"

    @precondition(lambda self: self.some("done"))
    @rule(yes=st.booleans(), data=st.data())
    def verifies(self, yes, data):
        claim = data.draw(st.sampled_from(self.some("done")))
        if not yes:
            self.step(claim, "reject", "failed", "feng", reason="没有做")
            return
        self.step(claim, "verify", "verified", "feng")
        all_of_them = len(self.held(claim.task, {"verified"})) >= claim.task.capacity
        if all_of_them and claim.task.status in ("open", "held"):
            claim.task.status = "closed"

    @precondition(lambda self: self.some("claimed", "accepted", "in_progress"))
    @rule(to=st.sampled_from(PEOPLE), data=st.data())
    def offers_to_hand_over(self, to, data):
        claim = data.draw(st.sampled_from(self.some("claimed", "accepted", "in_progress")))
        body = {"revision": self.revision(claim), "to_volunteer_id": self.volunteers[to], "custody": ["一袋"]}
        answer = self.world.hand(claim.who).post(f"/task-claims/{claim.id}/hand-over", body)
        waits = any(offer.claim is claim for offer in self.offers)
        refused = (to in self.resting and "resting") or (claim.task.status != "open" and "not_open")
        if refused:
            assert answer.status_code == 409, answer.text
        elif waits:
            assert (answer.status_code, answer.json["code"]) == (409, "conflict"), answer.text
        else:
            self.offers.append(SimpleNamespace(id=g.ok(answer, 201)["id"], claim=claim, to=to))

    @precondition(lambda self: self.offers)
    @rule(yes=st.booleans(), data=st.data())
    def takes_over(self, yes, data):
        offer = data.draw(st.sampled_from(self.offers))
        claim, task = offer.claim, offer.claim.task
        before = claim.status
        body = {"accept": yes, "pieces": 1}
        answer = self.world.hand(offer.to).post(f"/hand-overs/{offer.id}/answer", body)
        if not yes:
            g.ok(answer)
            self.offers.remove(offer)
            return
        cannot = (
            (before not in ("claimed", "accepted", "in_progress") and "not_held")
            or (self.of(offer.to, task) and "already_yours")
            or (task.status != "open" and "not_open")
            or (offer.to in self.resting and "resting")
        )
        assert answer.json.get("code") == (cannot or None), answer.text
        if not cannot:
            claim.status = "handed_over"
            self.offers.remove(offer)
            after = "in_progress" if before == "in_progress" else "accepted"
            self.add({"id": answer.json["new_claim_id"]}, task, offer.to, after)

    # --- what happens ---

    @precondition(lambda self: self.some(*LIVE))
    @rule(data=st.data())
    def a_lease_runs_out(self, data):
        claim = data.draw(st.sampled_from(self.some(*LIVE)))
        self.owner.execute("UPDATE task_claim SET lease_until = now() WHERE id = %s", [claim.id])
        with self.app.app_context():
            deadlines.expire_leases()
        if claim.status != "in_progress":
            claim.status = "lease_expired"

    @rule(who=st.sampled_from(PEOPLE))
    def someone_must_rest(self, who):
        path = f"/volunteers/{self.volunteers[who]}"
        action = "stand-up" if who in self.resting else "stand-down"
        assert self.world.feng.post(f"{path}/{action}", {"reason": "tired"}).status_code == 204
        if action == "stand-down":
            self.resting.add(who)
            for claim in self.some(*LIVE):
                claim.status = "released" if claim.who == who else claim.status
        else:
            self.resting.remove(who)

    @precondition(lambda self: any(task.status != "closed" for task in self.tasks))
    @rule(data=st.data())
    def called_off_or_opened_again(self, data):
        task = data.draw(st.sampled_from([task for task in self.tasks if task.status != "closed"]))
        action = "cancel" if task.status == "open" else "reopen"
        revision = self.owner.execute("SELECT revision FROM task WHERE id = %s", [task.id]).fetchone()[0]
        g.ok(self.world.feng.post(f"/tasks/{task.id}/{action}", {"revision": revision, "reason": "改期"}))
        if action == "reopen":
            task.status = "open"
            task.capacity = max(task.capacity, len(self.held(task)) + 1)
            return
        task.status = "cancelled"
        for claim in self.held(task, LIVE):
            claim.status = "cancelled"

    # --- what must hold after each of these ---

    @invariant()
    def claims_and_tasks_are_as_the_model_says(self):
        ids = [task.id for task in self.tasks]
        found = self.owner.execute("SELECT id::text, status FROM task_claim WHERE task_id = ANY(%s::uuid[])", [ids])
        assert dict(found.fetchall()) == {claim.id: claim.status for claim in self.claims}
        query = "SELECT id::text, status, taken, capacity FROM task WHERE id = ANY(%s::uuid[])"
        found = {row[0]: row[1:] for row in self.owner.execute(query, [ids])}
        assert found == {task.id: (task.status, len(self.held(task)), task.capacity) for task in self.tasks}

    @invariant()
    def nothing_is_broken(self):
        assert not g.sound(self.app)


@pytest.mark.parametrize("lives", everyday_or(30, 5))
def test_tasks_live_through_whatever_may_happen(world, owner, app, lives):
    volunteers = {who: t.helper(app, who) for who in PEOPLE}
    run_state_machine_as_test(
        lambda: Life(world, owner, app, volunteers),
        settings=settings(
            max_examples=lives,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
