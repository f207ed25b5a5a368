"""Every (state, action, role) of the flow, with what must come of it read from the tables of Steps."""

from typing import Any

import pytest

from backend.certification.models import ObjectionStatus as Said
from backend.certification.models import Status
from backend.certification.workflow import APPLICATION, OBJECTION
from backend.core.auth import Actor
from backend.core.operation import any_of
from backend.core.permissions import Permission
from backend.core.workflow import Workflow
from tests.cast import PARTS, READY, SECOND, Part
from tests.factories import applications as a

# One person of each role and of each wrong place; the public is None.
EVERYONE: tuple[Part | None, ...] = (*(p for p in PARTS if p.name not in ("sun", "wu")), None)
BODIES: dict[str, dict[str, Any]] = {
    "return": {"reason": "消杀照片不清楚", "items": ["disinfection"]},
    "reject": {"reason": "封闭管理不实"},
    "revoke": {"reason": "查实台账造假"},
    "publish": {"contact": a.OFFICE},
}
ACTIONS = ("take_up", "approve", "return", "reject", "resubmit", "withdraw", "publish", "certify", "revoke")
FORWARD = {"resubmit", "take_up", "approve", "publish", "certify"}
ANSWERS = ("admit", "dismiss", "uphold", "overrule")


def name_of(part: Part | None) -> str:
    return part.name if part else "public"


def actor_of(part: Part) -> Actor:
    return Actor(None, part.name, ((part.role, part.place),) if part.role else ())


def needs(app: Any, endpoint: str) -> tuple[Permission, ...]:
    """The permissions that the route names, of which one will do."""
    return any_of(app.view_functions[endpoint]._apidoc["operation"]["needs"])


def expected(
    flow: Workflow, door: tuple[Permission, ...], status: str, action: str, part: Part | None, running: bool = True
) -> int:
    """In advance()'s own order: signed in, at the door, in sight, a step, its permission, its guard."""
    if part is None:
        return 401
    actor = actor_of(part)
    if not any(actor.may(permission) for permission in door):
        return 403
    if not actor.may(flow.visible, READY):
        return 404
    step = flow.step(status, action)
    if step is None:
        return 409
    if step.permission is None or not actor.may(step.permission, READY):
        return 403
    return 422 if step.guard and running else 200


def trace(owner: Any) -> Any:
    """What a refusal must leave as it was: states, revisions, and how many acts are on record."""
    return owner.execute(
        "SELECT (SELECT array_agg((status, revision)::text ORDER BY id) FROM application),"
        " (SELECT array_agg((status, revision)::text ORDER BY id) FROM objection),"
        " (SELECT count(*) FROM audit_event), (SELECT count(*) FROM filing),"
        " (SELECT count(*) FROM accountability_case), (SELECT count(*) FROM procrastinate_jobs)"
    ).fetchone()


def last_step(owner: Any, subject_id: str) -> tuple[str, str, str]:
    query = (
        "SELECT action, old, new FROM audit_event WHERE subject_id = %s AND new IS NOT NULL ORDER BY at DESC, id DESC"
    )
    return owner.execute(query + " LIMIT 1", [subject_id]).fetchone()


# --- Applications ---------------------------------------------------------------------------------------------


def send(world: Any, part: Part | None, application: dict[str, Any], action: str) -> Any:
    hand = world.hand(part.name) if part else world.public
    body = {"revision": application["revision"], **BODIES.get(action, {})}
    return hand.post(f"/certifications/{application['id']}/{action.replace('_', '-')}", body)


def doors(app: Any) -> dict[str, tuple[Permission, ...]]:
    names = {"return": "return_for_correction"}
    return {action: needs(app, f"certification.{names.get(action, action)}") for action in ACTIONS}


@pytest.mark.parametrize("status", list(Status))
def test_whatever_is_not_in_the_table_is_refused_and_changes_nothing(status, world, owner, app):
    application = a.at(status, world, owner, app)
    door = doors(app)
    for part in EVERYONE:
        world.hand(part.name) if part else None
    before = trace(owner)
    wrong = []
    for part in EVERYONE:
        for action in ACTIONS:
            due = expected(APPLICATION, door[action], status, action, part)
            if due == 200:
                continue
            answer = send(world, part, application, action)
            if (answer.status_code, trace(owner)) != (due, before):
                wrong.append(f"{name_of(part)} {action}: {answer.status_code} {answer.json.get('code')}, due {due}")
            if answer.json["code"] == "not_now":
                assert answer.json["status_now"] == status
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("status", list(Status))
def test_the_buttons_shown_are_the_steps_that_would_succeed(status, world, owner, app):
    application = a.at(status, world, owner, app)
    door = {**doors(app), "submit": (Permission.APPLICATION_FILE,)}
    for part in [p for p in EVERYONE if p and actor_of(p).may(APPLICATION.visible, READY)]:
        shown = world.hand(part.name).get(f"/certifications/{application['id']}").json["allowed_actions"]
        assert sorted(shown) == sorted(
            action for action in door if expected(APPLICATION, door[action], status, action, part) == 200
        ), part.name


