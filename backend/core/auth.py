"""Token <-> actor. The token says only who; what they may do is read from the database on each request."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import jwt
from flask import request

from backend.core import clock
from backend.core.errors import Forbidden, NotFound, Unauthorised
from backend.core.permissions import GRANTS, Permission, Role
from backend.core.settings import settings
from backend.core.transaction import rows

ACCESS_TOKEN_LIFE = timedelta(minutes=15)
CLOCK_SKEW = timedelta(seconds=10)  # by which the web machines' clocks may differ
ISSUER = AUDIENCE = "anlin"
REQUIRED_CLAIMS = ["exp", "iat", "sub", "aud", "iss"]

ACTOR_SQL = """
SELECT u.name, r.role, r.place_code
FROM app_user u
LEFT JOIN role_assignment r ON r.user_id = u.id AND r.ended_at IS NULL AND (r.until IS NULL OR r.until > now())
WHERE u.id = %s AND u.active"""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: `posts` are the (role, place code) pairs held now."""

    id: uuid.UUID | None
    name: str
    posts: tuple[tuple[Role, str], ...] = ()

    def may(self, permission: Permission, code: str | None = None) -> bool:
        """Whether a post grants the permission, at a place that covers `code` (at any place: None)."""
        return any(permission in GRANTS[role] and (code is None or code.startswith(held)) for role, held in self.posts)

    def scope(self, permission: Permission) -> list[str]:
        """The places at which the permission is held; each stands for everything below it."""
        return sorted({held for role, held in self.posts if permission in GRANTS[role]})

    def require(self, permission: Permission, code: str, visible: Permission | None = None) -> None:
        """403 without the permission at `code`; 404 when the place is not even within sight."""
        if self.may(permission, code):
            return
        if visible is not None and not self.may(visible, code):
            raise NotFound()
        raise Forbidden("forbidden", "您在这个地方没有这项权限，请联系上级或社区书记。")

    def roles_at(self, code: str) -> set[Role]:
        return {role for role, held in self.posts if code.startswith(held)}


HOUSE = Actor(None, "系统")
PUBLIC = Actor(None, "公众")


def issue_access_token(user_id: uuid.UUID, at: datetime) -> str:
    """A signed statement that the bearer is `user_id`, for 15 minutes."""
    claims = {"sub": str(user_id), "iat": at, "exp": at + ACCESS_TOKEN_LIFE, "aud": AUDIENCE, "iss": ISSUER}
    return jwt.encode(claims, settings["SECRET_KEY"], algorithm="HS256")


@lru_cache(maxsize=4096)
def _verified(token: str, secret: str) -> tuple[uuid.UUID, float]:
    """The signature of one very token needs checking once; its expiry is checked on every use, and to the second."""
    claims = jwt.decode(
        token,
        secret,
        algorithms=["HS256"],
        audience=AUDIENCE,
        issuer=ISSUER,
        leeway=CLOCK_SKEW,
        options={"require": REQUIRED_CLAIMS},
    )
    return uuid.UUID(claims["sub"]), float(claims["exp"])


def user_id_of(token: str) -> uuid.UUID:
    """The token's user. Raises Unauthorised for anything that is not a valid token of ours."""
    try:
        user_id, expires = _verified(token, settings["SECRET_KEY"])
    except (jwt.InvalidTokenError, ValueError, TypeError) as error:
        raise Unauthorised("invalid_token", "登录已失效，请重新登录。") from error
    if expires <= clock.now().timestamp():
        raise Unauthorised("expired_token", "登录已过期，请重新登录。")
    return user_id


def bearer() -> uuid.UUID:
    """The user that the request's Authorization header names."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorised("not_signed_in", "请先登录。")
    return user_id_of(token)


def load_actor(user_id: uuid.UUID) -> Actor:
    """The user's name and present posts, in one statement. A removed role or a closed account stops at once."""
    found = rows(ACTOR_SQL, (user_id,))
    if not found:
        raise Unauthorised("unknown_user", "该账号不存在或已停用，请联系社区。")
    return Actor(user_id, found[0][0], tuple((Role(role), code) for _, role, code in found if role))
