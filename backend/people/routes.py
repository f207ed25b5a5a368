"""People over HTTP: sign-in, posts, households."""

from typing import Any
from uuid import UUID

from flask import current_app, request

from backend.core.contract import Blueprint
from backend.core.errors import DomainError, problem
from backend.core.operation import SIGNED_IN, current_actor, operation, public
from backend.core.pagination import PageQuery, page
from backend.core.permissions import Permission as P
from backend.core.ratelimit import caller, limit
from backend.integrations.sign_in import PROVIDERS
from backend.people import household_import, households, inbox, service, sessions, views
from backend.people import schemas as s
from backend.people.models import RoleAssignment
from backend.places.models import Household

blp = Blueprint("people", __name__, url_prefix="/api/v1", description="登录、任职、住户 sign-in, posts, households")
SIGN_IN = "it is how one signs in"


@blp.route("/sessions", methods=["POST"])
@limit("SIGN_IN_LIMIT")
@operation(
    "signIn",
    "登录",
    "Sign in with the provider's code",
    needs=public(SIGN_IN),
    errors=(401, 429),
    keyed=False,
)
@blp.arguments(s.SignInSchema)
@blp.response(200, s.TokensSchema)
def sign_in(body: dict) -> Any:
    provider = PROVIDERS[current_app.config["SIGN_IN_PROVIDER"]]()
    return sessions.sign_in_by_code(provider.openid(body["code"]))


@blp.route("/sessions/refresh", methods=["POST"])
@limit("SIGN_IN_LIMIT")
@operation(
    "refreshSession",
    "续期登录",
    "Rotate the refresh token",
    needs=public(SIGN_IN),
    errors=(401, 429),
    keyed=False,
)
@blp.arguments(s.RefreshSchema)
@blp.response(200, s.TokensSchema)
def refresh(body: dict) -> Any:
    # A refusal to be remembered is a result: the revocation of the family commits with it.
    return sessions.refresh(body["refresh_token"]) or problem(401, "session_ended", "登录已失效，请重新登录。")


@blp.route("/sessions/end", methods=["POST"])
@operation(
    "signOut",
    "退出登录",
    "Sign out everywhere this sign-in reached",
    needs=public("whoever holds the token may end it"),
    keyed=False,
)
@blp.arguments(s.RefreshSchema)
@blp.response(204)
def sign_out(body: dict) -> None:
    sessions.revoke_family(body["refresh_token"])


@blp.route("/me")
@operation("getMe", "我是谁、我的职务", "Who I am and my posts", needs=SIGNED_IN)
@blp.response(200, s.MeSchema)
def me() -> Any:
    return views.me(current_actor())


@blp.route("/me", methods=["PATCH"])
@operation("updateMe", "设置我的字号", "Set how large I read", needs=SIGNED_IN)
@blp.arguments(s.UpdateMeSchema)
@blp.response(200, s.MeSchema)
def update_me(body: dict) -> Any:
    service.set_print(current_actor(), body["print_step"])
    return views.me(current_actor())


@blp.route("/me/acts-for")
@operation("listActsFor", "我代办的住户", "The households that agreed that I act for them, masked", needs=SIGNED_IN)
@blp.arguments(PageQuery, location="query")
@blp.response(200, s.ActsForPageSchema)
def acts_for(query: dict) -> Any:
    found, following = page(households.acts_for(current_actor()), Household.id, query["limit"], query["after"])
    return {"items": views.acted_for(found), "next": following}


@blp.route("/me/inbox")
@operation("getInbox", "消息：发生了什么，什么等我办", "What happened to me and what waits for me", needs=SIGNED_IN)
@blp.arguments(s.InboxQuery, location="query")
@blp.response(200, s.InboxSchema)
def read_inbox(query: dict) -> Any:
    return inbox.read(current_actor(), **query)


