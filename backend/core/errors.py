"""Refusals as RFC 9457 problems: a stable English `code`, a Chinese `detail` a resident understands."""

import re
import traceback
from pathlib import Path
from typing import Any

import psycopg
import structlog
from flask import Flask, Response, current_app, g
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

log = structlog.get_logger()
BACKEND = str(Path(__file__).parents[1])
FIELD = re.compile(r"[A-Za-z_][A-Za-z_0-9]{0,39}")


class DomainError(Exception):
    """A refusal. Raising it rolls the transaction back.

    `code` is for programs and never changes; `detail` says, in Chinese, why and what to do next;
    `extra` holds further members of the problem (the failing fields, the allowed actions, the current state).
    """

    status = 422

    def __init__(self, code: str, detail: str, status: int | None = None, **extra: Any) -> None:
        super().__init__(code)
        self.code, self.detail, self.extra = code, detail, extra
        self.status = status or self.status


class Unauthorised(DomainError):
    status = 401


class Forbidden(DomainError):
    status = 403


class Conflict(DomainError):
    status = 409


class Busy(DomainError):
    """Refused under load or behind a lock: the same request may be sent again."""

    status = 503


class NotFound(DomainError):
    """Missing, or outside what the caller may see: the two look the same on purpose."""

    status = 404

    def __init__(self, what: str = "内容") -> None:
        super().__init__("not_found", f"没有找到这项{what}，请检查后重试。")


# What a violated constraint means to a person. A verb that can foresee the refusal says it better itself;
# this is for the race in which two of them foresee nothing.
CONSTRAINTS = {
    "uq_application_live_unit": ("application_exists", "这个小区已有一份有效的申报，请直接查看进展。"),
    "uq_role_assignment_live": ("already_held", "这个人已经担任该职务。"),
    "uq_household_member_head": ("head_exists", "这一户已经登记了户主，请先变更原户主。"),
    "uq_household_place_code_room": ("household_exists", "这一户已经登记过了。"),
    "uq_payment_receipt": ("receipt_used", "您已经用过这个收据号，请核对后换一个收据号。"),
    "uq_refund_receipt": ("receipt_used", "您已经用过这个收据号，请核对后换一个收据号。"),
    "uq_waiting_entry_live": ("already_waiting", "您家已经在候补这种商品，不用再登记。"),
    "uq_change_request_open": ("already_asked", "这个订单已有一项申请在办理，请等结果。"),
    "uq_join_request_open": ("already_asked", "这里已经申请过，正在等团长答复。"),
    "pk_campaign_place": ("already_joined", "这里的住户已经可以在这个团购下单。"),
    "uq_volunteer_live": ("already_volunteer", "这个人已经是志愿者，请先从原来的群众工作队退出。"),
    "uq_mass_work_team_place_code_name": ("team_exists", "这个社区已有同名的群众工作队，请换一个名字。"),
    "uq_appointment_waiting": ("already_waiting", "这项任命已经提交，正在等第二位负责人确认。"),
    "uq_evening_plan_live": ("plan_exists", "这一天已经有一份计划，请先采用或作废它，再重新计算。"),
    "uq_assembly_line_origin": ("line_exists", "这次发放已经有一条正在进行的流水线，请直接报数。"),
    "uq_compensatory_leave_user_id_day": ("leave_taken", "这一天的调休已经登记过了。"),
    "pk_place": ("place_exists", "刚刚有人添加了地点，请刷新后重试。"),
}

HTTP_CODES = {
    400: ("bad_request", "请求的格式不对，请刷新页面后重试。"),
    401: ("not_signed_in", "请先登录。"),
    403: ("forbidden", "您没有这项权限。"),
    404: ("not_found", "没有找到这个页面或内容。"),
    405: ("method_not_allowed", "这个地址不支持该操作。"),
    409: ("conflict", "内容已被他人修改，请刷新后重试。"),
    413: ("too_large", "提交的内容太大。"),
    415: ("unsupported_media_type", "提交的内容格式不支持。"),
    422: ("invalid", "有内容填写不对，请按提示修改。"),
    429: ("too_many_requests", "操作太频繁，请稍后再试。"),
}
# Time-outs, deadlocks, a connection lost: OperationalError has them all but these two.
LOAD = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.IdleInTransactionSessionTimeout)
# Two acts crossed. Any other violated constraint is one that a rule of ours should have seen to.
CROSSED = (psycopg.errors.UniqueViolation, psycopg.errors.ExclusionViolation)
BUSY = ("busy", "系统正忙，请稍后再试。")
INTERNAL = ("internal", "系统出错了，您提交的内容没有被处理，请稍后再试或联系社区。")


