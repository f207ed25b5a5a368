"""Teams, their members and appointments over HTTP."""

from typing import Any
from uuid import UUID

from backend.core.contract import Blueprint
from backend.core.errors import NotFound
from backend.core.operation import SIGNED_IN, current_actor, operation
from backend.core.pagination import page
from backend.core.permissions import Permission as P
from backend.core.ratelimit import caller, limit
from backend.core.schemas import ReasonSchema, RevisionSchema
from backend.people.schemas import RevealSchema
from backend.volunteering.teams import appointing, leaving, members, views
from backend.volunteering.teams import schemas as s
from backend.volunteering.teams.models import Appointment, Team, Volunteer

blp = Blueprint("teams", __name__, url_prefix="/api/v1", description="群众工作队与志愿者 teams and volunteers")


def _member(volunteer: Volunteer) -> Any:
    return views.member(volunteer, current_actor())


# --- Teams ------------------------------------------------------------------------------------------------------


@blp.route("/teams")
@operation("listTeams", "群众工作队", "The teams at and below a place", needs=P.TEAM_READ)
@blp.arguments(s.PlacePageQuery, location="query")
@blp.response(200, s.TeamPageSchema)
def list_teams(query: dict) -> Any:
    found, following = page(members.teams_at(current_actor(), query["place"]), Team.id, query["limit"], query["after"])
    return {"items": found, "next": following}


@blp.route("/teams", methods=["POST"])
@operation("createTeam", "成立工作队", "Create a team of a community", needs=P.TEAM_EDIT, errors=(404,))
@blp.arguments(s.NewTeamSchema)
@blp.response(201, s.TeamSchema)
def create_team(body: dict) -> Any:
    return members.create_team(current_actor(), **body)


@blp.route("/teams/<uuid:team_id>", methods=["PATCH"])
@operation("renameTeam", "工作队改名", "Rename a team", needs=P.TEAM_EDIT, errors=(404,))
@blp.arguments(s.RenameTeamSchema)
@blp.response(200, s.TeamSchema)
def rename_team(body: dict, team_id: UUID) -> Any:
    return members.rename_team(current_actor(), team_id, **body)


# --- Members ----------------------------------------------------------------------------------------------------


@blp.route("/teams/<uuid:team_id>/volunteers", methods=["POST"])
@operation("addVolunteer", "登记志愿者", "Take someone into a team", needs=P.TEAM_EDIT, errors=(404,))
@blp.arguments(s.NewVolunteerSchema)
@blp.response(201, s.VolunteerSchema)
def add_volunteer(body: dict, team_id: UUID) -> Any:
    return _member(members.add(current_actor(), team_id, **body))


@blp.route("/volunteers")
@operation("listVolunteers", "志愿者名单（隐去个人信息）", "The volunteers of a place, masked", needs=P.TEAM_READ)
@blp.arguments(s.VolunteerQuery, location="query")
@blp.response(200, s.VolunteerPageSchema)
def list_volunteers(query: dict) -> Any:
    chosen = members.volunteers_at(current_actor(), query["place"])
    if query["team_id"]:
        chosen = chosen.where(Volunteer.team_id == query["team_id"])
    found, following = page(chosen, Volunteer.id, query["limit"], query["after"])
    return {"items": views.members(found, current_actor()), "next": following}


@blp.route("/me/volunteer")
@operation("getMyVolunteering", "我的志愿服务", "My team, my roles, my hours", needs=SIGNED_IN, errors=(404,))
@blp.response(200, s.VolunteerSchema)
def mine() -> Any:
    actor = current_actor()
    volunteer = members.volunteer_of(actor.id)  # type: ignore[arg-type]
    if volunteer is None:
        raise NotFound("志愿服务登记")
    return _member(volunteer)


@blp.route("/volunteers/<uuid:volunteer_id>")
@operation("getVolunteer", "一位志愿者", "One volunteer, masked", needs=SIGNED_IN, errors=(404,))
@blp.response(200, s.VolunteerSchema)
def get_volunteer(volunteer_id: UUID) -> Any:
    return _member(members.find(current_actor(), volunteer_id))


@blp.route("/volunteers/<uuid:volunteer_id>", methods=["PATCH"])
@operation("changeVolunteer", "修改志愿者信息", "Change what is kept of a volunteer", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.ChangeVolunteerSchema)
@blp.response(200, s.VolunteerSchema)
def change_volunteer(body: dict, volunteer_id: UUID) -> Any:
    return _member(members.change(current_actor(), volunteer_id, body.pop("revision"), body))


@blp.route("/volunteers/<uuid:volunteer_id>/leave", methods=["POST"])
@operation("leaveTeam", "退出工作队", "Leave the team", needs=SIGNED_IN, errors=(404,))
@blp.arguments(RevisionSchema)
@blp.response(204)
def leave(body: dict, volunteer_id: UUID) -> None:
    leaving.leave(current_actor(), volunteer_id, body["revision"])


