"""What the generated tests ask of tasks: a request for each operation, who may make it, and tasks of BUILDING at every
stage, in the hands of qian, who carries."""

from datetime import timedelta
from typing import Any

from backend.core import clock
from tests.cast import UNIT, Cast
from tests.core.sample import Have, Sample
from tests.factories import groupbuy as g
from tests.factories import handout as h
from tests.factories import tasks as t
from tests.factories.claims import jpeg

# yang drives for the pharmacy (see tests/medicine/samples.py), and may take what is open.
VOLUNTEERS = {"qian", "yang"}
HOLDER, OFFICE, HEAD = {"qian"}, {"li", "chen", "wang", "feng"}, {"liu"}
CARE = OFFICE | HEAD  # sees what goes on at the building, acts on behalf, verifies
WHY = "矩阵测试"
LATER = {"starts_at": clock.now() + timedelta(hours=2), "ends_at": clock.now() + timedelta(hours=4)}
WHEN = {name: at.isoformat() for name, at in LATER.items()}
WORK = {"kind": "other", "title": "矩阵", "minutes": 10}
AGAIN = {**WORK, "kind": "gate_shift", "weekdays": [1, 3], "at": "09:00:00", "since": "2020-03-01"}


def of(kind: str, name: str, acts: set[str], sees: set[str] = frozenset(), body: Any = None, **more: Any) -> Sample:
    """A step on one of the things, at its present revision."""

    def sent(have: Have) -> Any:
        given = {key: value(have) if callable(value) else value for key, value in (body or {}).items()}
        return {"revision": have[f"{name}_revision"], **given}

    return Sample(sent, acts=acts, sees=sees, at={f"{kind}_id": name}, **more)


def seen(kind: str, name: str, acts: set[str], sees: set[str] = frozenset(), body: Any = None, **more: Any) -> Sample:
    """The same, without a revision."""
    return Sample(body, acts=acts, sees=sees, at={f"{kind}_id": name}, **more)


def at_building(**body: Any) -> Any:
    return lambda have: {"place_code": have["building"], **body}


BUILDING_ASKED: Any = {"query": lambda have: {"place": have["building"]}, "acts": CARE}

SAMPLES = {
    "listTasksForMe": Sample(acts=VOLUNTEERS),
    "claimTask": seen("task", "free_task", VOLUNTEERS),
    "listTasks": Sample(**BUILDING_ASKED),
    "makeTask": Sample(at_building(**WORK, **WHEN), acts=OFFICE, sees=HEAD),
    "getTask": seen("task", "begun_task", CARE | VOLUNTEERS),
    "assignTask": seen("task", "free_task", OFFICE, HEAD, lambda have: {"volunteer_id": have["idle_volunteer"]}),
    "holdTask": of("task", "other_task", OFFICE, HEAD, {"reason": WHY}),
    "cancelTask": of("task", "other_task", OFFICE, HEAD, {"reason": WHY}),
    "reopenTask": of("task", "cancelled_task", OFFICE, HEAD, {"reason": WHY}),
    "closeTask": of("task", "other_task", CARE),
    "standDown": seen("volunteer", "idle_volunteer", OFFICE, HEAD, {"reason": "tired"}),
    "standUp": seen("volunteer", "resting_volunteer", OFFICE, HEAD, {"reason": "rested"}),
    "listTaskPatterns": Sample(**BUILDING_ASKED),
    "makeTaskPattern": Sample(at_building(**AGAIN), acts=OFFICE, sees=HEAD),
    "endTaskPattern": of("pattern", "pattern_id", OFFICE, HEAD, {"until": clock.today().isoformat()}),
    "listMyTasks": Sample(acts=HOLDER | {"yang"}),  # yang is on a medicine trip
    "getTaskClaim": seen("claim", "claimed", CARE | HOLDER),
    "acceptTask": of("claim", "asked", CARE | HOLDER),
    "declineTask": of("claim", "asked", CARE | HOLDER),
    "startTask": of("claim", "claimed", CARE | HOLDER),
    "extendTask": of("claim", "claimed", CARE | HOLDER),
    "releaseTask": of("claim", "claimed", CARE | HOLDER),
    "failTask": of("claim", "begun", CARE | HOLDER, body={"failure": "not_home"}),
    "finishTask": of("claim", "alone", CARE | HOLDER, body={"how": "building_head"}),
    "recordNoShow": of("claim", "claimed", OFFICE, HEAD | HOLDER),
    "verifyTask": of("claim", "finished", CARE, HOLDER),
    "rejectTask": of("claim", "finished", CARE, HOLDER, {"reason": WHY}),
    "showDoors": seen("claim", "begun", CARE | HOLDER),
    "settleDoor": seen("claim", "begun", CARE | HOLDER, body={"outcome": "done"}),
    "revealDoorPhone": seen("claim", "begun", CARE | HOLDER, body={"purpose": "deliver"}),
    "sendTaskPhoto": seen("claim", "begun", HOLDER, CARE, jpeg(), mimetype="image/jpeg"),
    "getTaskPhoto": seen("photo", "task_photo", CARE | HOLDER),
    "tellTaskEvents": Sample(
        lambda have: {"events": [{"claim_id": have["claimed"], "action": "start", "at": clock.now().isoformat()}]},
        acts=CARE | HOLDER,
    ),
    "offerHandOver": of("claim", "begun", CARE | HOLDER,
                        body={"to_volunteer_id": lambda have: have["idle_volunteer"], "custody": []}),
    "listHandOvers": Sample(acts=HOLDER),
    "answerHandOver": seen("hand_over", "hand_over", CARE | HOLDER, body={"accept": False}),
}  # fmt: skip


