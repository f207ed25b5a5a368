"""The verbs of an application: file it in one click, mend it, decide on it, certify it."""

import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select, text, true, tuple_

from backend.certification import facts
from backend.certification.facts import facts_changed as facts_changed  # the door for other features
from backend.certification.models import (
    LIVE,
    AccountabilityCase,
    Application,
    Batch,
    Filing,
    Objection,
    ObjectionStatus,
    Status,
)
from backend.certification.packs import pack_for
from backend.certification.rules import Verdict, evaluate
from backend.certification.workflow import APPLICATION, pack_of
from backend.core import audit, clock
from backend.core.audit import AuditEvent
from backend.core.auth import Actor
from backend.core.errors import Conflict, DomainError, Forbidden, NotFound
from backend.core.evidence import Record
from backend.core.models import new_id, within
from backend.core.permissions import Permission
from backend.core.settings import settings
from backend.core.transaction import savepoint
from backend.core.workflow import Move, Step, advance
from backend.extensions import db
from backend.places.models import Place
from backend.places.service import place_named

BATCH_AT_MOST = 100
FORWARD = frozenset({"resubmit", "take_up", "approve", "publish", "certify"})  # what an application waits for


class NotReady(Exception):
    """A resubmission that does not meet the standards; becomes a result, so that the attempt is remembered."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__("not_ready")
        self.verdict = verdict


def apply(actor: Actor, unit_code: str) -> Application | Verdict:
    """One click: compiles the evidence of the window, judges it by the district's pack, freezes and submits it.

    Returns the application, or, where the standards are not met, the verdict that says what is red: then nothing
    is stored but the audited attempt. 409 when the unit already has a live application; 403 when the pack gives
    this act to other roles; 422 when the pack does not apply to this kind of place.
    """
    unit = place_named(unit_code)
    actor.require(Permission.APPLICATION_FILE, unit.code, visible=Permission.APPLICATION_READ)
    now = facts.lock_unit(unit.code)
    pack = pack_for(facts.district_of(unit.code), clock.day_of(now))
    _may_file(actor, pack, unit)
    _refuse_second(unit.code)
    _refuse_unanswered(unit.code)
    records = facts.records_of(unit.code, pack, clock.day_of(now))
    verdict = evaluate(pack, records, clock.day_of(now))
    if verdict.barred_until:
        detail = f"上次申报查实不属实，{clock.in_words(verdict.barred_until)}起才能重新申报。"
        raise DomainError("barred", detail, earliest_on=verdict.barred_until)
    if not verdict.met:
        _remember_attempt(actor, unit.code, verdict)
        return verdict
    application = Application(unit_code=unit.code, pack_id=pack.id, pack_version=pack.version, applicant_id=actor.id)
    db.session.add(application)
    db.session.flush()
    _file(application, actor, 1, verdict.as_dict(), records)
    advance(APPLICATION, application, "submit", actor)
    return application


def resubmit(actor: Actor, application_id: uuid.UUID, revision: int, answers: dict[str, str]) -> Application | Verdict:
    """After a return: judged again at today's date. Only the items that were reopened, and the zero occurrence of
    cases, are judged anew; what was accepted stays as it was filed. `answers` may speak to reopened items only."""
    application = find(actor, application_id)
    judged: list[Any] = []

    def judge(application: Application, move: Move) -> None:
        _only_reopened(application, answers)
        judged.extend(_judge_anew(application, clock.day_of(move.now)))

    try:
        advance(APPLICATION, application, "resubmit", actor, revision=revision, check=judge)
    except NotReady as refusal:
        _remember_attempt(actor, application.unit_code, refusal.verdict)
        return refusal.verdict
    number, verdict, records = judged
    note = "\n".join(f"{item}: {words}" for item, words in answers.items()) or None
    _file(application, actor, number, verdict, records, note)
    return application


def _judge_anew(application: Application, as_of: date) -> tuple[int, dict[str, Any], list[Record]]:
    """The number, verdict and records of the next filing; NotReady when it would not be met."""
    before, pack = facts.last_filing(application), pack_of(application)
    records = facts.records_of(application.unit_code, pack, as_of)
    verdict = evaluate(pack, records, as_of)
    merged = _merged(before.verdict, verdict.as_dict(), {*application.reopened, "zero_occurrence"})
    if not merged["met"]:
        raise NotReady(verdict)
    return before.number + 1, merged, records


def review(actor: Actor, application_id: uuid.UUID, action: str, revision: int, reason: str | None) -> Application:
    """`take_up`, `approve`, `reject` by a reviewer, `withdraw` by the applicant's side."""
    application = find(actor, application_id)
    advance(APPLICATION, application, action, actor, revision=revision, reason=reason)
    return application


