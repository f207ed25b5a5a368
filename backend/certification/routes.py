"""Certification over HTTP, for those in charge."""

from typing import Any
from uuid import UUID

from flask import Response, current_app

from backend.certification import objections, service, views
from backend.certification import schemas as s
from backend.certification.models import Application, Objection
from backend.certification.rules import Verdict
from backend.core import clock
from backend.core.contract import Blueprint
from backend.core.errors import problem
from backend.core.operation import current_actor, operation
from backend.core.pagination import page
from backend.core.permissions import Permission as P
from backend.core.ratelimit import caller, limit

blp = Blueprint("certification", __name__, url_prefix="/api/v1", description="一键申报与认定 one-click application")


REVIEWERS = (P.REVIEW_SUBDISTRICT, P.REVIEW_DISTRICT)


def _not_ready(verdict: Verdict) -> Response:
    """The standards are not met: why, the records that make it so, and when it could be met at the earliest."""
    earliest = verdict.earliest_on.isoformat()
    provided = "" if verdict.earliest_certain else "如果相关人员按时解除，"
    when = clock.in_words(verdict.earliest_on)
    detail = f"还不符合申报条件。{provided}最早可在{when}申报。请看每一项的原因和处理办法。"
    if verdict.earliest_on == verdict.as_of:
        detail = "还不符合申报条件，今天补录或更正后就可以申报。请看每一项的原因和处理办法。"
    return problem(
        422,
        "not_ready",
        detail,
        criteria=verdict.red,
        earliest_on=earliest,
        earliest_certain=verdict.earliest_certain,
    )


def _submitted(result: Application | Verdict) -> Any:
    return _not_ready(result) if isinstance(result, Verdict) else views.with_actions(current_actor(), [result])[0]


@blp.route("/places/<place_code:code>/readiness")
@operation(
    "getReadiness",
    "还差什么（试算）",
    "What is still red: a dry run",
    needs=P.APPLICATION_READ,
    errors=(404, 422),
)
@blp.response(200, s.VerdictSchema)
def readiness(code: str) -> Any:
    # Written out directly: the verdict is plain data already, and this is what a tired grid worker taps all day.
    return current_app.json.response(views.readiness(current_actor(), code))


@blp.route("/certifications", methods=["POST"])
@operation(
    "applyForCertification",
    "一键申报",
    "File a one-click application",
    needs=P.APPLICATION_FILE,
    errors=(404,),
)
@blp.arguments(s.ApplySchema)
@blp.response(201, s.ApplicationSchema)
def apply(body: dict) -> Any:
    return _submitted(service.apply(current_actor(), body["unit"]))


@blp.route("/certifications")
@operation("listCertifications", "申报列表", "List applications in your sight", needs=P.APPLICATION_READ)
@blp.arguments(s.ApplicationQuery, location="query")
@blp.response(200, s.ApplicationPageSchema)
def list_applications(query: dict) -> Any:
    actor = current_actor()
    chosen, at = service.visible(actor, query["unit"], query["status"]), (query["limit"], query["after"])
    found, following = service.waiting(actor, chosen, *at) if query["waiting"] else page(chosen, Application.id, *at)
    return {"items": views.with_actions(actor, found), "next": following}


@blp.route("/certifications/<uuid:application_id>")
@operation(
    "getCertification",
    "申报详情",
    "One application, its evidence and history",
    needs=P.APPLICATION_READ,
    errors=(404,),
)
@blp.response(200, s.ApplicationDetailSchema)
def get_application(application_id: UUID) -> Any:
    return views.in_detail(current_actor(), service.find(current_actor(), application_id))


def _decision(action: str, operation_id: str, zh: str, en: str, needs: P | tuple[P, ...]) -> None:
    """One route for each step that needs nothing but the revision seen and perhaps a reason."""

    @blp.route(f"/certifications/<uuid:application_id>/{action.replace('_', '-')}", methods=["POST"], endpoint=action)
    @operation(operation_id, zh, en, needs=needs, errors=(404,))
    @blp.arguments(s.ReasonSchema)
    @blp.response(200, s.ApplicationSchema)
    def decide(body: dict, application_id: UUID) -> Any:
        decided = service.review(current_actor(), application_id, action, body["revision"], body["reason"])
        return views.with_actions(current_actor(), [decided])[0]


_decision("take_up", "takeUpCertification", "开始审核", "Take up for review", P.REVIEW_SUBDISTRICT)
_decision("approve", "approveCertification", "街道审核通过", "Approve at the subdistrict", P.REVIEW_SUBDISTRICT)
_decision("reject", "rejectCertification", "不予通过", "Reject with a reason", REVIEWERS)
_decision("withdraw", "withdrawCertification", "撤回申报", "Withdraw", P.APPLICATION_FILE)


