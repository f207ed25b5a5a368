"""Every operation × every actor, generated from the routes: nothing leaks, nothing changes, and what lies outside
one's sight answers exactly as what does not exist. A new route without a sample fails here."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from backend.core import clock
from backend.core.auth import issue_access_token
from backend.core.operation import SIGNED_IN, any_of
from backend.core.permissions import GRANTS
from backend.core.permissions import Permission as P
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.places.models import Place
from tests.cast import BUILDING, DONGXIHU, MACHIDUN, PARTS, READY, SECOND, Hand, key
from tests.core import things
from tests.factories import applications as a

GONE, THIRD = f"{MACHIDUN}-998", f"{MACHIDUN}-003"
LOOK, TODAY = {"purpose": "verify"}, clock.today().isoformat()


class Sample(NamedTuple):
    """A request that would do something to a thing of Machidun. `needs`: the Step's own permission, where the
    route asks for less; `place`: where it must be held."""

    body: dict[str, Any] | Callable[[dict], dict[str, Any]] | bytes | None = None
    query: dict[str, Any] | None = None
    needs: P | None = None
    place: str = MACHIDUN

    def sent(self, have: dict[str, Any]) -> Any:
        return self.body(have) if callable(self.body) else self.body


def seen(have):
    return {"revision": 2, "reason": "矩阵测试"}


def case_body(have):
    return {"place": have["code"], "category": "fever", "effective_on": "2020-03-01", "source": "矩阵"}


SAMPLES = {
    **dict.fromkeys(["livez", "readyz", "getPlace", "listChildren", "getPublicPlace", "showPublicPlace"], Sample()),
    **dict.fromkeys(["listNotices", "listBatches", "showDesk", "listDemoPeople", "followObjection"], Sample()),
    "searchPlaces": Sample(query={"words": "马池"}),
    "signIn": Sample({"code": "console-matrix"}),
    "signInToDemo": Sample({"name": "wang"}),
    "refreshSession": Sample({"refresh_token": "unknown"}),
    "signOut": Sample({"refresh_token": "unknown"}),
    "raiseObjection": Sample({"text": "夜里有人进出"}),
    "getMe": Sample(),
    "addPlace": Sample(lambda h: {"parent_code": h["building"], "kind": "unit", "name": "矩阵"}),
    "listRoleAssignments": Sample(query={"place": MACHIDUN}),
    "appoint": Sample(lambda h: {"user_id": h["nobody"], "role": "resident", "place_code": h["code"]}),
    "dismiss": Sample(needs=P.ROLE_APPOINT),  # who holds a post may resign it: the post here is li's
    "listHouseholds": Sample(query={"place": MACHIDUN}),
    "importHouseholds": Sample("楼栋,单元,房号,户主\n1栋,1单元,901,王五\n".encode()),
    "findHouseholdByPhone": Sample({**LOOK, "phone": things.PHONE}),
    "updateHousehold": Sample({"revision": 1, "lives_alone": True}),
    "addMember": Sample({"name": "李四"}),
    "updateMember": Sample({"name": "李四", "phone": "13700000000"}),
    "leaveHousehold": Sample(),
    "revealMember": Sample(LOOK),
    "recordConsent": Sample(lambda h: {"given_to": h["nobody"], "kind": "voice"}, place=BUILDING),
    "withdrawConsent": Sample(place=BUILDING),
    "listCases": Sample(query={"place": MACHIDUN}),
    "recordCase": Sample(case_body),
    "addCaseEvent": Sample({"category": "suspected", "effective_on": "2020-03-02", "source": "矩阵"}),
    "closeCaseEvent": Sample({"outcome": "released", "outcome_on": TODAY, "reason": "矩阵"}),
    "revealCase": Sample(LOOK),
    "listDailyRecords": Sample(query={"place": READY}),
    "recordDays": Sample(lambda h: {"entries": [{"place_code": h["code"], "day": TODAY, "entrances": 9}]}),
    "recordSameAsBefore": Sample(lambda h: {"place_code": h["code"], "day": TODAY}),
    "getReadiness": Sample(),
    "applyForCertification": Sample(lambda h: {"unit": h["code"]}),
    "listCertifications": Sample(query={"unit": MACHIDUN}),
    "getCertification": Sample(),
    "takeUpCertification": Sample(seen, needs=P.REVIEW_SUBDISTRICT),
    "approveCertification": Sample(seen),
    "rejectCertification": Sample(seen, needs=P.REVIEW_SUBDISTRICT),
    "withdrawCertification": Sample(seen),
    "returnCertification": Sample(lambda h: {**seen(h), "items": ["disinfection"]}, needs=P.REVIEW_SUBDISTRICT),
    "resubmitCertification": Sample({"revision": 2}),
    "publishCertification": Sample({"revision": 2, "contact": a.OFFICE}),
    "certifyCertification": Sample({"revision": 2}),
    "revokeCertification": Sample(seen),
    "signBatch": Sample(lambda h: {"district": h["district"]}, place=DONGXIHU),
    "listObjections": Sample(),
    "takeDownObjection": Sample(lambda h: {"application_id": h["noticed"], "text": "夜里有人进出", "channel": "phone"}),
    "revealObjector": Sample(LOOK),
    "answerObjection": Sample({"revision": 1, "action": "admit", "reason": "受理"}),
}  # fmt: skip


def operations(app):
    """(operation id, declared, method, rule) of every route of ours."""
    for rule in app.url_map.iter_rules():
        declared = getattr(app.view_functions[rule.endpoint], "_apidoc", {}).get("operation")
        if declared:
            yield declared["id"], declared, min(rule.methods - {"HEAD", "OPTIONS"}), rule


@pytest.fixture
def have(world, app):
    """Real things of Machidun, by the name they have in the routes."""
    home, member = things.household(app)
    noticed = a.published(world, SECOND)
    filed = a.filed(world)
    with app.app_context(), unit_of_work():  # where a case stops neither of the two
        db.session.add(Place(code=THIRD, name="矩阵苑", kind="compound", parent_code=MACHIDUN, households=9))
    answer = world.chen.post("/cases", {**case_body({"code": THIRD}), "person": things.NAME})
    assert answer.status_code == 201, answer.text
    objected = world.public.post(f"/public/notices/{noticed['id']}/objections", {"text": "夜里有人进出"})
    agreed = world.li.post(f"/households/{home}/consents", things.consent(app)).json
    posts = world.li.get("/role-assignments", place=MACHIDUN, limit=100).json["items"]
    return {
        "code": READY, "building": BUILDING, "district": DONGXIHU, "household_id": home, "member_id": member,
        "consent_id": agreed["id"], "case_id": answer.json["id"], "event_id": answer.json["events"][0]["id"],
        "application_id": filed["id"], "noticed": noticed["id"], "objection_id": objected.json["id"],
        "assignment_id": next(p["id"] for p in posts if p["user_name"] == "li"),
        "nobody": things.person(app, "nobody"),
    }  # fmt: skip


def gone(have):
    """The same names, of things that are not there."""
    places = {"code": GONE, "building": f"{GONE}-001", "district": "420199"}
    return {
        name: places.get(name) or (value if name == "nobody" else str(uuid.uuid4())) for name, value in have.items()
    }


def ask(hand, method, rule, sample, have):
    path = rule.rule
    names = {"application_id": "noticed"} if rule.endpoint.endswith("raise_objection") else {}
    for argument in rule.arguments:
        converter = "place_code" if argument == "code" else "uuid"
        path = path.replace(f"<{converter}:{argument}>", str(have[names.get(argument, argument)]))
    body = sample.sent(have)
    how = (
        {"data": body, "content_type": "text/csv"}
        if isinstance(body, bytes)
        else {"json": body}
        if body is not None
        else {}
    )
    headers = {"Idempotency-Key": key(), **({"Authorization": f"Bearer {hand.token}"} if hand.token else {})}
    query = {
        name: GONE if value != MACHIDUN and have["code"] == GONE else value
        for name, value in (sample.query or {}).items()
    }
    return hand.app.test_client().open(path, method=method, query_string=query, headers=headers, **how)


def holds(part, permission, place):
    held = part.role and any(each in GRANTS[part.role] for each in any_of(permission))
    return bool(held and place.startswith(part.place))


def rows_of(owner):
    """What the database holds, table by table; a look for someone by phone is itself an audited act."""
    tables = [t for (t,) in owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")]
    digest = "SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) FROM {} t {}"
    skipped = {"rate_limit"}
    return {
        table: owner.execute(
            digest.format(table, "WHERE action <> 'find_by_phone'" if table == "audit_event" else "")
        ).fetchone()
        for table in tables
        if table not in skipped
    }


def test_every_operation_has_its_sample(app):
    served = {name for name, *_ in operations(app)}
    assert served == set(SAMPLES), f"add a sample for {served - set(SAMPLES)}, drop {set(SAMPLES) - served}"


def test_what_is_public_asks_no_one_to_sign_in(app, world, have):
    for name, declared, method, rule in operations(app):
        if str(declared["needs"]).startswith("public"):
            answer = ask(world.public, method, rule, SAMPLES[name], have)
            fine = answer.status_code < 300 or (name == "refreshSession" and answer.json["code"] == "session_ended")
            assert fine, f"{name}: {answer.status_code} {answer.text}"


def test_nobody_enters_without_a_token_that_is_valid_now(app, world, have, owner):
    with app.app_context():
        wang = uuid.UUID(things.person(app, "wang"))
        expired = issue_access_token(wang, clock.now() - timedelta(hours=1))
    before = rows_of(owner)
    for hand in (world.public, Hand(app, "expired", expired), Hand(app, "forged", expired[:-4] + "AAAA")):
        for name, declared, method, rule in operations(app):
            if not str(declared["needs"]).startswith("public"):
                answer = ask(hand, method, rule, SAMPLES[name], have)
                assert answer.status_code == 401, (
                    f"{hand.name or 'anonymous'} {name}: {answer.status_code} {answer.text}"
                )
    assert rows_of(owner) == before


def test_nothing_of_machidun_leaks_to_or_is_changed_by_those_not_in_charge(app, world, have, owner):
    for part in PARTS:
        world.hand(part.name)  # signing in is an act of its own
    before, missing, faults = rows_of(owner), gone(have), []
    for name, declared, method, rule in operations(app):
        needs, sample = declared["needs"], SAMPLES[name]
        if str(needs).startswith("public") or needs == SIGNED_IN:
            continue
        for part in PARTS:
            if holds(part, sample.needs or needs, sample.place) or holds(part, sample.needs or needs, READY):
                continue
            answer = ask(world.hand(part.name), method, rule, sample, have)
            insider = holds(part, needs, READY)
            fine = answer.status_code in ((403, 404, 409) if insider else (403, 404)) or _sees_nothing(answer)
            if not fine:
                faults.append(f"{name} by {part.name}: {answer.status_code} {answer.text[:120]}")
            of_nothing = None if insider else ask(world.hand(part.name), method, rule, sample, missing)
            if of_nothing is not None and _told(answer, rule) != _told(of_nothing, rule):
                faults.append(
                    f"{name} by {part.name}: a foreign object does not answer as a missing one: {answer.text[:200]}"
                )
    after = rows_of(owner)
    faults += [
        f"{table} changed: {before[table]} → {after[table]}" for table in before if before[table] != after[table]
    ]
    assert not faults, "\n".join(faults)


def _sees_nothing(answer):
    return answer.status_code == 200 and answer.json.get("items") == []


def _told(answer, rule):
    """What a person learns: status, code and words; where a place is meant no words, for the register is public."""
    return answer.status_code, answer.json.get("code"), answer.json.get("detail") if rule.arguments - {"code"} else None
