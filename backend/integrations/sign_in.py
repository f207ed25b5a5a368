"""Who vouches for a sign-in code. WeChat's HTTP twin joins `PROVIDERS` with its own issue."""

import hashlib
from collections.abc import Callable
from typing import Protocol

import structlog

from backend.core.errors import Busy, Unauthorised


class SignInProvider(Protocol):
    """Turns the one-time code of the client into the person's stable id with that provider."""

    def openid(self, code: str) -> str:
        """Raises Unauthorised for a code that is wrong, used or too old."""
        ...


class ConsoleSignIn:
    """For development: any code of the form `console-<who>` is that person's."""

    def openid(self, code: str) -> str:
        prefix, _, who = code.partition("-")
        if prefix != "console" or not who:
            raise Unauthorised("invalid_code", "登录凭证无效，请重新打开小程序。")
        structlog.get_logger().info("console_sign_in", who=hashlib.sha256(who.encode()).hexdigest()[:8])
        return console_openid(who)


def console_openid(who: str) -> str:
    """Who `console-<who>` is: under this id the demo's people are made."""
    return f"console:{who}"


class NoSignIn:
    """Where no provider is set up yet: says so instead of letting anyone in."""

    def openid(self, code: str) -> str:
        raise Busy("sign_in_unavailable", "登录服务尚未开通，请联系社区。")


PROVIDERS: dict[str, Callable[[], SignInProvider]] = {"console": ConsoleSignIn, "off": NoSignIn}
