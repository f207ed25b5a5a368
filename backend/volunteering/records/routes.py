"""What was done, certificates and incidents over HTTP."""

from typing import Any
from uuid import UUID

from flask import Response

from backend.core.contract import Blueprint
from backend.core.operation import SIGNED_IN, current_actor, operation, public
from backend.core.pagination import PageQuery, page
from backend.core.permissions import Permission as P
from backend.core.ratelimit import caller, limit
from backend.core.schemas import ReasonSchema
from backend.people.schemas import RevealSchema
from backend.places.service import place_named
from backend.volunteering.records import certificates, incidents, views
from backend.volunteering.records import schemas as s
from backend.volunteering.records.certificate_pdf import pdf
from backend.volunteering.records.models import Certificate, Incident

blp = Blueprint("records", __name__, url_prefix="/api/v1", description="服务记录、证明与事件 records and certificates")
PDF = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}
PAPER = "whoever holds the paper may check it: the number cannot be guessed"


@blp.route("/teams/<uuid:team_id>/records")
@operation("getTeamRecords", "工作队服务记录", "What a team did in a period", needs=P.TEAM_READ, errors=(404,))
@blp.arguments(s.PeriodSchema, location="query")
@blp.response(200, s.TeamDoneSchema)
def of_team(query: dict, team_id: UUID) -> Any:
    return views.team_done(team_id, *certificates.of_team(current_actor(), team_id, **query))


@blp.route("/me/service-record")
@operation("getMyServiceRecord", "我的服务记录", "What I did in a period", needs=SIGNED_IN)
@blp.arguments(s.PeriodSchema, location="query")
@blp.response(200, s.DoneSchema)
def mine(query: dict) -> Any:
    return views.done(certificates.of_oneself(current_actor(), **query))


# --- Certificates -----------------------------------------------------------------------------------------------


def _certificate(certificate: Certificate) -> Any:
    return views.certificates([certificate])[0]


@blp.route("/volunteers/<uuid:volunteer_id>/certificates", methods=["POST"])
@operation("issueCertificate", "开具服务证明", "Certify what a volunteer did", needs=P.TEAM_EDIT, errors=(404,))
@blp.arguments(s.PeriodSchema)
@blp.response(201, s.CertificateSchema)
def issue(body: dict, volunteer_id: UUID) -> Any:
    return _certificate(certificates.issue(current_actor(), volunteer_id, **body))


@blp.route("/me/service-certificates")
@operation("listMyCertificates", "我的服务证明", "My certificates of service", needs=SIGNED_IN)
@blp.arguments(PageQuery, location="query")
@blp.response(200, s.CertificatePageSchema)
def list_mine(query: dict) -> Any:
    found, following = page(certificates.mine(current_actor()), Certificate.id, query["limit"], query["after"])
    return {"items": views.certificates(found), "next": following}


@blp.route("/service-certificates/<uuid:certificate_id>")
@operation("getCertificate", "一份服务证明", "One certificate of service", needs=SIGNED_IN, errors=(404,))
@blp.response(200, s.CertificateSchema)
def get_certificate(certificate_id: UUID) -> Any:
    return _certificate(certificates.find(current_actor(), certificate_id))


@blp.route("/service-certificates/<uuid:certificate_id>/print", methods=["POST"])
@blp.doc(responses={"200": {"content": PDF}})
@limit("REVEAL_LIMIT", key=caller)
@operation(
    "revealCertificate", "打印服务证明", "The certificate as a PDF", needs=SIGNED_IN, errors=(404, 429), keyed=False
)
@blp.response(200, content_type="application/pdf")
def print_certificate(certificate_id: UUID) -> Any:
    certificate, name = certificates.to_print(current_actor(), certificate_id)
    return Response(pdf(certificate, name, place_named(certificate.place_code).name), mimetype="application/pdf")


@blp.route("/public/service-certificates/<string:number>")
@limit("OBJECTION_LIMIT")
@operation(
    "checkCertificate", "核验服务证明", "What was certified under a number", needs=public(PAPER), errors=(404, 429)
)
@blp.response(200, s.PublicCertificateSchema)
def check(number: str) -> Any:
    certificate = certificates.by_number(number)
    return views.public(certificate, place_named(certificate.place_code).name)


@blp.route("/public/service-certificates/<string:number>/match", methods=["POST"])
@limit("OBJECTION_LIMIT")
@operation(
    "matchCertificate", "核对证明上的姓名", "Whether the paper bears a name", needs=public(PAPER), errors=(404, 429),
    keyed=False,
)  # fmt: skip
@blp.arguments(s.NameSchema)
@blp.response(200, s.MatchSchema)
def match(body: dict, number: str) -> Any:
    return {"matches": certificates.is_of(number, body["name"])}


# --- Incidents --------------------------------------------------------------------------------------------------


@blp.route("/incidents", methods=["POST"])
@operation("recordIncident", "上报受辱骂等事件", "Tell of abuse at a door", needs=P.INCIDENT_RECORD, errors=(404,))
@blp.arguments(s.NewIncidentSchema)
@blp.response(201, s.IncidentSchema)
def record_incident(body: dict) -> Any:
    return views.incident(incidents.record(current_actor(), **body))


@blp.route("/incidents")
@operation("listIncidents", "需要两人同去的地方", "Where two must go", needs=P.TASK_ASSIGN)
@blp.arguments(PageQuery, location="query")
@blp.response(200, s.IncidentPageSchema)
def list_incidents(query: dict) -> Any:
    found, following = page(incidents.seen(current_actor()), Incident.id, query["limit"], query["after"])
    return {"items": [views.incident(one) for one in found], "next": following}


@blp.route("/incidents/<uuid:incident_id>/reveal", methods=["POST"])
@limit("REVEAL_LIMIT", key=caller)
@operation(
    "revealIncident", "查看事件经过", "What happened, in words", needs=P.TEAM_EDIT, errors=(404, 429), keyed=False
)
@blp.arguments(RevealSchema)
@blp.response(200, s.RevealedIncidentSchema)
def reveal_incident(body: dict, incident_id: UUID) -> Any:
    return incidents.reveal(current_actor(), incident_id, **body)


@blp.route("/incidents/<uuid:incident_id>/lift", methods=["POST"])
@operation("liftIncident", "解除两人同去", "One may go alone again", needs=P.TEAM_EDIT, errors=(404,))
@blp.arguments(ReasonSchema)
@blp.response(200, s.IncidentSchema)
def lift_incident(body: dict, incident_id: UUID) -> Any:
    return views.incident(incidents.lift(current_actor(), incident_id, **body))
