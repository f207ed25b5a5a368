"""The flow of an application and of an objection, as tables of Steps (DOMAIN section 3)."""

from datetime import datetime, timedelta

from backend.certification.models import UNDECIDED, Application, Objection, ObjectionStatus, Status
from backend.certification.packs import Pack, pack_by
from backend.core import jobs
from backend.core.errors import DomainError
from backend.core.permissions import Permission as P
from backend.core.workflow import Move, Step, Workflow

APPLICANT, SUBDISTRICT, DISTRICT = "applicant", "subdistrict", "district"
S = Status


def pack_of(application: Application) -> Pack:
    """An application is decided by the pack in force when it was submitted."""
    return pack_by(application.pack_id, application.pack_version)


# --- Effects: what a step writes on its own row --------------------------------------------------------------


def _start_review(application: Application, move: Move) -> None:
    application.review_due_at = move.now + timedelta(hours=pack_of(application).review_hours)
    application.review_remaining = None


def _approve(application: Application, move: Move) -> None:
    application.subdistrict_reviewer_id = move.actor.id
    _start_review(application, move)


def _return(application: Application, move: Move) -> None:
    """Only the named items reopen; the reviewer's clock pauses; mending has a term of its own."""
    application.reopened = list(move.data["items"])
    application.return_due_at = move.now + timedelta(days=pack_of(application).return_days)
    application.review_remaining = (application.review_due_at or move.now) - move.now
    application.review_due_at = None
    jobs.defer("certification.lapse", at=application.return_due_at, application_id=application.id)


def _return_from_notice(application: Application, move: Move) -> None:
    application.notice_ends_at = application.notice_remaining = None
    _return(application, move)


def _resubmit(application: Application, move: Move) -> None:
    """The reviewer's clock goes on where it stopped, with at least an hour to look."""
    left = max(application.review_remaining or timedelta(0), timedelta(hours=1))
    application.review_due_at, application.review_remaining = move.now + left, None
    application.reopened, application.return_due_at = [], None


def _publish(application: Application, move: Move) -> None:
    application.district_reviewer_id = move.actor.id
    application.review_due_at = None
    application.notice_contact = move.data["contact"]
    application.notice_starts_at = move.now
    application.notice_ends_at = move.now + move.data["period"]
    _watch_notice(application)


def _watch_notice(application: Application) -> None:
    jobs.defer("certification.end_notice", at=application.notice_ends_at, application_id=application.id)


def _freeze(application: Application, move: Move) -> None:
    assert application.notice_ends_at
    application.notice_remaining = max(application.notice_ends_at - move.now, timedelta(0))
    application.notice_ends_at = None


def _resume(application: Application, move: Move) -> None:
    """The remaining time resumes; it is never shortened."""
    assert application.notice_remaining is not None
    application.notice_ends_at = move.now + application.notice_remaining
    application.notice_remaining = None
    _watch_notice(application)


def _certify(application: Application, move: Move) -> None:
    application.batch = move.data["batch"]
    application.certified_at = move.now


def _suspend(application: Application, move: Move) -> None:
    application.suspended_at = move.now


def _restore(application: Application, move: Move) -> None:
    """The suspended days count as continuous: `certified_at` stays."""
    application.suspended_at = None


def _end(application: Application, move: Move) -> None:
    application.ended_at = move.now
    application.review_due_at = application.review_remaining = application.return_due_at = None


# --- Guards ---------------------------------------------------------------------------------------------------


def _notice_over(application: Application, now: datetime) -> None:
    if application.notice_ends_at is None or now < application.notice_ends_at:
        raise DomainError("notice_running", "公示期还没有结束，期满后才能认定。", notice_ends_at=application.notice_ends_at)


OPEN = frozenset({*UNDECIDED, S.PUBLIC_NOTICE, S.NOTICE_FROZEN})
AT_SUBDISTRICT = frozenset({S.SUBMITTED, S.SUBDISTRICT_REVIEW})
AT_DISTRICT = frozenset({S.DISTRICT_REVIEW})


def _step(action: str, sources: frozenset | set, target: Status, label: str, needs: P | None = None, lane=None, **more):
    return Step(action, frozenset(sources), target, needs, label, lane, **more)


