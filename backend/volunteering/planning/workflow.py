"""The flows of an evening plan and of a line."""

from backend.core.permissions import Permission as P
from backend.core.workflow import Move, Step, Workflow
from backend.volunteering.planning.models import AssemblyLine, LineStatus, PlanStatus

S, L = PlanStatus, LineStatus


def _ended(line: AssemblyLine, move: Move) -> None:
    line.closed_at = move.now


EVENING = Workflow(
    name="evening_plan",
    visible=P.TASK_READ,
    place_of=lambda plan: plan.place_code,
    steps=(
        Step("compute", {S.COMPUTING}, S.DRAFT, "算好"),
        Step("move", {S.DRAFT}, S.DRAFT, "改派", P.TASK_ASSIGN),
        Step("apply", {S.DRAFT}, S.APPLIED, "采用", P.TASK_ASSIGN),
        Step("drop", {S.COMPUTING, S.DRAFT}, S.DROPPED, "作废", P.TASK_ASSIGN),
    ),
)
LINE = Workflow(
    name="assembly_line",
    visible=P.TASK_READ,
    place_of=lambda line: line.place_code,
    steps=(Step("close", {L.OPEN}, L.CLOSED, "结束", P.TASK_ASSIGN, effect=_ended),),
)