@blp.route("/volunteers/<uuid:volunteer_id>/reveal", methods=["POST"])
@limit("REVEAL_LIMIT", key=caller)
@operation(
    "revealVolunteer",
    "查看志愿者姓名电话",
    "Show a volunteer's name and phone in clear",
    needs=P.TASK_ASSIGN,
    errors=(404, 429),
    keyed=False,
)
@blp.arguments(RevealSchema)
@blp.response(200, s.InClearSchema)
def reveal(body: dict, volunteer_id: UUID) -> Any:
    return views.in_clear(members.reveal(current_actor(), volunteer_id, **body))


@blp.route("/volunteers/<uuid:volunteer_id>/relatives", methods=["POST"])
@operation("addRelative", "登记亲属关系", "Two are relatives", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.RelativeSchema)
@blp.response(200, s.VolunteerSchema)
def add_relative(body: dict, volunteer_id: UUID) -> Any:
    return _member(members.add_relative(current_actor(), volunteer_id, **body))


@blp.route("/volunteers/<uuid:volunteer_id>/relatives/remove", methods=["POST"])
@operation("removeRelative", "删除误登的亲属", "Strike out a relative", needs=P.TEAM_EDIT, errors=(404,))
@blp.arguments(s.RelativeSchema)
@blp.response(200, s.VolunteerSchema)
def remove_relative(body: dict, volunteer_id: UUID) -> Any:
    return _member(members.remove_relative(current_actor(), volunteer_id, **body))


@blp.route("/volunteers/<uuid:volunteer_id>/fitness", methods=["POST"])
@operation("sayFitToday", "今天是否适合服务", "Fit to help today, or not", needs=SIGNED_IN, errors=(404,))
@blp.arguments(s.FitSchema)
@blp.response(200, s.VolunteerSchema)
def say_fit(body: dict, volunteer_id: UUID) -> Any:
    return _member(members.say_fit(current_actor(), volunteer_id, **body))


# --- Appointments -----------------------------------------------------------------------------------------------


@blp.route("/volunteers/<uuid:volunteer_id>/appointments", methods=["POST"])
@operation("appointVolunteer", "任命志愿者", "Give one of the eight roles", needs=P.ROLE_APPOINT, errors=(404,))
@blp.arguments(s.ProposeSchema)
@blp.response(201, s.AppointedSchema)
def propose(body: dict, volunteer_id: UUID) -> Any:
    return views.outcome(appointing.propose(current_actor(), volunteer_id, **body))


@blp.route("/appointments")
@operation("listAppointments", "待确认的任命", "Appointments of relatives", needs=P.ROLE_APPOINT)
@blp.arguments(s.AppointmentQuery, location="query")
@blp.response(200, s.AppointmentPageSchema)
def list_appointments(query: dict) -> Any:
    chosen = appointing.seen(current_actor())
    if query["status"]:
        chosen = chosen.where(Appointment.status == query["status"])
    found, following = page(chosen, Appointment.id, query["limit"], query["after"])
    return {"items": views.appointments(found, current_actor()), "next": following}


def _decided(appointment_id: UUID, action: str, body: dict) -> Any:
    appointment = appointing.decide(current_actor(), appointment_id, action, **body)
    return views.appointments([appointment], current_actor())[0]


@blp.route("/appointments/<uuid:appointment_id>/confirm", methods=["POST"])
@operation("confirmAppointment", "确认任命", "Appoint, as the second officer", needs=P.ROLE_APPOINT, errors=(404,))
@blp.arguments(RevisionSchema)
@blp.response(200, s.AppointmentSchema)
def confirm(body: dict, appointment_id: UUID) -> Any:
    return _decided(appointment_id, "confirm", body)


@blp.route("/appointments/<uuid:appointment_id>/refuse", methods=["POST"])
@operation("refuseAppointment", "不同意任命", "Refuse, as the second officer", needs=P.ROLE_APPOINT, errors=(404,))
@blp.arguments(ReasonSchema)
@blp.response(200, s.AppointmentSchema)
def refuse(body: dict, appointment_id: UUID) -> Any:
    return _decided(appointment_id, "refuse", body)


@blp.route("/appointments/<uuid:appointment_id>/withdraw", methods=["POST"])
@operation("withdrawAppointment", "撤回任命", "Withdraw the appointment", needs=P.ROLE_APPOINT, errors=(404,))
@blp.arguments(RevisionSchema)
@blp.response(200, s.AppointmentSchema)
def withdraw(body: dict, appointment_id: UUID) -> Any:
    return _decided(appointment_id, "withdraw", body)