@blp.route("/me/inbox/seen", methods=["POST"])
@operation("markInboxSeen", "消息看过了", "What came until then is no longer new", needs=SIGNED_IN)
@blp.arguments(s.SeenSchema)
@blp.response(200, s.SeenUntilSchema)
def mark_seen(body: dict) -> Any:
    return {"seen_until": inbox.mark_seen(current_actor(), body["until"])}


@blp.route("/role-assignments")
@operation("listRoleAssignments", "任职名单", "The posts at and below a place", needs=P.ROLE_READ)
@blp.arguments(s.PlacePageQuery, location="query")
@blp.response(200, s.AssignmentPageSchema)
def list_assignments(query: dict) -> Any:
    posts = service.posts_at(current_actor(), query["place"])
    found, following = page(posts, RoleAssignment.id, query["limit"], query["after"])
    return {"items": views.with_names(found), "next": following}


@blp.route("/role-assignments", methods=["POST"])
@operation("appoint", "任命", "Appoint to a role at a place", needs=P.ROLE_APPOINT, errors=(404,))
@blp.arguments(s.AppointSchema)
@blp.response(201, s.AssignmentSchema)
def appoint(body: dict) -> Any:
    return service.appoint(current_actor(), **body)


@blp.route("/role-assignments/<uuid:assignment_id>/end", methods=["POST"])
# Every post grants PLACE_READ, and whoever has a post may resign it; to end another's the verb asks for ROLE_APPOINT.
@operation("dismiss", "免职或辞职", "End a post, or resign one's own", needs=P.PLACE_READ, errors=(404,))
@blp.response(200, s.AssignmentSchema)
def dismiss(assignment_id: UUID) -> Any:
    return service.dismiss(current_actor(), assignment_id)


@blp.route("/households")
@operation(
    "listHouseholds",
    "住户名单（隐去个人信息）",
    "The households at and below a place, masked",
    needs=P.HOUSEHOLD_READ,
)
@blp.arguments(s.PlacePageQuery, location="query")
@blp.response(200, s.HouseholdPageSchema)
def list_households(query: dict) -> Any:
    found, following = page(
        households.below(current_actor(), query["place"]), Household.id, query["limit"], query["after"]
    )
    return {"items": views.masked(found), "next": following}


@blp.route("/places/<place_code:code>/households/import", methods=["POST"])
@operation(
    "importHouseholds",
    "导入住户表（CSV）",
    "Import a spreadsheet of households",
    needs=P.HOUSEHOLD_EDIT,
    errors=(404,),
)
@blp.response(200, s.ImportReportSchema)
def import_households(code: str) -> Any:
    if request.mimetype != "text/csv":
        raise DomainError("unsupported_media_type", "请上传 CSV 表格（text/csv）。", status=415)
    return household_import.import_households(current_actor(), code, request.get_data())


@blp.route("/households/find", methods=["POST"])
@limit("REVEAL_LIMIT", key=caller)
@operation(
    "findHouseholdByPhone",
    "按电话找住户",
    "Find a household by a whole phone number",
    needs=P.HOUSEHOLD_REVEAL,
    errors=(429,),
    keyed=False,
)
@blp.arguments(s.FindByPhoneSchema)
@blp.response(200, s.HouseholdListSchema)
def find_by_phone(body: dict) -> Any:
    return {"items": views.masked(households.find_by_phone(current_actor(), **body))}


@blp.route("/households/<uuid:household_id>")
@operation("getHousehold", "一户人家（隐去个人信息）", "One household, masked", needs=SIGNED_IN, errors=(404,))
@blp.response(200, s.KnownHouseholdSchema)
def household(household_id: UUID) -> Any:
    return views.known(*households.household_known(current_actor(), household_id))


