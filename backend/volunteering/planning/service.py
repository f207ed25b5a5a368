"""The verbs of an evening plan: asked for, computed in a job, changed by hand, applied or dropped."""

import uuid
from datetime import date
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload

from backend.core import audit, clock
from backend.core.auth import HOUSE, Actor
from backend.core.errors import DomainError, NotFound
from backend.core.jobs import defer, job
from backend.core.permissions import Permission as P
from backend.core.transaction import savepoint, unit_of_work
from backend.core.workflow import advance, lock
from backend.extensions import db
from backend.volunteering.planning import wording
from backend.volunteering.planning.evening import (
    TOO_LONG,
    Instance,
    Plan,
    Stairwell,
    barred,
    finish,
    loads,
    minutes,
    refusals,
    route,
    why_left,
)
from backend.volunteering.planning.models import EveningCarry, EveningPlan, PlanStatus
from backend.volunteering.planning.reading import Evening, carries_on, read
from backend.volunteering.planning.solver import solve
from backend.volunteering.planning.workflow import EVENING
from backend.volunteering.tasks.holding import assign
from backend.volunteering.tasks.models import Task
from backend.volunteering.teams.models import Team, Volunteer

SEVERAL = "这项任务要几个人一起做，请单独安排。"
UNAVAILABLE = "这位志愿者今晚排不了（不在本队、没有岗位、身体不适、要休息或没有空），请换一个人。"
CHANGED = "原来安排的志愿者现在{detail}，请另选一人。"


def team_in_care(actor: Actor, team_id: uuid.UUID, permission: P) -> Team:
    team = db.session.get(Team, team_id)
    if team is None or not actor.may(P.TASK_READ, team.place_code):
        raise NotFound("群众工作队")
    actor.require(permission, team.place_code)
    return team


# --- Asking and computing ---------------------------------------------------------------------------------------


def ask(actor: Actor, team_id: uuid.UUID, day: date) -> EveningPlan:
    """Asks for a plan of the carry tasks that are open that day. It is computed in a job, outside any transaction; one
    that is still a draft has to be applied or dropped first (409 `plan_exists`, by the table)."""
    team = team_in_care(actor, team_id, P.TASK_ASSIGN)
    if day < clock.today():
        raise DomainError("day_past", "这一天已经过去了，请选择今天或以后的日期。")
    if db.session.scalars(carries_on(team.place_code, day).limit(1)).one_or_none() is None:
        raise DomainError("nothing_to_carry", "这一天没有待领的送货任务，不用排计划。请先生成送货任务。")
    plan = EveningPlan(team_id=team.id, place_code=team.place_code, day=day, status=PlanStatus.COMPUTING.value)
    db.session.add(plan)
    audit.record("evening_plan", "ask", actor, plan, new=PlanStatus.COMPUTING.value, place_code=plan.place_code)
    db.session.flush()
    defer("volunteering.compute_evening", plan_id=plan.id)
    return plan


@job("volunteering.compute_evening", edge=False)
def compute(plan_id: str) -> None:
    """Reads, computes, writes; only the first and the last in a transaction. Once dropped it stays so."""
    with unit_of_work():
        evening = _evening(uuid.UUID(plan_id))
    if evening is None:
        return
    plan, greedy, bound = solve(evening.instance)
    with unit_of_work():
        row = db.session.get_one(EveningPlan, uuid.UUID(plan_id))
        lock(row)
        if row.status == PlanStatus.COMPUTING:
            row.first_come_minutes, row.bound_minutes = finish(evening.instance, greedy), bound
            row.first_come_left = _packs_left(evening, greedy)
            _write(row, evening, plan)
            advance(EVENING, row, "compute", HOUSE)


def _evening(plan_id: uuid.UUID) -> Evening | None:
    """None when somebody dropped the plan meanwhile, or took all there was to carry, which drops it."""
    row = db.session.get_one(EveningPlan, plan_id)
    if row.status != PlanStatus.COMPUTING:
        return None
    try:
        return read(db.session.get_one(Team, row.team_id), row.day)
    except DomainError as nothing:
        advance(EVENING, row, "drop", HOUSE, reason=nothing.detail)
        return None


