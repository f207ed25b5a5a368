"""The cast: named people with their roles at places, and a hand for each, signed in with real tokens."""

import uuid
from typing import Any, NamedTuple

from flask import Flask
from werkzeug.test import TestResponse

from backend.core.permissions import Role

CITY = "4201"
DONGXIHU, HONGSHAN = "420112", "420111"
JIANGJUNLU, JINYINHU = "420112004", "420112015"
MACHIDUN, NEIGHBOUR = "420112004007", "420112015001"
# Compounds. The first is ready to apply; the others are for whatever the test does to them.
READY, SECOND = f"{MACHIDUN}-001", f"{MACHIDUN}-002"
ELSEWHERE = f"{NEIGHBOUR}-001"
BUILDING, UNIT = f"{READY}-001", f"{READY}-001-001"


class Part(NamedTuple):
    name: str
    role: Role | None
    place: str | None


PARTS = (
    Part("wang", Role.GRID_WORKER, MACHIDUN),  # files; has not rested for a month
    Part("li", Role.COMMUNITY_SECRETARY, MACHIDUN),
    Part("chen", Role.COMMUNITY_WORKER, MACHIDUN),  # records cases
    Part("zhao", Role.SUBDISTRICT_REVIEWER, JIANGJUNLU),
    Part("sun", Role.SUBDISTRICT_REVIEWER, JIANGJUNLU),
    Part("zhou", Role.DISTRICT_REVIEWER, DONGXIHU),
    Part("wu", Role.DISTRICT_REVIEWER, DONGXIHU),
    Part("zheng", Role.CITY_VIEWER, CITY),
    Part("liu", Role.BUILDING_HEAD, BUILDING),
    Part("he", Role.RESIDENT, READY),
    Part("feng", Role.COORDINATOR, MACHIDUN),
    Part("qian", Role.TRANSPORTER, MACHIDUN),  # a volunteer with a job
    Part("hu", Role.ORGANISER, MACHIDUN),  # accused of kick-backs, and cleared by the price sheet
    Part("yang", Role.ORGANISER, MACHIDUN),  # the deputy
    Part("tang", Role.RESIDENT, READY),  # of another home
    # Others, to whom none of this belongs.
    Part("other_grid", Role.GRID_WORKER, NEIGHBOUR),
    Part("other_secretary", Role.COMMUNITY_SECRETARY, NEIGHBOUR),
    Part("other_organiser", Role.ORGANISER, NEIGHBOUR),
    Part("other_subdistrict", Role.SUBDISTRICT_REVIEWER, JINYINHU),
    Part("other_district", Role.DISTRICT_REVIEWER, HONGSHAN),
    Part("nobody", None, None),  # signed in, holds no post
)


def key() -> str:
    return uuid.uuid4().hex


class Hand:
    """One person's requests. `post` carries a fresh Idempotency-Key unless one is given."""

    def __init__(self, app: Flask, name: str | None, token: str | None) -> None:
        self.app, self.name, self.token = app, name, token

    def _headers(self, extra: dict[str, str]) -> dict[str, str]:
        return {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), **extra}

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.app.test_client().get(f"/api/v1{path}", query_string=query, headers=self._headers({}))

    def post(self, path: str, body: Any = None, idempotency_key: str | None = None, **headers: str) -> TestResponse:
        sent = self._headers({"Idempotency-Key": idempotency_key or key(), **headers})
        return self.app.test_client().post(f"/api/v1{path}", json={} if body is None else body, headers=sent)

    def patch(self, path: str, body: Any) -> TestResponse:
        sent = self._headers({"Idempotency-Key": key()})
        return self.app.test_client().patch(f"/api/v1{path}", json=body, headers=sent)

    def upload(self, path: str, data: bytes, mimetype: str = "text/csv") -> TestResponse:
        sent = self._headers({"Idempotency-Key": key(), "Content-Type": mimetype})
        return self.app.test_client().post(f"/api/v1{path}", data=data, headers=sent)


class Cast:
    """`cast.wang.post(...)`: each person signs in once, through the console."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.public = Hand(app, None, None)
        self._hands: dict[str, Hand] = {}

    def __getattr__(self, name: str) -> Hand:
        return self.hand(name)

    def hand(self, name: str) -> Hand:
        if name not in self._hands:
            answer = self.app.test_client().post("/api/v1/sessions", json={"code": f"console-{name}"})
            assert answer.status_code == 200, answer.text
            self._hands[name] = Hand(self.app, name, answer.json["access_token"])
        return self._hands[name]
