"""The OpenAPI 3.1 contract: what `@operation` declares, in flask-smorest's words; and the page to browse it."""

from typing import Any

import orjson
from flask import Flask, Request
from flask_smorest import Blueprint as SmorestBlueprint
from flask_swagger_ui import get_swaggerui_blueprint
from marshmallow import Schema, fields, missing
from webargs.flaskparser import FlaskParser, is_json_request

from backend.core.operation import any_of
from backend.core.permissions import Permission
from backend.extensions import api

Needs = Permission | tuple[Permission, ...] | str

DOCS_PATH = "/docs"
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
MEANING = {
    400: "请求不完整 malformed, or no Idempotency-Key",
    401: "未登录 not signed in",
    403: "没有权限 not permitted",
    404: "没有找到，或不在您的范围内 missing, or out of your sight",
    409: "与现状冲突 conflicts with the present state",
    410: "已按规定删除 erased, as it had to be",
    411: "没有标明大小 of unknown length",
    413: "内容太大 too large",
    415: "内容格式不支持 unsupported media type",
    422: "填写有误，或不符合规则 invalid, or refused by a rule",
    429: "太频繁 too many requests",
    503: "系统忙，请稍后再试 busy, try again",
}
KEY_HEADER = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{16,64}$"},
    "description": "一次意图一个编号，重发不重做 one key per intent; sent again, the first answer is replayed",
}


class FieldErrorSchema(Schema):
    field = fields.String(required=True)
    detail = fields.String(required=True)


class ProblemSchema(Schema):
    """RFC 9457. Further members depend on the code."""

    class Meta:
        unknown = "include"

    type = fields.String()
    status = fields.Integer(required=True)
    code = fields.String(required=True, metadata={"description": "稳定的英文代码 stable, for programs"})
    detail = fields.String(required=True, metadata={"description": "为什么，以及怎么办 why, and what to do next"})
    request_id = fields.String()
    errors = fields.List(fields.Nested(FieldErrorSchema))


class Parser(FlaskParser):
    """orjson reads the body: it refuses the NaN, lone surrogates and bottomless nesting that json lets in."""

    def _raw_load_json(self, req: Request) -> Any:
        if not is_json_request(req):
            return missing
        try:
            return orjson.loads(req.get_data(cache=True))
        except orjson.JSONDecodeError as error:
            return self._handle_invalid_json_error(error, req)


class Blueprint(SmorestBlueprint):
    """flask-smorest's, which also writes down what `@operation` declares."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(self._prepare_operation_doc)

    def arguments(self, schema: Any, **options: Any) -> Any:
        """A schema is made once, with all that is nested in it, and not anew for each request."""
        return super().arguments(schema() if isinstance(schema, type) else schema, **options)

    @staticmethod
    def _prepare_operation_doc(doc: dict, doc_info: dict, *, method: str, **_: Any) -> dict:
        declared = doc_info["operation"]
        doc_info["docstring"] = {}
        doc.update(
            operationId=declared["id"],
            summary=f"{declared['zh']} / {declared['en']}",
            description=f"权限 permission: {_who(declared['needs'])}",
            security=[] if is_public(declared["needs"]) else [{"bearer": []}],
        )
        doc["x-permission"] = _who(declared["needs"])
        if takes_key(declared, method):
            doc.setdefault("parameters", []).append(KEY_HEADER)
        answers = {str(status): answer for status, answer in doc.get("responses", {}).items()}
        doc["responses"] = {**answers, **_refusals(declared, method, "422" in answers)}
        return doc


def is_public(needs: Needs) -> bool:
    return isinstance(needs, str) and needs.startswith("public")


def takes_key(declared: dict[str, Any], method: str) -> bool:
    return declared["keyed"] and method.lower() not in ("get", "head")


def _who(needs: Needs) -> str:
    return " or ".join(any_of(needs)) or str(needs)


def _refusals(declared: dict[str, Any], method: str, takes_arguments: bool) -> dict[str, Any]:
    statuses = {*declared["errors"], 503}
    if not is_public(declared["needs"]):
        statuses |= {401, 403}
    if takes_arguments:
        statuses.add(422)
    if method.lower() != "get":
        statuses |= {400, 409, 411, 413, 415, 422}
        if any_of(declared["needs"]):
            statuses.add(404)  # whatever it acts on may be missing, or out of sight
    return {str(s): {"description": MEANING[s], "content": PROBLEM} for s in sorted(statuses)}


def init_app(app: Flask) -> None:
    api.DEFAULT_ERROR_RESPONSE_NAME = None
    api.init_app(app)
    api.spec.components.schema("Problem", schema=ProblemSchema)
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    app.register_blueprint(get_swaggerui_blueprint(DOCS_PATH, "/api/v1/openapi.json", config={"docExpansion": "none"}))