def _packs_left(evening: Evening, plan: Plan) -> int:
    left = sum(one.packs for one in evening.instance.stairwells if one.id not in plan.given)
    return left + sum(evening.several.values())


def _write(row: EveningPlan, evening: Evening, plan: Plan, why: dict[uuid.UUID, str] | None = None) -> None:
    """The plan as rows, in place of those before. `why`: what is known already of those nobody has."""
    instance, reasons = evening.instance, {**dict.fromkeys(evening.several, SEVERAL), **(why or {})}
    row.starts_at, row.finish_minutes = evening.starts_at, finish(instance, plan)
    row.left_packs = _packs_left(evening, plan)
    legs = {leg.stairwell: (who, leg) for who in instance.carrier for leg in route(instance, plan, who)}
    packs = {one.id: one.packs for one in instance.stairwells} | evening.several
    db.session.execute(delete(EveningCarry).where(EveningCarry.plan_id == row.id))
    for task_id, count in packs.items():
        carry = EveningCarry(plan_id=row.id, task_id=task_id, packs=count)
        if task_id in legs:
            carry.volunteer_id, (_, carry.starts, carry.ends) = legs[task_id]
        else:
            carry.reason = reasons.get(task_id) or why_left(instance, instance.stairwell[task_id])
        db.session.add(carry)
    db.session.flush()


# --- Seeing -----------------------------------------------------------------------------------------------------


def plans_of(actor: Actor, team_id: uuid.UUID) -> Any:
    """A select of a team's plans."""
    return select(EveningPlan).where(EveningPlan.team_id == team_in_care(actor, team_id, P.TASK_READ).id)


def find(actor: Actor, plan_id: uuid.UUID) -> EveningPlan:
    """For those in whose care the community's tasks are, and, once applied, for whoever is in it."""
    plan = db.session.get(EveningPlan, plan_id)
    if plan is None or not (actor.may(P.TASK_READ, plan.place_code) or _is_in(plan, actor)):
        raise NotFound("计划")
    return plan


def _is_in(plan: EveningPlan, actor: Actor) -> bool:
    mine = select(EveningCarry.task_id).join(Volunteer, Volunteer.id == EveningCarry.volunteer_id)
    given = mine.where(EveningCarry.plan_id == plan.id, Volunteer.user_id == actor.id)
    return plan.status == PlanStatus.APPLIED and db.session.scalars(given.limit(1)).one_or_none() is not None


def in_care(actor: Actor, plan_id: uuid.UUID) -> EveningPlan:
    plan = db.session.get(EveningPlan, plan_id)
    if plan is None or not actor.may(P.TASK_READ, plan.place_code):
        raise NotFound("计划")
    actor.require(P.TASK_ASSIGN, plan.place_code)
    return plan


def carries(plan: EveningPlan) -> list[EveningCarry]:
    query = select(EveningCarry).where(EveningCarry.plan_id == plan.id)
    whole = query.options(joinedload(EveningCarry.task), joinedload(EveningCarry.volunteer).joinedload(Volunteer.user))
    return list(
        db.session.scalars(whole.order_by(EveningCarry.volunteer_id, EveningCarry.starts, EveningCarry.task_id))
    )


# --- Changing by hand -------------------------------------------------------------------------------------------


