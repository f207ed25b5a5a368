"""Who may do what: permissions as `package:thing:act`, roles, which role holds which, who appoints whom.

A role is held at a place and reaches everything below it. Nothing is permitted that is not written here.
"""

from enum import StrEnum


class Permission(StrEnum):
    PLACE_READ = "places:place:read"
    PLACE_EDIT = "places:place:edit"
    HOUSEHOLD_READ = "places:household:read"
    HOUSEHOLD_EDIT = "places:household:edit"
    HOUSEHOLD_REVEAL = "people:household:reveal"
    CONSENT_RECORD = "people:consent:record"
    ROLE_READ = "people:role:read"
    ROLE_APPOINT = "people:role:appoint"
    CASE_READ = "cases:case:read"
    CASE_RECORD = "cases:case:record"
    CASE_REVEAL = "cases:case:reveal"
    DAILY_READ = "fieldwork:daily_record:read"
    DAILY_RECORD = "fieldwork:daily_record:write"
    APPLICATION_READ = "certification:application:read"
    APPLICATION_FILE = "certification:application:file"
    REVIEW_SUBDISTRICT = "certification:application:review_subdistrict"
    REVIEW_DISTRICT = "certification:application:review_district"
    CERTIFY = "certification:application:certify"
    OBJECTION_RECORD = "certification:objection:record"
    OBJECTION_READ = "certification:objection:read"
    OBJECTION_REVEAL = "certification:objection:reveal"
    OBJECTION_ANSWER = "certification:objection:answer"
    CAMPAIGN_ORGANISE = "groupbuy:campaign:organise"
    CAMPAIGN_APPROVE = "groupbuy:campaign:approve"
    CAMPAIGN_JOIN = "groupbuy:campaign:join"
    QUIET_CONSENT = "groupbuy:campaign:quiet_consent"
    ORDER_PLACE = "groupbuy:order:place"
    ORDER_FOR_OTHERS = "groupbuy:order:for_others"
    ORDER_SPONSOR = "groupbuy:order:sponsor"
    ORDER_READ = "groupbuy:order:read"
    HANDOUT = "groupbuy:handout:work"
    PAYMENT_READ = "payments:payment:read"
    PAYMENT_RECORD = "payments:payment:record"
    LEDGER_READ = "payments:ledger:read"
    TEAM_READ = "volunteering:team:read"
    TEAM_EDIT = "volunteering:team:edit"
    TASK_READ = "volunteering:task:read"
    TASK_CLAIM = "volunteering:task:claim"
    TASK_ASSIGN = "volunteering:task:assign"
    TASK_VERIFY = "volunteering:task:verify"
    INCIDENT_RECORD = "volunteering:incident:record"
    MEDICINE_REQUEST = "medicine:request:make"
    MEDICINE_FOR_OTHERS = "medicine:request:for_others"
    MEDICINE_CHECK = "medicine:request:check"
    MEDICINE_REVEAL = "medicine:request:reveal"
    MEDICINE_PLAN = "medicine:trip:plan"


class Role(StrEnum):
    """The word in the database, its Chinese label, and the levels at which it is held. A level is read off the
    length of a place's code: the register's kind `other` stands at two of them."""

    label: str
    held_at: frozenset[str]

    def __new__(cls, value: str, label: str = "", held_at: str = "") -> "Role":
        role = str.__new__(cls, value)
        role._value_, role.label, role.held_at = value, label, frozenset(held_at.split())
        return role

    CITY_VIEWER = "city_viewer", "市级查看员", "city"
    DISTRICT_REVIEWER = "district_reviewer", "区指挥部审核员", "district"
    SUBDISTRICT_REVIEWER = "subdistrict_reviewer", "街道审核员", "subdistrict"
    COMMUNITY_SECRETARY = "community_secretary", "社区书记", "community"
    COMMUNITY_WORKER = "community_worker", "社区工作者", "community"
    GRID_WORKER = "grid_worker", "网格员", "community compound"
    RESIDENT = "resident", "居民", "compound building unit"
    ORGANISER = "organiser", "团长", "community compound"
    # One head, seven roles 一长七员 (DOMAIN section 1).
    BUILDING_HEAD = "building_head", "楼栋长", "building"
    GATE_DUTY = "gate_duty", "门岗值守员", "community compound building"
    SUPPLY_PURCHASER = "supply_purchaser", "物资采买员", "community compound building"
    CARE_SUPPORT = "care_support", "关爱帮扶员", "community compound building"
    TRANSPORTER = "transporter", "爱心运输员", "community compound building"
    PUBLICITY_PERSUASION = "publicity_persuasion", "宣传劝导员", "community compound building"
    INFORMATION_REPORTER = "information_reporter", "信息报道员", "community compound building"
    COORDINATOR = "coordinator", "综合协调员", "community compound building"


ONE_HEAD_SEVEN_ROLES = tuple(Role)[-8:]