@blp.route("/certifications/<uuid:application_id>/return", methods=["POST"])
@operation(
    "returnCertification",
    "退回补正",
    "Return for correction, naming the items",
    needs=REVIEWERS,
    errors=(404,),
)
@blp.arguments(s.ReturnSchema)
@blp.response(200, s.ApplicationSchema)
def return_for_correction(body: dict, application_id: UUID) -> Any:
    returned = service.return_for_correction(
        current_actor(), application_id, body["revision"], body["reason"], body["items"]
    )
    return views.with_actions(current_actor(), [returned])[0]


@blp.route("/certifications/<uuid:application_id>/resubmit", methods=["POST"])
@operation(
    "resubmitCertification",
    "补正后重新提交",
    "Resubmit after correction",
    needs=P.APPLICATION_FILE,
    errors=(404,),
)
@blp.arguments(s.ResubmitSchema)
@blp.response(200, s.ApplicationSchema)
def resubmit(body: dict, application_id: UUID) -> Any:
    return _submitted(service.resubmit(current_actor(), application_id, body["revision"], body["answers"]))


@blp.route("/certifications/<uuid:application_id>/publish", methods=["POST"])
@operation(
    "publishCertification",
    "同意并公示",
    "Agree and put on public notice",
    needs=P.REVIEW_DISTRICT,
    errors=(404,),
)
@blp.arguments(s.PublishSchema)
@blp.response(200, s.ApplicationSchema)
def publish(body: dict, application_id: UUID) -> Any:
    published = service.publish(current_actor(), application_id, body["revision"], body["contact"])
    return views.with_actions(current_actor(), [published])[0]


@blp.route("/certifications/<uuid:application_id>/certify", methods=["POST"])
@operation("certifyCertification", "公示期满认定", "Certify after the notice", needs=P.CERTIFY, errors=(404,))
@blp.arguments(s.CertifySchema)
@blp.response(200, s.ApplicationSchema)
def certify(body: dict, application_id: UUID) -> Any:
    certified = service.certify(current_actor(), application_id, body["revision"])
    return views.with_actions(current_actor(), [certified])[0]


@blp.route("/certifications/<uuid:application_id>/revoke", methods=["POST"])
@operation("revokeCertification", "查实造假除名", "Revoke for fraud", needs=P.CERTIFY, errors=(404,))
@blp.arguments(s.ReasonSchema)
@blp.response(200, s.ApplicationSchema)
def revoke(body: dict, application_id: UUID) -> Any:
    revoked = service.revoke(current_actor(), application_id, body["revision"], body["reason"])
    return views.with_actions(current_actor(), [revoked])[0]


@blp.route("/certification-batches", methods=["POST"])
@operation(
    "signBatch",
    "签发本日批次",
    "Certify every application whose notice is over",
    needs=P.CERTIFY,
    errors=(404,),
)
@blp.arguments(s.DistrictSchema)
@blp.response(200, s.BatchResultSchema)
def sign_batch(body: dict) -> Any:
    certified, refused = service.certify_ready(current_actor(), body["district"])
    return {"certified": views.with_actions(current_actor(), certified), "refused": refused}


@blp.route("/objections")
@operation("listObjections", "异议列表", "List objections in your sight", needs=P.OBJECTION_READ)
@blp.arguments(s.ObjectionQuery, location="query")
@blp.response(200, s.ObjectionPageSchema)
def list_objections(query: dict) -> Any:
    found, following = page(
        objections.visible(current_actor(), query["application_id"], query["status"]),
        Objection.id,
        query["limit"],
        query["after"],
    )
    return {"items": views.objections_with_actions(current_actor(), found), "next": following}


@blp.route("/objections", methods=["POST"])
@limit("RECORD_LIMIT", key=caller)
@operation(
    "takeDownObjection",
    "代记异议",
    "Take down an objection for someone",
    needs=P.OBJECTION_RECORD,
    errors=(404, 429),
)
@blp.arguments(s.TakeDownObjectionSchema)
@blp.response(201, s.ObjectionReceiptSchema)
def take_down_objection(body: dict) -> Any:
    return objections.object_to(current_actor(), body["application_id"], body["text"], body["contact"], body["channel"])


@blp.route("/objections/<uuid:objection_id>/reveal", methods=["POST"])
@limit("REVEAL_LIMIT", key=caller)
@operation(
    "revealObjector",
    "查看异议人联系方式（留痕）",
    "See how to reach the objector; audited",
    needs=P.OBJECTION_REVEAL,
    errors=(404, 429),
    keyed=False,
)
@blp.arguments(s.RevealObjectorSchema)
@blp.response(200, s.ObjectorSchema)
def reveal_objector(body: dict, objection_id: UUID) -> Any:
    return objections.reveal(current_actor(), objection_id, body["purpose"])


@blp.route("/objections/<uuid:objection_id>/answer", methods=["POST"])
@operation("answerObjection", "答复异议", "Answer an objection", needs=P.OBJECTION_ANSWER, errors=(404,))
@blp.arguments(s.AnswerObjectionSchema)
@blp.response(200, s.ObjectionSchema)
def answer_objection(body: dict, objection_id: UUID) -> Any:
    answered = objections.answer(current_actor(), objection_id, **body)
    return views.objections_with_actions(current_actor(), [answered])[0]
