"""Sign-in and refresh: access tokens of 15 minutes, rotating refresh tokens whose reuse revokes the family."""

import hashlib
import secrets
import uuid
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from backend.core import audit, clock
from backend.core.auth import ACCESS_TOKEN_LIFE, HOUSE, Actor, issue_access_token
from backend.core.crypto import keyring
from backend.core.errors import Unauthorised
from backend.core.jobs import job
from backend.core.models import new_id
from backend.extensions import db
from backend.people.models import RefreshToken, User

REFRESH_TOKEN_LIFE = timedelta(days=30)


class Tokens(NamedTuple):
    access_token: str
    refresh_token: str
    expires_in: int
    user: User


def sign_in_by_code(openid: str) -> Tokens:
    """Signs in whom the provider vouched for; a first sign-in makes the user. `openid` came from the provider,
    never from the client."""
    index = openid_index(openid)
    known = select(User).where(User.openid_index == index)
    user = db.session.scalars(known).one_or_none()
    if user is None:  # a twin of this request may be making it at this moment: whoever comes second takes the first's
        make = insert(User).values(id=new_id(), name="居民", openid_index=index).on_conflict_do_nothing()
        db.session.execute(make)
        user = db.session.scalars(known).one()
    if not user.active:
        raise Unauthorised("account_closed", "该账号已停用，请联系社区。")
    audit.record("session", "sign_in", Actor(user.id, user.name), user)
    return _issue(user, new_id())


def openid_index(openid: str) -> bytes:
    """By which a user is found; the openid itself is not kept."""
    return keyring.blind_index(openid, "app_user.openid")


def _issue(user: User, family_id: uuid.UUID) -> Tokens:
    secret = secrets.token_urlsafe(32)
    now = clock.now()
    token = RefreshToken(
        user_id=user.id, family_id=family_id, digest=_digest(secret), expires_at=now + REFRESH_TOKEN_LIFE
    )
    db.session.add(token)
    return Tokens(issue_access_token(user.id, now), secret, int(ACCESS_TOKEN_LIFE.total_seconds()), user)


def refresh(secret: str) -> Tokens | None:
    """New tokens for a refresh token that was never used. One that was: its family is revoked, and the answer is
    None (not an exception: the revocation must be remembered)."""
    spend = (
        update(RefreshToken)
        .where(
            RefreshToken.digest == _digest(secret),
            RefreshToken.used_at.is_(None),
            RefreshToken.revoked_at.is_(None),
            RefreshToken.expires_at > func.now(),
        )
        .values(used_at=func.now())
        .returning(RefreshToken.user_id, RefreshToken.family_id)
    )
    spent = db.session.execute(spend).one_or_none()
    if spent is None:
        revoke_family(secret)
        return None
    user = db.session.get_one(User, spent.user_id)
    return _issue(user, spent.family_id) if user.active else None


def revoke_family(secret: str) -> None:
    """Ends every session that descends from the same sign-in. The record names the user whose sessions they were."""
    family = select(RefreshToken.family_id).where(RefreshToken.digest == _digest(secret)).scalar_subquery()
    live = (RefreshToken.family_id == family) & RefreshToken.revoked_at.is_(None)
    ending = update(RefreshToken).where(live).values(revoked_at=func.now()).returning(RefreshToken.user_id)
    if ended := db.session.scalars(ending).all():
        audit.record("session", "revoke", HOUSE, db.session.get_one(User, ended[0]))


@job("people.forget_sessions", every="37 19 * * *")
def forget_sessions() -> None:
    """Refresh tokens are deleted a day after they expired; until then their reuse is still recognised."""
    db.session.execute(delete(RefreshToken).where(RefreshToken.expires_at < func.now() - timedelta(days=1)))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
