"""The HTTP edge of one operation: who may call it, its transaction, its key, its words in the contract.

`@operation(...)` is the outermost decorator of every route, so that what it opens closes after the answer
has been written out as bytes: a lazy load in a dump still belongs to the transaction.
"""

import functools
from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, current_app, g, request

from backend.core import auth
from backend.core.errors import DomainError, Forbidden
from backend.core.idempotency import Claim, Key
from backend.core.permissions import Permission
from backend.core.settings import settings
from backend.core.transaction import unit_of_work

SIGNED_IN = "signed_in"
READING = {"GET", "HEAD", "OPTIONS"}


def public(why: str) -> str:
    """Names, aloud and with its reason, that an operation needs no sign-in."""
    return f"public: {why}"


def operation(
    operation_id: str,
    zh: str,
    en: str,
    needs: Permission | tuple[Permission, ...] | str,
    errors: tuple[int, ...] = (),
    keyed: bool = True,
    alone: bool = False,
    body: str = "MAX_BODY_BYTES",
) -> Callable:
    """Declares an operation.

    `needs` is a Permission, or several of which one will do (held somewhere; the verb asks for it at the very
    place), SIGNED_IN, or `public("why")`. `keyed`: a POST or PATCH takes an Idempotency-Key, unless its answer must
    never be stored (tokens, data in clear) or it repeats without harm. `alone`: the verb is one statement, which asks
    for the permission, claims the key and is a transaction of its own; for the hottest of paths. `body` names the
    setting that bounds what may be sent.
    """

    def decorate(view: Callable) -> Callable:
        @functools.wraps(view)
        def edge(*args: Any, **kwargs: Any) -> Response:
            reading = request.method in READING
            if not reading:
                _receive(settings[body])
            if alone:
                g.actor, g.key = auth.Actor(auth.bearer(), ""), Key.sent(operation_id)
                return current_app.make_response(view(*args, **kwargs))
            with unit_of_work(read_only=reading):
                g.actor = actor = _actor(needs)
                if reading or not keyed:
                    return current_app.make_response(view(*args, **kwargs))
                claim = Claim(actor.id, operation_id)
                if claim.replay is not None:
                    return claim.replay
                response = current_app.make_response(view(*args, **kwargs))
                claim.store(response)
                return response

        declared = {"id": operation_id, "zh": zh, "en": en, "needs": needs, "errors": errors, "keyed": keyed}
        edge._apidoc = {**getattr(view, "_apidoc", {}), "operation": declared}  # type: ignore[attr-defined]
        return edge

    return decorate


def _receive(at_most: int) -> None:
    """Takes the whole body before a transaction begins: a slow sender holds no connection. One that does not say
    how long it is could be cut at the limit without anyone noticing."""
    if request.content_length is None and request.headers.get("Transfer-Encoding"):
        raise DomainError("length_required", "上传没有标明大小，请升级小程序后重试。", status=411)
    request.max_content_length = at_most
    request.get_data(cache=True)


def any_of(needs: Permission | tuple[Permission, ...] | str) -> tuple[Permission, ...]:
    """The permissions of which one is needed; none for what is public or only signed in."""
    if isinstance(needs, Permission):
        return (needs,)
    return needs if isinstance(needs, tuple) else ()


def _actor(needs: Permission | tuple[Permission, ...] | str) -> auth.Actor:
    if isinstance(needs, str) and needs.startswith("public"):
        return auth.PUBLIC
    g.actor = actor = auth.load_actor(auth.bearer())  # before the refusal, so that the log names who was refused
    permissions = any_of(needs)
    if permissions and not any(actor.may(permission) for permission in permissions):
        raise Forbidden("forbidden", "您没有这项权限，请联系上级或社区书记。")
    return actor


def current_actor() -> auth.Actor:
    """The actor of the operation being served."""
    return g.actor


def current_user_id() -> UUID:
    """Who signed the operation being served, which is `alone`: what they may is for its statement to ask."""
    return g.actor.id


def current_key() -> Key:
    """The key of the operation being served, which is `alone`."""
    return g.key