def problem(status: int, code: str, detail: str, **extra: Any) -> Response:
    """One problem+json answer."""
    body = {"type": "about:blank", "status": status, "code": code, "detail": detail, **extra}
    if request_id := g.get("request_id"):
        body["request_id"] = request_id
    response = current_app.response_class(
        current_app.json.dumps(body), status=status, mimetype="application/problem+json"
    )
    if status in (429, 503) or code == "in_flight":
        response.headers["Retry-After"] = str(extra.get("retry_after", 2))
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="anlin"'
    return response


def field_errors(messages: Any, path: str = "") -> list[dict[str, str]]:
    """marshmallow's nested messages as a flat list of {field, detail}. A field we do not have is named only if it is a
    name: whatever else was sent in its place may be somebody's."""
    if isinstance(messages, dict):
        return [
            error
            for key, inner in messages.items()
            for error in field_errors(inner, path if key in ("json", "query", "_schema") else f"{path}/{_name(key)}")
        ]
    if isinstance(messages, list):
        return [error for inner in messages for error in field_errors(inner, path)]
    return [{"field": path or "/", "detail": str(messages)}]


def _name(key: Any) -> str:
    return str(key) if isinstance(key, int) or FIELD.fullmatch(key) else "?"


def from_http(error: HTTPException) -> Any:
    status = error.code or 500
    if status < 400:
        return error.get_response()  # a redirect
    code, detail = HTTP_CODES.get(status, INTERNAL if status >= 500 else HTTP_CODES[400])
    messages = getattr(error, "data", {}).get("messages") if hasattr(error, "data") else None
    response = problem(status, code, detail, **({"errors": field_errors(messages)} if messages else {}))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def from_database(error: DBAPIError | psycopg.Error) -> Response:
    """Two of what there may be one of is a refusal; a lock or statement time-out is load; anything else is our defect.
    The hand-written statements of a read-only unit of work raise psycopg's errors as they are."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, CROSSED):
        name = cause.diag.constraint_name or ""
        code, detail = CONSTRAINTS.get(name, ("conflict", HTTP_CODES[409][1]))
        log.info("constraint_refused", constraint=name)
        return problem(409, code, detail)
    if isinstance(cause, psycopg.IntegrityError):
        return from_defect(error, constraint=cause.diag.constraint_name)
    if isinstance(cause, psycopg.DataError):
        log.warning("data_refused", sqlstate=cause.sqlstate)
        return problem(422, *HTTP_CODES[422])
    if isinstance(cause, LOAD) or getattr(error, "connection_invalidated", False):
        log.warning("database_busy", cause=type(cause).__name__)
        return problem(503, *BUSY)
    log.error("database_error", cause=type(cause).__name__, sqlstate=getattr(cause, "sqlstate", None))
    return problem(500, *INTERNAL)


def from_defect(error: Exception, **more: Any) -> Response:
    """Logs where, never what: an exception's text may quote a person's data."""
    lines = [f"{frame.f_code.co_filename}:{line}" for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = [line for line in lines if line.startswith(BACKEND)]  # a library's line tells nothing of who called it
    log.error("defect", cause=type(error).__name__, where=(ours or lines or [""])[-1], **more)
    if current_app.config["APP_ENV"] == "test":
        raise error
    return problem(500, *INTERNAL)


def init_app(app: Flask) -> None:
    app.register_error_handler(DomainError, lambda e: problem(e.status, e.code, e.detail, **e.extra))
    app.register_error_handler(HTTPException, from_http)
    app.register_error_handler(DBAPIError, from_database)
    app.register_error_handler(psycopg.Error, from_database)
    app.register_error_handler(PoolTimeout, lambda e: problem(503, *BUSY))
    app.register_error_handler(Exception, from_defect)
