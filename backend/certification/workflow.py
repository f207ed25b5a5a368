"""The flow of an application and of an objection, as tables of Steps (DOMAIN section 3)."""

from datetime import datetime, timedelta

from backend.certification.models import UNDECIDED, Application, Objection, ObjectionStatus, Status
from backend.certification.packs import Pack, pack_by, pack_for
from backend.core import clock, jobs
from backend.core.errors import DomainError
from backend.core.permissions import Permission as P
from backend.core.workflow import Move, Step, Workflow

APPLICANT, SUBDISTRICT, DISTRICT = "applicant", "subdistrict", "district"
S = Status


def pack_of(application: Application) -> Pack:
    """An application is decided by the pack in force when it was submitted, unless a later one is retroactive."""
    filed_under = pack_by(application.pack_id, application.pack_version)
    present = pack_for(application.unit_code[:6], clock.today())
    return present if present.retroactive and present.valid_from > filed_under.valid_from else filed_under


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


def bar(application: Application) -> None:
    """After fraud, or an objection upheld, the counter restarts: no new application before the window has passed."""
    application.barred_until = clock.today() + timedelta(days=pack_of(application).case_days)


def _end_barred(application: Application, move: Move) -> None:
    _end(application, move)
    bar(application)


def _end(application: Application, move: Move) -> None:
    application.ended_at = move.now
    application.suspended_at = None
    application.review_due_at = application.review_remaining = application.return_due_at = None


# --- Guards ---------------------------------------------------------------------------------------------------


def _notice_over(application: Application, now: datetime) -> None:
    if application.notice_ends_at is None or now < application.notice_ends_at:
        raise DomainError(
            "notice_running", "公示期还没有结束，期满后才能认定。", notice_ends_at=application.notice_ends_at
        )


OPEN = frozenset({*UNDECIDED, S.PUBLIC_NOTICE, S.NOTICE_FROZEN})
AT_SUBDISTRICT = frozenset({S.SUBMITTED, S.SUBDISTRICT_REVIEW})
AT_DISTRICT = frozenset({S.DISTRICT_REVIEW})


APPLICATION = Workflow(
    name="certification",
    visible=P.APPLICATION_READ,
    place_of=lambda application: application.unit_code,
    steps=(
        Step("submit", {S.DRAFT}, S.SUBMITTED, "一键申报", P.APPLICATION_FILE, APPLICANT, effect=_start_review),
        Step("take_up", {S.SUBMITTED}, S.SUBDISTRICT_REVIEW, "开始审核", P.REVIEW_SUBDISTRICT, SUBDISTRICT),
        Step(
            "approve",
            AT_SUBDISTRICT,
            S.DISTRICT_REVIEW,
            "审核通过",
            P.REVIEW_SUBDISTRICT,
            SUBDISTRICT,
            effect=_approve,
        ),
        Step(
            "return",
            AT_SUBDISTRICT,
            S.RETURNED,
            "退回补正",
            P.REVIEW_SUBDISTRICT,
            SUBDISTRICT,
            needs_reason=True,
            effect=_return,
        ),
        Step(
            "return",
            AT_DISTRICT,
            S.RETURNED,
            "退回补正",
            P.REVIEW_DISTRICT,
            DISTRICT,
            needs_reason=True,
            effect=_return,
        ),
        Step(
            "return",
            {S.PUBLIC_NOTICE},
            S.RETURNED,
            "复核不符，退回补正",
            P.REVIEW_DISTRICT,
            DISTRICT,
            needs_reason=True,
            effect=_return_from_notice,
        ),
        Step(
            "resubmit",
            {S.RETURNED},
            S.SUBMITTED,
            "补正后重新提交",
            P.APPLICATION_FILE,
            APPLICANT,
            effect=_resubmit,
        ),
        Step("lapse", {S.RETURNED}, S.LAPSED, "逾期失效", effect=_end),
        Step("withdraw", OPEN, S.WITHDRAWN, "撤回申报", P.APPLICATION_FILE, APPLICANT, effect=_end),
        Step(
            "reject",
            AT_SUBDISTRICT,
            S.REJECTED,
            "不予通过",
            P.REVIEW_SUBDISTRICT,
            SUBDISTRICT,
            needs_reason=True,
            effect=_end,
        ),
        Step(
            "reject",
            AT_DISTRICT,
            S.REJECTED,
            "不予通过",
            P.REVIEW_DISTRICT,
            DISTRICT,
            needs_reason=True,
            effect=_end,
        ),
        Step(
            "publish",
            AT_DISTRICT,
            S.PUBLIC_NOTICE,
            "同意并公示",
            P.REVIEW_DISTRICT,
            DISTRICT,
            effect=_publish,
        ),
        Step("freeze", {S.PUBLIC_NOTICE}, S.NOTICE_FROZEN, "暂停公示", effect=_freeze),
        Step("resume", {S.NOTICE_FROZEN}, S.PUBLIC_NOTICE, "恢复公示", effect=_resume),
        Step(
            "certify",
            {S.PUBLIC_NOTICE},
            S.CERTIFIED,
            "认定",
            P.CERTIFY,
            DISTRICT,
            guard=_notice_over,
            effect=_certify,
        ),
        Step("fail", OPEN, S.REJECTED, "出现新病例或异议成立，终止", effect=_end),
        Step("suspend", {S.CERTIFIED}, S.SUSPENDED, "暂停认定", effect=_suspend),
        Step("restore", {S.SUSPENDED}, S.CERTIFIED, "恢复认定", effect=_restore),
        Step("strike_off", {S.CERTIFIED, S.SUSPENDED}, S.REVOKED, "出现确诊，除名", effect=_end),
        Step(
            "revoke",
            {S.CERTIFIED, S.SUSPENDED},
            S.REVOKED,
            "查实弄虚作假，除名",
            P.CERTIFY,
            DISTRICT,
            needs_reason=True,
            effect=_end_barred,
        ),
    ),
)

Said = ObjectionStatus


def _answer(objection: Objection, move: Move) -> None:
    """The answer to the objector is the reason itself."""
    objection.answer, objection.answered_at = move.reason, move.now


OBJECTION = Workflow(
    name="objection",
    visible=P.OBJECTION_READ,
    place_of=lambda objection: objection.application.unit_code,
    hands=lambda objection: objection.application_id,  # nobody answers an objection to what they filed
    steps=(
        Step("admit", {Said.RECEIVED}, Said.ADMITTED, "受理", P.OBJECTION_ANSWER, DISTRICT),
        Step(
            "dismiss",
            {Said.RECEIVED},
            Said.DISMISSED,
            "不予受理",
            P.OBJECTION_ANSWER,
            DISTRICT,
            needs_reason=True,
            effect=_answer,
        ),
        Step(
            "uphold",
            {Said.ADMITTED},
            Said.UPHELD,
            "异议成立",
            P.OBJECTION_ANSWER,
            DISTRICT,
            needs_reason=True,
            effect=_answer,
        ),
        Step(
            "overrule",
            {Said.ADMITTED},
            Said.OVERRULED,
            "异议不成立",
            P.OBJECTION_ANSWER,
            DISTRICT,
            needs_reason=True,
            effect=_answer,
        ),
    ),
)