_P = Permission
_READS = {_P.PLACE_READ, _P.DAILY_READ, _P.APPLICATION_READ}
_COMMUNITY = {
    *_READS,
    _P.PLACE_EDIT,
    _P.HOUSEHOLD_READ,
    _P.HOUSEHOLD_EDIT,
    _P.HOUSEHOLD_REVEAL,
    _P.CONSENT_RECORD,
    _P.DAILY_RECORD,
    _P.CASE_READ,
    _P.OBJECTION_RECORD,
    _P.ORDER_PLACE,
    _P.ORDER_FOR_OTHERS,
    _P.ORDER_READ,
    _P.HANDOUT,
    _P.TEAM_READ,
    _P.TASK_READ,
    _P.TASK_ASSIGN,
    _P.TASK_VERIFY,
    _P.INCIDENT_RECORD,
    _P.MEDICINE_REQUEST,
    _P.MEDICINE_FOR_OTHERS,
    _P.MEDICINE_CHECK,
    _P.MEDICINE_REVEAL,
    _P.MEDICINE_PLAN,
}
_MONEY = {_P.PAYMENT_READ, _P.PAYMENT_RECORD, _P.LEDGER_READ}
# Whoever helps at the door may order for those without a phone, hand out, and take tasks.
_HELPER = {_P.PLACE_READ, _P.ORDER_PLACE, _P.HANDOUT, _P.TASK_CLAIM, _P.INCIDENT_RECORD, _P.MEDICINE_REQUEST}
_REVIEW = {
    *_READS,
    _P.ROLE_READ,
    _P.ROLE_APPOINT,
    _P.CASE_READ,
    _P.CASE_RECORD,
    _P.CASE_REVEAL,
    _P.OBJECTION_READ,
    _P.OBJECTION_RECORD,
    _P.LEDGER_READ,
}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.CITY_VIEWER: frozenset(_READS),
    Role.DISTRICT_REVIEWER: frozenset(
        {*_REVIEW, _P.REVIEW_DISTRICT, _P.CERTIFY, _P.OBJECTION_ANSWER, _P.OBJECTION_REVEAL}
    ),
    Role.SUBDISTRICT_REVIEWER: frozenset({*_REVIEW, _P.REVIEW_SUBDISTRICT, _P.TEAM_READ}),
    Role.COMMUNITY_SECRETARY: frozenset(
        {
            *_COMMUNITY,
            *_MONEY,
            _P.APPLICATION_FILE,
            _P.CASE_RECORD,
            _P.CASE_REVEAL,
            _P.ROLE_READ,
            _P.ROLE_APPOINT,
            _P.CAMPAIGN_APPROVE,
            _P.CAMPAIGN_JOIN,
            _P.ORDER_SPONSOR,
            _P.QUIET_CONSENT,
            _P.TEAM_EDIT,
        }
    ),
    Role.COMMUNITY_WORKER: frozenset(
        {
            *_COMMUNITY,
            *_MONEY,
            _P.CASE_RECORD,
            _P.CAMPAIGN_APPROVE,
            _P.CAMPAIGN_JOIN,
            _P.ORDER_SPONSOR,
            _P.TEAM_EDIT,
        }
    ),
    Role.GRID_WORKER: frozenset({*_COMMUNITY, _P.APPLICATION_FILE}),
    Role.BUILDING_HEAD: frozenset(
        {
            *_HELPER,
            _P.HOUSEHOLD_READ,
            _P.CONSENT_RECORD,
            _P.ORDER_FOR_OTHERS,
            _P.ORDER_READ,
            _P.TEAM_READ,
            _P.TASK_READ,
            _P.TASK_VERIFY,
            _P.MEDICINE_FOR_OTHERS,
        }
    ),
    Role.COORDINATOR: frozenset(
        {
            *_HELPER,
            _P.DAILY_READ,
            _P.ROLE_READ,
            _P.ORDER_READ,
            _P.QUIET_CONSENT,
            _P.TEAM_READ,
            _P.TASK_READ,
            _P.TASK_ASSIGN,
            _P.TASK_VERIFY,
            _P.MEDICINE_PLAN,
        }
    ),
    **{role: frozenset(_HELPER) for role in ONE_HEAD_SEVEN_ROLES[1:-1]},
    # Calls on the old and the sick, and sees to it that nobody's medicine runs out.
    Role.CARE_SUPPORT: frozenset({*_HELPER, _P.MEDICINE_FOR_OTHERS}),
    Role.RESIDENT: frozenset({_P.PLACE_READ, _P.ORDER_PLACE, _P.MEDICINE_REQUEST}),
    Role.ORGANISER: frozenset({*_HELPER, _P.CAMPAIGN_ORGANISE, _P.CAMPAIGN_JOIN, _P.PAYMENT_RECORD}),
}

_BELOW_SECRETARY = frozenset(
    {Role.COMMUNITY_WORKER, Role.GRID_WORKER, Role.RESIDENT, Role.ORGANISER, *ONE_HEAD_SEVEN_ROLES}
)

# Nobody gives a role they could not hold over: each appoints only ranks below their own, within their place.
# District reviewers and the city's viewers are appointed by the operator (`flask people appoint`).
APPOINTS: dict[Role, frozenset[Role]] = {
    Role.DISTRICT_REVIEWER: frozenset({Role.SUBDISTRICT_REVIEWER, Role.COMMUNITY_SECRETARY}) | _BELOW_SECRETARY,
    Role.SUBDISTRICT_REVIEWER: frozenset({Role.COMMUNITY_SECRETARY}) | _BELOW_SECRETARY,
    Role.COMMUNITY_SECRETARY: _BELOW_SECRETARY,
}