def return_for_correction(
    actor: Actor, application_id: uuid.UUID, revision: int, reason: str | None, items: Sequence[str]
) -> Application:
    """Sends it back; only the named items of the pack reopen."""
    application = find(actor, application_id)
    unknown = set(items) - {criterion.item for criterion in pack_of(application).criteria}
    if unknown:
        _refuse_items(unknown, "规则里没有这一项。")
    advance(APPLICATION, application, "return", actor, revision=revision, reason=reason, items=items)
    return application


def publish(actor: Actor, application_id: uuid.UUID, revision: int, contact: str) -> Application:
    """The district agrees and puts the application on public notice; `contact` is an office's phone."""
    application = find(actor, application_id)
    advance(
        APPLICATION,
        application,
        "publish",
        actor,
        revision=revision,
        contact=contact,
        period=_period(application),
    )
    facts.settle(application)
    return application


def _period(application: Application) -> timedelta:
    seconds = settings.get("NOTICE_SECONDS")
    return timedelta(hours=pack_of(application).notice_hours) if seconds is None else timedelta(seconds=seconds)


def certify(actor: Actor, application_id: uuid.UUID, revision: int | None = None) -> Application:
    """After the notice: every objection answered, the facts checked again today. Joins the district's batch of
    the day."""
    application = find(actor, application_id)
    _lock_district(facts.district_of(application.unit_code))
    advance(APPLICATION, application, "certify", actor, revision=revision, check=_still_sound)
    return application


def _still_sound(application: Application, move: Any) -> None:
    open_objection = select(Objection.id).where(
        Objection.application_id == application.id,
        Objection.status.in_([ObjectionStatus.RECEIVED.value, ObjectionStatus.ADMITTED.value]),
    )
    if db.session.scalar(open_objection.limit(1)):
        raise DomainError("objection_open", "还有异议没有答复，请先处理异议。")
    verdict = facts.recheck(application, clock.day_of(move.now))
    if not verdict.met:
        raise DomainError("recheck_failed", "复核时有不符合的项目，请通知网格员处理。", criteria=verdict.red)
    move.data["batch"] = _batch_of_the_day(facts.district_of(application.unit_code), clock.day_of(move.now))


def certify_ready(actor: Actor, district_code: str) -> tuple[list[Application], list[dict[str, Any]]]:
    """Signs the day's batch: certifies every application of the district whose notice is over. Those that may not
    be are named with the reason and stay as they are. A hundred at a time: what is left is signed by the next tap."""
    actor.require(Permission.CERTIFY, district_code, visible=Permission.APPLICATION_READ)
    _lock_district(district_code)
    over = select(Application.id).where(
        within(Application.unit_code, [district_code]),
        Application.status == Status.PUBLIC_NOTICE.value,
        Application.notice_ends_at <= func.now(),
    )
    certified, refused = [], []
    for application_id in db.session.scalars(over.order_by(Application.id).limit(BATCH_AT_MOST)).all():
        try:
            with savepoint():
                certified.append(certify(actor, application_id))
        except DomainError as error:
            refused.append({"application_id": application_id, "code": error.code, "detail": error.detail})
    return certified, refused


def revoke(actor: Actor, application_id: uuid.UUID, revision: int, reason: str | None) -> Application:
    """Fraud: the certificate goes at once and an accountability record opens."""
    application = find(actor, application_id)
    advance(APPLICATION, application, "revoke", actor, revision=revision, reason=reason)
    open_accountability(application, actor, reason or "")
    return application


def open_accountability(application: Application, actor: Actor, reason: str) -> None:
    """One record an application, however many objections prove it false; the caller holds the application's lock."""
    if db.session.scalar(select(AccountabilityCase.id).where(AccountabilityCase.application_id == application.id)):
        return
    case = AccountabilityCase(application_id=application.id, opened_by=actor.id, reason=reason)
    db.session.add(case)
    audit.record("accountability_case", "open", actor, case, place_code=application.unit_code)


def find(actor: Actor, application_id: uuid.UUID) -> Application:
    """The application, within the actor's sight; else 404."""
    query = select(Application).where(Application.id == application_id, _in_sight(actor))
    found = db.session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("申报")
    return found


def visible(actor: Actor, unit: str | None = None, status: str | None = None) -> Any:
    """A select of the applications in the actor's sight, for a page of them."""
    query = select(Application).where(_in_sight(actor))
    if unit:
        query = query.where(within(Application.unit_code, [unit]))
    return query.where(Application.status == status) if status else query


def waiting(
    actor: Actor, chosen: Any, limit: int, after: uuid.UUID | None
) -> tuple[Sequence[Application], uuid.UUID | None]:
    """A page of those that the actor can move on now, by the same table that offers them the step; first due first."""
    due = func.coalesce(
        Application.review_due_at, Application.return_due_at, Application.notice_ends_at, Application.created_at
    )
    query = chosen.where(or_(*[_can_take(step, actor) for step in APPLICATION.steps if step.action in FORWARD]))
    if after is not None:
        last = db.session.scalar(select(due).where(Application.id == after))
        query = query.where(tuple_(due, Application.id) > tuple_(last, after))
    found = list(db.session.scalars(query.order_by(due, Application.id).limit(limit + 1)))
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def _can_take(step: Step, actor: Actor) -> Any:
    assert step.permission
    another_lane = select(AuditEvent.id).where(
        AuditEvent.subject_id == Application.id, AuditEvent.actor_id == actor.id, AuditEvent.lane != step.lane
    )
    return and_(
        Application.status.in_([str(status) for status in step.sources]),
        within(Application.unit_code, actor.scope(step.permission)),
        ~another_lane.exists(),
        # What a notice keeps waiting is certified once it is over.
        Application.notice_ends_at <= func.now() if step.guard else true(),
    )