def waiting(hand, **query):
    page = hand.get("/certifications", waiting=True, **query)
    assert page.status_code == 200, page.text
    return [one["id"] for one in page.json["items"]], page.json["next"]


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize("status", list(Status))
def test_it_waits_for_whoever_can_move_it_on(status, over, world, owner, app):
    application = a.at(status, world, owner, app)
    if over and status == Status.PUBLIC_NOTICE:
        a.end_notice(owner, application["id"])
    for part in [p for p in EVERYONE if p and actor_of(p).may(APPLICATION.visible, READY)]:
        hand = world.hand(part.name)
        shown = hand.get(f"/certifications/{application['id']}").json["allowed_actions"]
        due = [application["id"]] if FORWARD & set(shown) else []
        assert waiting(hand) == (due, None), part.name


def test_what_waits_is_read_page_by_page_the_first_due_first(world, owner):
    late, soon = a.filed(world), a.filed(world, SECOND)
    owner.execute("UPDATE application SET review_due_at = now() + interval '1 hour' WHERE id = %s", [soon["id"]])
    assert waiting(world.zhao) == ([soon["id"], late["id"]], None)
    assert waiting(world.zhao, limit=1) == ([soon["id"]], soon["id"])
    assert waiting(world.zhao, limit=1, after=soon["id"]) == ([late["id"]], None)
    assert waiting(world.zhao, unit=READY) == ([late["id"]], None)
    owner.execute("UPDATE application SET review_due_at = now()")  # ties
    both = waiting(world.zhao)[0]
    assert sorted(both) == sorted([soon["id"], late["id"]])
    assert [waiting(world.zhao, limit=1)[0], waiting(world.zhao, limit=1, after=both[0])[0]] == [[both[0]], [both[1]]]
    a.act(world, "zhao", late, "approve")
    assert waiting(world.zhao)[0] == [soon["id"]] and waiting(world.zhou)[0] == [late["id"]]


def permitted(flow: Workflow, statuses: Any, actions: Any) -> list[tuple[str, str, str]]:
    """(status, action, who) of all that the table permits to one of the cast, the notice being over."""
    return [
        (status, action, part.name)
        for status in statuses
        for action in actions
        for part in EVERYONE
        if part and expected(flow, (flow.visible,), status, action, part, running=False) == 200
    ]


BY_PEOPLE = permitted(APPLICATION, Status, ACTIONS)


@pytest.mark.parametrize("status, action, who", BY_PEOPLE)
def test_whatever_is_in_the_table_succeeds(status, action, who, world, owner, app):
    application = a.at(status, world, owner, app)
    if action == "certify":
        a.end_notice(owner, application["id"])
        application = a.now(world, application)
        assert action in world.hand(who).get(f"/certifications/{application['id']}").json["allowed_actions"]
    part = next(p for p in PARTS if p.name == who)
    answer = send(world, part, application, action)
    assert answer.status_code == 200, answer.text
    target = APPLICATION.step(status, action).target
    assert (answer.json["status"], answer.json["revision"]) == (target, application["revision"] + 1)
    assert last_step(owner, application["id"]) == (action, status, target)
    seen = world.hand(who).get(f"/certifications/{application['id']}").json
    assert answer.json["allowed_actions"] == seen["allowed_actions"]


def _resolve_all(world: Any, owner: Any) -> None:
    for (event,) in owner.execute("SELECT id FROM case_event WHERE outcome IS NULL").fetchall():
        a.resolve(world, {"id": event})


def _past_mending(owner: Any, application: dict[str, Any]) -> None:
    """A day too old to be entered again turns out bad; the notice is over."""
    owner.execute("UPDATE daily_record SET disinfection_rounds = 0 WHERE day = current_date - 9")
    a.end_notice(owner, application["id"])


# What makes the house take each of its own steps, from each source.
def _confirmed(world, owner, app, application):
    a.case(world, "confirmed")


def _suspected(world, owner, app, application):
    a.case(world, "suspected")