def things(cast: Cast, app: Any, owner: Any) -> Have:
    """By the names they have in the routes, or are given in `at`; with the revision of each."""
    t.helper(app, "qian")
    idle, resting = (t.helper(app, name, role) for name, role in (("闲", "gate_duty"), ("歇", "gate_duty")))
    assert cast.feng.post(f"/volunteers/{resting}/stand-down", {"reason": "tired"}).status_code == 204
    have = {"idle_volunteer": idle, "resting_volunteer": resting, "position": 1} | tasks(cast, app)
    pattern = {"place_code": UNIT, **AGAIN}
    have["pattern_id"] = g.ok(cast.feng.post("/task-patterns", pattern), 201)["id"]
    revisions: dict[str, int] = {}
    for table in ("task", "task_claim", "task_pattern"):
        revisions |= dict(owner.execute(f"SELECT id::text, revision FROM {table}").fetchall())
    return have | {f"{name}_revision": revisions[each] for name, each in have.items() if each in revisions}


def tasks(cast: Cast, app: Any) -> Have:
    begun_task, cancelled = t.task(app, place=UNIT, homes=(h.door(app, UNIT, "T501", 5),)), t.task(app)
    begun = t.begun(cast, "qian", begun_task)
    photo = g.ok(cast.qian.upload(f"/task-claims/{begun['id']}/photos", jpeg(), "image/jpeg"), 201)
    finished = t.begun(cast, "qian", t.task(app))
    g.ok(cast.qian.upload(f"/task-claims/{finished['id']}/photos", jpeg(), "image/jpeg"), 201)
    t.done(cast, "qian", finished, "done", how="photo")
    g.ok(cast.li.post(f"/tasks/{cancelled}/cancel", {"revision": 1, "reason": WHY}))
    volunteer = begun["volunteer_id"]
    offered = t.claimed(cast, "qian", t.task(app))
    taker = t.helper(app, "接", "gate_duty")
    hand_over = g.ok(t.act(cast, "qian", offered, "hand-over", to_volunteer_id=taker, custody=["一袋"]), 201)
    return {
        "free_task": t.task(app), "other_task": t.task(app), "cancelled_task": cancelled, "begun_task": begun_task,
        "claimed": t.claimed(cast, "qian", t.task(app))["id"], "begun": begun["id"], "finished": finished["id"],
        "alone": t.begun(cast, "qian", t.task(app))["id"], "task_photo": photo["id"], "hand_over": hand_over["id"],
        "asked": g.ok(cast.li.post(f"/tasks/{t.task(app)}/assign", {"volunteer_id": volunteer}), 201)["id"],
    }  # fmt: skip