@blp.route("/households/<uuid:household_id>", methods=["PATCH"])
@operation("updateHousehold", "更新住户情况", "Update a household's needs", needs=P.HOUSEHOLD_EDIT, errors=(404,))
@blp.arguments(s.UpdateHouseholdSchema)
@blp.response(200, s.HouseholdSchema)
def update_household(body: dict, household_id: UUID) -> Any:
    revision = body.pop("revision")
    return views.masked([households.update(current_actor(), household_id, revision, body)])[0]


@blp.route("/households/<uuid:household_id>/members", methods=["POST"])
@operation("addMember", "登记家庭成员", "Add a member", needs=P.HOUSEHOLD_EDIT, errors=(404,))
@blp.arguments(s.AddMemberSchema)
@blp.response(201, s.MemberSchema)
def add_member(body: dict, household_id: UUID) -> Any:
    return views.masked_member(households.add_member(current_actor(), household_id, **body))


@blp.route("/household-members/<uuid:member_id>", methods=["PATCH"])
@operation("updateMember", "更正家庭成员、变更户主", "Correct a member", needs=P.HOUSEHOLD_EDIT, errors=(404,))
@blp.arguments(s.UpdateMemberSchema)
@blp.response(200, s.MemberSchema)
def update_member(body: dict, member_id: UUID) -> Any:
    return views.masked_member(households.update_member(current_actor(), member_id, body))


@blp.route("/household-members/<uuid:member_id>/leave", methods=["POST"])
@operation("leaveHousehold", "家庭成员迁出", "Record that a member moved out", needs=P.HOUSEHOLD_EDIT, errors=(404,))
@blp.response(200, s.MemberSchema)
def leave(member_id: UUID) -> Any:
    return views.masked_member(households.leave(current_actor(), member_id))


@blp.route("/household-members/<uuid:member_id>/bind", methods=["POST"])
@operation(
    "bindMember",
    "登记家庭成员的账号",
    "Record which user a member is when they sign in",
    needs=P.HOUSEHOLD_EDIT,
    errors=(404,),
)
@blp.arguments(s.BindMemberSchema)
@blp.response(200, s.MemberSchema)
def bind_member(body: dict, member_id: UUID) -> Any:
    return views.masked_member(households.bind(current_actor(), member_id, body["user_id"]))


@blp.route("/household-members/<uuid:member_id>/reveal", methods=["POST"])
@limit("REVEAL_LIMIT", key=caller)
@operation(
    "revealMember",
    "查看姓名电话（留痕）",
    "See name and phone in clear; audited",
    needs=P.HOUSEHOLD_REVEAL,
    errors=(404, 429),
    keyed=False,
)
@blp.arguments(s.RevealSchema)
@blp.response(200, s.ClearMemberSchema)
def reveal_member(body: dict, member_id: UUID) -> Any:
    return households.reveal_member(current_actor(), member_id, body["purpose"])


@blp.route("/households/<uuid:household_id>/consents", methods=["POST"])
@operation(
    "recordConsent",
    "登记代办授权",
    "Record consent to act for a household",
    needs=P.CONSENT_RECORD,
    errors=(404,),
)
@blp.arguments(s.ConsentRequestSchema)
@blp.response(201, s.ConsentSchema)
def record_consent(body: dict, household_id: UUID) -> Any:
    return households.record_consent(current_actor(), household_id, **body)


@blp.route("/households/<uuid:household_id>/consents")
@operation("listConsents", "谁可以替这家代办", "Whom a household has agreed to", needs=SIGNED_IN, errors=(404,))
@blp.response(200, s.GivenConsentListSchema)
def list_consents(household_id: UUID) -> Any:
    return {"items": views.given(households.consents_of(current_actor(), household_id))}


@blp.route("/consents/<uuid:consent_id>/withdraw", methods=["POST"])
@operation("withdrawConsent", "撤回代办授权", "Withdraw consent", needs=SIGNED_IN, errors=(404,))
@blp.response(200, s.ConsentSchema)
def withdraw_consent(consent_id: UUID) -> Any:
    return households.withdraw_consent(current_actor(), consent_id)