APPLICATION = Workflow(
    name="certification",
    visible=P.APPLICATION_READ,
    place_of=lambda application: application.unit_code,
    steps=(
        _step("submit", {S.DRAFT}, S.SUBMITTED, "一键申报", P.APPLICATION_FILE, APPLICANT, effect=_start_review),
        _step("take_up", {S.SUBMITTED}, S.SUBDISTRICT_REVIEW, "开始审核", P.REVIEW_SUBDISTRICT, SUBDISTRICT),
        _step("approve", AT_SUBDISTRICT, S.DISTRICT_REVIEW, "审核通过", P.REVIEW_SUBDISTRICT, SUBDISTRICT, effect=_approve),
        _step(
            "return", AT_SUBDISTRICT, S.RETURNED, "退回补正", P.REVIEW_SUBDISTRICT, SUBDISTRICT,
            needs_reason=True, effect=_return,
        ),
        _step(
            "return", AT_DISTRICT, S.RETURNED, "退回补正", P.REVIEW_DISTRICT, DISTRICT,
            needs_reason=True, effect=_return,
        ),
        _step("return", {S.PUBLIC_NOTICE}, S.RETURNED, "复核不符，退回补正", effect=_return_from_notice),
        _step("resubmit", {S.RETURNED}, S.SUBMITTED, "补正后重新提交", P.APPLICATION_FILE, APPLICANT, effect=_resubmit),
        _step("lapse", {S.RETURNED}, S.LAPSED, "逾期失效", effect=_end),
        _step("withdraw", OPEN, S.WITHDRAWN, "撤回申报", P.APPLICATION_FILE, APPLICANT, effect=_end),
        _step(
            "reject", AT_SUBDISTRICT, S.REJECTED, "不予通过", P.REVIEW_SUBDISTRICT, SUBDISTRICT,
            needs_reason=True, effect=_end,
        ),
        _step(
            "reject", AT_DISTRICT, S.REJECTED, "不予通过", P.REVIEW_DISTRICT, DISTRICT,
            needs_reason=True, effect=_end,
        ),
        _step("publish", AT_DISTRICT, S.PUBLIC_NOTICE, "同意并公示", P.REVIEW_DISTRICT, DISTRICT, effect=_publish),
        _step("freeze", {S.PUBLIC_NOTICE}, S.NOTICE_FROZEN, "暂停公示", effect=_freeze),
        _step("resume", {S.NOTICE_FROZEN}, S.PUBLIC_NOTICE, "恢复公示", effect=_resume),
        _step(
            "certify", {S.PUBLIC_NOTICE}, S.CERTIFIED, "认定", P.CERTIFY, DISTRICT,
            guard=_notice_over, effect=_certify,
        ),
        _step("fail", OPEN, S.REJECTED, "出现新病例或异议成立，终止", effect=_end),
        _step("suspend", {S.CERTIFIED}, S.SUSPENDED, "暂停认定", effect=_suspend),
        _step("restore", {S.SUSPENDED}, S.CERTIFIED, "恢复认定", effect=_restore),
        _step("strike_off", {S.CERTIFIED, S.SUSPENDED}, S.REVOKED, "出现确诊，除名", effect=_end),
        _step(
            "revoke", {S.CERTIFIED, S.SUSPENDED}, S.REVOKED, "查实弄虚作假，除名", P.CERTIFY, DISTRICT,
            needs_reason=True, effect=_end,
        ),
    ),
)

O = ObjectionStatus


def _answer(objection: Objection, move: Move) -> None:
    """The answer to the objector is the reason itself."""
    objection.answer, objection.answered_at = move.reason, move.now


OBJECTION = Workflow(
    name="objection",
    visible=P.OBJECTION_READ,
    place_of=lambda objection: objection.application.unit_code,
    steps=(
        _step("admit", {O.RECEIVED}, O.ADMITTED, "受理", P.OBJECTION_ANSWER),
        _step("dismiss", {O.RECEIVED}, O.DISMISSED, "不予受理", P.OBJECTION_ANSWER, needs_reason=True, effect=_answer),
        _step("uphold", {O.ADMITTED}, O.UPHELD, "异议成立", P.OBJECTION_ANSWER, needs_reason=True, effect=_answer),
        _step("overrule", {O.ADMITTED}, O.OVERRULED, "异议不成立", P.OBJECTION_ANSWER, needs_reason=True, effect=_answer),
    ),
)