def _in_sight(actor: Actor) -> Any:
    return within(Application.unit_code, actor.scope(Permission.APPLICATION_READ))


def _may_file(actor: Actor, pack: Any, unit: Any) -> None:
    if unit.kind not in pack.applies_to:
        raise DomainError("wrong_kind_of_place", "本区规则不受理这一级的申报，请以小区为单位申报。")
    if not {str(role) for role in actor.roles_at(unit.code)} & set(pack.applicants):
        raise Forbidden("not_an_applicant", "本区规则没有让您的岗位申报，请联系上级或社区书记。")


def _refuse_second(unit_code: str) -> None:
    live = select(Application.id).where(
        Application.unit_code == unit_code, Application.status.in_([s.value for s in LIVE])
    )
    if found := db.session.scalar(live):
        raise Conflict("application_exists", "这个小区已有一份有效的申报，请直接查看进展。", application_id=found)


def _refuse_unanswered(unit_code: str) -> None:
    """Withdrawing does not shake off an objection that was admitted."""
    admitted = (
        select(Objection.id)
        .join(Objection.application)
        .where(Application.unit_code == unit_code, Objection.status == ObjectionStatus.ADMITTED.value)
    )
    if db.session.scalar(admitted.limit(1)):
        raise Conflict("objection_open", "上一份申报还有已受理的异议没有答复，请等区指挥部答复后再申报。")


def _remember_attempt(actor: Actor, unit_code: str, verdict: Verdict) -> None:
    details = {
        "red": [result.id for result in verdict.criteria if not result.met],
        "earliest_on": verdict.earliest_on.isoformat(),
        "pack": f"{verdict.pack_id} {verdict.pack_version}",
    }
    audit.record("certification", "attempt_refused", actor, place_code=unit_code, details=details)


def _file(
    application: Application,
    actor: Actor,
    number: int,
    verdict: dict[str, Any],
    records: Sequence[Any],
    note: str | None = None,
) -> None:
    frozen = [{"kind": r.kind, "id": str(r.id), "day": r.day.isoformat(), "values": r.values} for r in records]
    filing = Filing(
        application_id=application.id,
        number=number,
        filed_by=actor.id,
        as_of=date.fromisoformat(verdict["as_of"]),
        pack_version=application.pack_version,
        verdict=verdict,
        records=frozen,
        note=note,
    )
    db.session.add(filing)
    db.session.flush()


def _merged(before: dict[str, Any], today: dict[str, Any], anew: set[str]) -> dict[str, Any]:
    """Today's verdict, with the criteria that were not reopened as they had been filed."""
    filed = {criterion["id"]: criterion for criterion in before["criteria"]}
    criteria = [c if c["item"] in anew else filed.get(c["id"], c) for c in today["criteria"]]
    score = None if today["score"] is None else sum(c["points"] or 0 for c in criteria if c["met"])
    met = all(c["met"] for c in criteria if c["required"]) and (score or 0) >= (today["pass_score"] or 0)
    return {**today, "criteria": criteria, "score": score, "met": met}


def _only_reopened(application: Application, answers: dict[str, str]) -> None:
    if closed := set(answers) - set(application.reopened):
        _refuse_items(closed, "这一项没有退回，不能更改。")


def _refuse_items(items: set[str], detail: str) -> None:
    errors = [{"field": f"/items/{item}", "detail": detail} for item in sorted(items)]
    raise DomainError("item_not_reopened", detail, errors=errors)


def _lock_district(district_code: str) -> None:
    """The district's own row orders its signatures. It is taken before any application, never after: two who sign
    at once wait for each other instead of for ever, and at midnight two batches get two numbers."""
    db.session.execute(select(Place.code).where(Place.code == district_code).with_for_update(key_share=True))


def _batch_of_the_day(district_code: str, day: date) -> Batch:
    make = text("""
        INSERT INTO batch (id, district_code, number, day)
        SELECT :id, CAST(:district AS varchar), coalesce(max(number), 0) + 1, CAST(:day AS date)
        FROM batch WHERE district_code = CAST(:district AS varchar)
        ON CONFLICT (district_code, day) DO NOTHING""")
    db.session.execute(make, {"id": new_id(), "district": district_code, "day": day})
    made = select(Batch).where(Batch.district_code == district_code, Batch.day == day)
    return db.session.scalars(made).one()
