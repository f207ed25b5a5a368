"""What the generated tests ask of evening plans and lines: a request for each operation, who may make it, and a plan of
each stage for qian, who carries."""

from typing import Any

from tests.cast import SECOND, Cast
from tests.core.sample import Have, Sample
from tests.factories import evenings as e
from tests.factories import groupbuy as g
from tests.groupbuy.samples import seen

IN_CARE = {"li", "chen", "wang", "feng"}
CARRIER = {"qian"}
TEAM = CARRIER | {"yang"}  # who is on a medicine trip, by the trips' own things
NEW_LINE, SORTED = {"title": "矩阵", "packs": 10}, {"station": "sort", "packs": 1}


def of_plan(name: str, acts: set[str] = IN_CARE, sees: set[str] = frozenset(), **more: Any) -> Sample:
    return Sample(seen(name, **more), acts=acts, sees=sees, at={"plan_id": name})


def of_line(name: str, acts: set[str], sees: set[str] = frozenset(), body: Any = None) -> Sample:
    return Sample(body, acts=acts, sees=sees, at={"line_id": name})


def of_team(acts: set[str], body: Any = None, sees: set[str] = frozenset()) -> Sample:
    return Sample(body, acts=acts, sees=sees, at={"team_id": "planning_team"})


MOVE = {"task_id": lambda have: have["planned_task"], "volunteer_id": None}
SAMPLES = {
    "askEveningPlan": of_team(IN_CARE, {"day": e.tomorrow(3)}),
    "listEveningPlans": of_team(IN_CARE),
    "getEveningPlan": Sample(acts=IN_CARE | CARRIER, at={"plan_id": "applied_plan"}),
    "moveCarry": of_plan("draft_plan", **MOVE),
    "applyEveningPlan": of_plan("draft_plan"),
    "dropEveningPlan": of_plan("other_plan"),
    "openLine": of_team(IN_CARE, NEW_LINE),
    "listLines": of_team(IN_CARE | TEAM),
    "getLine": of_line("line_id", IN_CARE | TEAM),
    "countAtStation": of_line("line_id", IN_CARE | TEAM, body=SORTED),
    "closeLine": of_line("idle_line", IN_CARE, TEAM, seen("idle_line")),
}


def things(cast: Cast, app: Any) -> Have:
    """After the tasks' own things, which make qian a volunteer. A plan of each stage, each for a day of its own; on the
    last day a carry waits for a plan."""
    [unit] = e.units(app, SECOND, 1, 1)
    tasks = [e.carry(app, unit, later=later) for later in range(4)]
    applied, draft, other = (e.computed(cast, later=later) for later in range(3))
    qian = g.ok(cast.qian.get("/me/volunteer"))["id"]
    moved = g.ok(e.act(cast, applied, "moves", task_id=tasks[0], volunteer_id=qian))
    g.ok(e.act(cast, moved, "apply"))
    lines = [g.ok(cast.feng.post(f"/teams/{e.team_id(app)}/lines", NEW_LINE), 201) for _ in range(2)]
    return {
        "planning_team": e.team_id(app), "planned_task": tasks[1], "applied_plan": applied["id"],
        "draft_plan": draft["id"], "draft_plan_revision": draft["revision"],
        "other_plan": other["id"], "other_plan_revision": other["revision"],
        "line_id": lines[0]["id"], "idle_line": lines[1]["id"], "idle_line_revision": lines[1]["revision"],
    }  # fmt: skip