def move(
    actor: Actor, plan_id: uuid.UUID, revision: int, task_id: uuid.UUID, volunteer_id: uuid.UUID | None
) -> tuple[EveningPlan, str]:
    """Gives a stairwell to another volunteer, or to nobody; the second answer is what that brings. The evening is read
    anew: a stairwell that somebody has taken meanwhile is no longer in the plan, a volunteer who can no longer come has
    nothing in it. What that volunteer may not do is refused (422 `cannot_carry`)."""
    row = in_care(actor, plan_id)
    before, had = row.finish_minutes or 0, {carry.task_id: carry.volunteer_id for carry in carries(row)}
    evening = _only(read(db.session.get_one(Team, row.team_id), row.day), set(had))
    if task_id not in evening.instance.stairwell:
        raise NotFound("任务")
    plan, why = _still(evening.instance, {task: who for task, who in had.items() if who and task != task_id})
    if volunteer_id is not None:
        _give(evening.instance, plan, evening.instance.stairwell[task_id], volunteer_id)
    else:
        why[task_id] = "协调员没有安排。"
    details = {"task_id": str(task_id), "volunteer_id": str(volunteer_id) if volunteer_id else None}
    advance(EVENING, row, "move", actor, revision=revision, details=details)
    _write(row, evening, plan, why)
    here = max((leg.ends for leg in route(evening.instance, plan, volunteer_id)), default=0) if volunteer_id else None
    return row, wording.of_move(before, row.finish_minutes or 0, here)


def _only(evening: Evening, task_ids: set[uuid.UUID]) -> Evening:
    kept = [one for one in evening.instance.stairwells if one.id in task_ids]
    several = {task_id: packs for task_id, packs in evening.several.items() if task_id in task_ids}
    return Evening(evening.starts_at, Instance(evening.instance.carriers, kept), several)


def _still(instance: Instance, given: dict[uuid.UUID, uuid.UUID]) -> tuple[Plan, dict[uuid.UUID, str]]:
    """What of the plan can still be, and why the rest cannot."""
    known = {task: who for task, who in given.items() if task in instance.stairwell}
    plan = Plan({task: who for task, who in known.items() if who in instance.carrier})
    why = {task: CHANGED.format(detail="来不了了") for task in known if task not in plan.given}
    for _, task, bar in list(refusals(instance, plan)):
        del plan.given[task]
        why[task] = CHANGED.format(detail=bar.detail)
    return plan, why


def _give(instance: Instance, plan: Plan, stairwell: Stairwell, volunteer_id: uuid.UUID) -> None:
    carrier = instance.carrier.get(volunteer_id)
    if carrier is None:
        raise DomainError("cannot_carry", UNAVAILABLE)
    full = loads(instance, plan)[carrier.id] + minutes(carrier, stairwell) > carrier.minutes
    if bar := barred(carrier, stairwell) or (TOO_LONG if full else None):
        raise DomainError("cannot_carry", f"这位志愿者{bar.detail}，请换一个人。")
    plan.given[stairwell.id] = carrier.id


# --- Applying and dropping --------------------------------------------------------------------------------------


def apply(actor: Actor, plan_id: uuid.UUID, revision: int) -> EveningPlan:
    """Assigns the tasks, each as by hand: everyone accepts or declines. Whoever can no longer is told of, not forced,
    and stops nobody else's."""
    plan = in_care(actor, plan_id)
    advance(EVENING, plan, "apply", actor, revision=revision)
    given = [carry for carry in carries(plan) if carry.volunteer_id]
    # As a claim does, volunteers before tasks, each in the order of their ids: nobody waits for anybody in a circle.
    for model, ids in ((Volunteer, {c.volunteer_id for c in given}), (Task, {c.task_id for c in given})):
        held = select(model.id).where(model.id.in_(ids)).order_by(model.id)
        db.session.execute(held.with_for_update(key_share=True))
    for carry in given:
        carry.refused = _assigned(actor, carry)
    db.session.flush()
    return plan


def _assigned(actor: Actor, carry: EveningCarry) -> str | None:
    assert carry.volunteer_id
    try:
        with savepoint():
            assign(actor, carry.task_id, carry.volunteer_id)
    except DomainError as refusal:
        return refusal.detail
    return None


def drop(actor: Actor, plan_id: uuid.UUID, revision: int) -> EveningPlan:
    plan = in_care(actor, plan_id)
    advance(EVENING, plan, "drop", actor, revision=revision)
    return plan
