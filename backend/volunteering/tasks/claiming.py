"""Taking a task: by oneself, by the coordinator for another, from whoever hands it over. All of it is one statement,
take_task() (migrations/sql/0013_claim_task.sql), and what it asks is one function, may_take()
(0019_cheaper_claims.sql there)."""

import uuid
from typing import Any

import orjson

from backend.core.auth import Actor
from backend.core.context import request_id
from backend.core.errors import Conflict, NotFound
from backend.core.idempotency import Key
from backend.core.models import new_id
from backend.core.permissions import GRANTS, Role
from backend.core.permissions import Permission as P
from backend.core.statement import Refusals, ask
from backend.core.transaction import alone, rows
from backend.extensions import db
from backend.volunteering import rest
from backend.volunteering.tasks.models import OF_THE_HOUR, HoldStatus, TaskClaim

CLAIM_ONCE = "SELECT claim_task_once(%s, %s, %s, %s, %s)::text"
TAKE = "SELECT take_task(%s)::text"
FITS = """
SELECT m.code FROM volunteer v, task t, LATERAL may_take(v, t, %s, true, true) m
WHERE v.id = %s AND v.left_at IS NULL AND t.id = %s"""
# What may_take() goes by, written out once.
LIMITS = {
    "claiming": [role for role in Role if P.TASK_CLAIM in GRANTS[role]],
    "of_the_hour": sorted(OF_THE_HOUR),
    "minutes_a_day": rest.MINUTES_A_DAY,
    "long_shift": rest.LONG_SHIFT_MINUTES,
    "rest": rest.REST_MINUTES,
    "days_in_a_row": rest.DAYS_IN_A_ROW,
}
LIMITS_WRITTEN = orjson.dumps(LIMITS)
# What take_task() refuses: the status, and why and what to do next. The list says the same of what it does not offer.
REFUSALS: dict[str, tuple[int, str]] = {
    "unknown_user": (401, "该账号不存在或已停用，请联系社区。"),
    "forbidden": (403, "您还不是志愿者。想帮忙的话，请联系社区书记或社区工作者登记。"),
    "volunteer_missing": (404, "没有找到这位志愿者，可能已经退出。请刷新名单后重试。"),
    "task_missing": (404, "没有找到这项任务，请检查后重试。"),
    "already_yours": (409, "这项任务已经在您手里，请到“我的任务”里查看。"),
    "not_open": (409, "这项任务现在不开放，请看看别的任务。"),
    "over": (409, "这项任务的时间已经过了，请看看别的任务。"),
    "taken": (409, "别人已经先领了，谢谢您！请看看别的任务。"),
    "no_post": (403, "您在群众工作队里还没有岗位，请联系社区书记安排一个再来领任务。"),
    "role_needed": (403, "这项任务要由任务上写明的岗位来做，您在这里没有这个岗位。想做的话，请联系社区书记安排。"),
    "may_not_enter": (403, "您登记的可进入楼栋里没有这里，请领别的楼栋的任务，或联系综合协调员。"),
    "too_high": (422, "最高要上到 {floor} 楼，超过了您登记的楼层，请领楼层低一些的任务。"),
    "too_heavy": (422, "最重的一件有 {kg} 公斤，超过了您登记的重量，请领轻一些的任务。"),
    "resting": (409, "您目前停止服务，请先休息。可以恢复时，请综合协调员或社区为您恢复。"),
    "not_fit": (409, "您今天登记了身体不适，请好好休息，今天不用领任务。"),
    "health_unknown": (409, "请先登记今天的健康状况（只要一个字），再领任务。"),
    "overlap": (409, "这段时间您已经有别的任务，空不出来，请领别的时间的任务。"),
    "outside_hours": (409, "您登记的空闲时间里排不下这项任务，请领别的任务，或修改空闲时间。"),
    "withdrawn": (409, "那天您已经撤回原单位了，请领之前的任务。"),
    "on_leave": (409, "那天您在调休，请好好休息。"),
    "enough_today": (409, "您当天已有 {given} 分钟的任务，加上这项超过一天 {most} 分钟，请休息，或换一天的任务。"),
    "too_soon": (409, "这项任务和您另一项任务挨得太近，长班前后要休息 {hours} 小时，请换一个时间。"),
    "day_of_rest": (409, "您会连续服务超过 {days} 天，请先休息一天，再领之后的任务。"),
}