def _excluded(world, owner, app, application):
    _resolve_all(world, owner)


def _never_mended(world, owner, app, application):
    owner.execute("UPDATE application SET return_due_at = now() WHERE id = %s", [application["id"]])
    a.later(app, owner)


def _found_bad(world, owner, app, application):
    _past_mending(owner, application)
    a.later(app, owner)


OF_ITSELF = {
    "fail": _confirmed,
    "strike_off": _confirmed,
    "freeze": _suspected,
    "suspend": _suspected,
    "resume": _excluded,
    "restore": _excluded,
    "lapse": _never_mended,
    "return": _found_bad,
}
BY_THE_HOUSE = [(s.action, source) for s in APPLICATION.steps if s.permission is None for source in sorted(s.sources)]


@pytest.mark.parametrize("action, status", BY_THE_HOUSE)
def test_the_house_takes_its_own_steps(action, status, world, owner, app):
    application = a.at(Status(status), world, owner, app)
    OF_ITSELF[action](world, owner, app, application)
    target = APPLICATION.step(status, action).target
    assert last_step(owner, application["id"]) == (action, status, target)
    after = a.now(world, application)
    assert (after["status"], after["revision"]) == (target, application["revision"] + 1)
    assert after["history"][-1]["by"] == "系统"


def test_every_step_is_exercised():
    """By the three tests above, and `submit` by every one of them: the click itself."""
    taken = {(action, status) for status, action, _ in BY_PEOPLE} | set(BY_THE_HOUSE) | {("submit", "draft")}
    assert taken == {(step.action, source) for step in APPLICATION.steps for source in step.sources}
    taken = {(action, status) for status, action, _ in ANSWERED}
    assert taken == {(step.action, source) for step in OBJECTION.steps for source in step.sources}


# --- Objections -----------------------------------------------------------------------------------------------

WAY = {Said.RECEIVED: (), Said.ADMITTED: ("admit",), Said.DISMISSED: ("dismiss",), Said.UPHELD: ("admit", "uphold"),
       Said.OVERRULED: ("admit", "overrule")}  # fmt: skip
ANSWERED = permitted(OBJECTION, Said, ANSWERS)


def objection_at(status: Said, world: Any) -> dict[str, Any]:
    receipt = a.objection(world, a.published(world))
    for action in WAY[status]:
        a.answer(world, receipt, action)
    return listed(world, receipt)


def listed(world: Any, receipt: dict[str, Any], who: str = "zhou") -> dict[str, Any]:
    found = next(o for o in world.hand(who).get("/objections").json["items"] if o["id"] == receipt["id"])
    return found


def reply(world: Any, part: Part | None, objection: dict[str, Any], action: str) -> Any:
    hand = world.hand(part.name) if part else world.public
    body = {"revision": objection["revision"], "action": action, "reason": "已到现场核实"}
    return hand.post(f"/objections/{objection['id']}/answer", body)


@pytest.mark.parametrize("status", list(Said))
def test_an_objection_is_answered_by_its_district_and_by_no_one_else(status, world, owner, app):
    objection = objection_at(status, world)
    assert objection["status"] == status
    door = needs(app, "certification.answer_objection")
    for part in EVERYONE:
        world.hand(part.name) if part else None
    before = trace(owner)
    wrong = []
    for part in EVERYONE:
        for action in ANSWERS:
            due = expected(OBJECTION, door, status, action, part)
            if due == 200:
                continue
            answer = reply(world, part, objection, action)
            if (answer.status_code, trace(owner)) != (due, before):
                wrong.append(f"{name_of(part)} {action}: {answer.status_code}, due {due}")
    assert not wrong, "\n".join(wrong)
    for part in [p for p in EVERYONE if p and actor_of(p).may(OBJECTION.visible, READY)]:
        shown = listed(world, objection, part.name)["allowed_actions"]
        assert shown == [x for x in ANSWERS if expected(OBJECTION, door, status, x, part) == 200], part.name


@pytest.mark.parametrize("status, action, who", ANSWERED)
def test_the_district_answers(status, action, who, world, owner):
    objection = objection_at(status, world)
    answer = reply(world, next(p for p in PARTS if p.name == who), objection, action)
    assert answer.status_code == 200, answer.text
    target = OBJECTION.step(status, action).target
    assert last_step(owner, objection["id"]) == (action, status, target)
    receipt = world.public.get(f"/public/objections/{objection['id']}").json
    assert receipt["status"] == target
    assert receipt["answer"] == (None if action == "admit" else "已到现场核实")