# The same, said to whoever gives a task to somebody else. What keeps a person at home is theirs to tell.
OF_ANOTHER: dict[str, str] = {
    "already_yours": "手里已经有这项任务",
    "no_post": "在群众工作队里还没有岗位",
    "role_needed": "没有这项任务要求的岗位",
    "may_not_enter": "不能进这栋楼",
    "too_high": "上不到 {floor} 楼",
    "too_heavy": "提不动其中最重的一件（{kg} 公斤）",
    "resting": "现在不参加服务",
    "not_fit": "现在不参加服务",
    "health_unknown": "今天还没有登记健康状况",
    "overlap": "这段时间已经有别的任务",
    "outside_hours": "在登记的空闲时间里排不下这项任务",
    "withdrawn": "那天已经撤回原单位",
    "on_leave": "那天在调休",
    "enough_today": "当天已有 {given} 分钟的任务，加上这项超过一天 {most} 分钟",
    "too_soon": "长班前后要休息 {hours} 小时，这项和另一项任务挨得太近",
    "day_of_rest": "会连续服务超过 {days} 天，要先休息一天",
}
REFUSALS_OF_ANOTHER = {
    **REFUSALS,
    "task_missing": REFUSALS["volunteer_missing"],  # of another community: to those here they do not exist
    "taken": (409, "这项任务的名额已经满了，请刷新后再看。"),
    **{code: (REFUSALS[code][0], f"这位志愿者{words}，请换一个人。") for code, words in OF_ANOTHER.items()},
}


def reason(code: str, more: dict[str, Any]) -> str:
    """Why a task is not offered, in words."""
    return REFUSALS[code][1].format(**more)


def claim(actor_id: uuid.UUID, key: Key, task_id: uuid.UUID) -> str:
    """Takes the task for the actor, once a key. The answer is JSON, as the database wrote it.

    Who they are, what they may and can, how they are today, what they have given, and last, as the row that everyone
    wants, the slot: decided in the statement that writes, refused as a whole or taken as a whole.
    """
    wish = _wish(actor_id, task_id, None, HoldStatus.CLAIMED, "claim")
    return ask(alone, CLAIM_ONCE, (*key, wish), REFUSALS)


def take(
    actor: Actor,
    task_id: uuid.UUID,
    volunteer_id: uuid.UUID,
    status: HoldStatus,
    action: str,
    swap: bool = False,
    refusals: Refusals = REFUSALS_OF_ANOTHER,
) -> TaskClaim:
    """The same as a part of the caller's transaction: for a volunteer to whom it is assigned, or handed over."""
    wish = _wish(actor.id, task_id, volunteer_id, status, action, swap)
    taken = orjson.loads(ask(rows, TAKE, (wish,), refusals))
    return db.session.get_one(TaskClaim, uuid.UUID(taken["id"]), populate_existing=True)


def refuse_unfit(task_id: uuid.UUID, volunteer_id: uuid.UUID) -> None:
    """Whether that volunteer may take over the slot of another, before they are asked. Why not is no business of a
    fellow volunteer: it may be their health, their strength, or what else they do."""
    found = rows(FITS, (LIMITS_WRITTEN.decode(), volunteer_id, task_id))
    if not found or found[0][0] == "task_missing":
        raise NotFound("志愿者")
    if found[0][0]:
        raise Conflict("cannot_take_over", "这位志愿者现在接不了这项任务，请换一个人，或联系综合协调员。")


def _wish(
    actor_id: uuid.UUID | None,
    task_id: uuid.UUID,
    volunteer_id: uuid.UUID | None,
    status: HoldStatus,
    action: str,
    swap: bool = False,
) -> str:
    wish = {
        "claim": new_id(), "audit": new_id(), "task": task_id, "volunteer": volunteer_id, "actor": actor_id,
        "status": status, "action": action, "swap": swap, "request": request_id(),
        "limits": orjson.Fragment(LIMITS_WRITTEN),
    }  # fmt: skip
    return orjson.dumps(wish).decode()
