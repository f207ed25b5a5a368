"""Every operation × every actor, generated from the routes: nothing leaks, nothing changes, and what lies outside
one's sight answers exactly as what does not exist. A new route without a sample fails here."""

import re
import uuid
from datetime import timedelta

import pytest

from backend.core import clock
from backend.core.auth import issue_access_token
from backend.core.operation import any_of
from backend.core.permissions import GRANTS
from backend.core.settings import settings
from tests.cast import PARTS, READY, Hand, key
from tests.core import things
from tests.core.samples import GONE, KEPT, MORE, OF_NOBODY, SAMPLES, everything


@pytest.fixture
def have(world, app, owner, tmp_path, monkeypatch):
    monkeypatch.setitem(settings, "FILE_STORAGE", f"file:{tmp_path / 'files'}")
    return everything(world, app, owner)


def operations(app):
    """(operation id, declared, method, rule) of every route of ours."""
    for rule in app.url_map.iter_rules():
        declared = getattr(app.view_functions[rule.endpoint], "_apidoc", {}).get("operation")
        if declared:
            yield declared["id"], declared, min(rule.methods - {"HEAD", "OPTIONS"}), rule


def gone(have):
    """The same names, of things that are not there."""
    places = {"code": GONE, "building": f"{GONE}-001", "district": "420199"}
    return {
        name: places.get(name) or (value if name in KEPT or isinstance(value, int) else str(uuid.uuid4()))
        for name, value in have.items()
    }


def ask(hand, method, rule, sample, have):
    path = rule.rule
    for argument in rule.arguments:
        path = re.sub(rf"<\w+:{argument}>", str(have[sample.at.get(argument, argument)]), path)
    body = sample.sent(have)
    how = (
        {"data": body, "content_type": sample.mimetype}
        if isinstance(body, bytes)
        else {"json": body}
        if body is not None
        else {}
    )
    headers = {"Idempotency-Key": key(), **({"Authorization": f"Bearer {hand.token}"} if hand.token else {})}
    query = sample.asked(have)
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
            fine = fine or (name == "showApp" and answer.status_code == 503)  # where nobody has built it
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


def stands(part, sample, needs):
    """What the part is to the sample's thing: `acts`, `sees` it, or is a `stranger` to it."""
    if sample.acts is not None:
        return "acts" if part.name in sample.acts else "sees" if part.name in sample.sees else "stranger"
    if any(holds(part, sample.needs or needs, place) for place in (sample.place, READY)):
        return "acts"
    return "sees" if holds(part, needs, READY) else "stranger"


def test_nothing_of_machidun_leaks_to_or_is_changed_by_those_not_in_charge(app, world, have, owner):
    for part in PARTS:
        world.hand(part.name)  # signing in is an act of its own
    before, missing, faults = rows_of(owner), gone(have), []
    for name, declared, method, rule in operations(app):
        if str(declared["needs"]).startswith("public") or name in OF_NOBODY:
            continue
        for sample in (SAMPLES[name], *MORE.get(name, ())):
            for part in PARTS:
                faults += trespass(world.hand(part.name), name, declared, method, rule, sample, have, missing, part)
    after = rows_of(owner)
    faults += [
        f"{table} changed: {before[table]} → {after[table]}" for table in before if before[table] != after[table]
    ]
    assert not faults, "\n".join(faults)


def trespass(hand, name, declared, method, rule, sample, have, missing, part):
    """What one person got who should have got nothing."""
    standing = stands(part, sample, declared["needs"])
    if standing == "acts":
        return
    answer = ask(hand, method, rule, sample, have)
    if answer.status_code not in ((403, 404, 409) if standing == "sees" else (403, 404)) and not _sees_nothing(answer):
        yield f"{name} by {part.name}: {answer.status_code} {answer.text[:120]}"
    if standing == "stranger":
        told, of_nothing = _told(answer, rule), _told(ask(hand, method, rule, sample, missing), rule)
        if told != of_nothing:
            yield f"{name} by {part.name}: a foreign object does not answer as a missing one: {told} / {of_nothing}"


def test_those_in_charge_are_shown_it_and_may_act(app, world, have):
    """What hides a sample's thing from strangers is that they are strangers: those it concerns see it, and are at most
    told that its state has changed meanwhile."""
    faults, now = [], {200, 201, 204, 409}
    everything = [
        (name, method, rule, sample)
        for name, _, method, rule in operations(app)
        for sample in (SAMPLES[name], *MORE.get(name, ()))
    ]
    for name, method, rule, sample in sorted(everything, key=lambda each: each[1] != "GET"):
        who = sorted(sample.acts or ())
        for one in who if method == "GET" else who[:1]:
            answer = ask(world.hand(one), method, rule, sample, have)
            said = answer.json.get("code") if answer.data and answer.is_json else None
            even = said == "more_than_lost"  # no loss to bear: the books are even
            if not (answer.status_code in now or even) or _sees_nothing(answer):
                faults.append(f"{name} by {one}: {answer.status_code} {answer.text[:200]}")
    assert not faults, "\n".join(faults)


def _sees_nothing(answer):
    """An empty list, or a queue in which one has no place."""
    return (
        answer.status_code == 200
        and answer.data
        and answer.is_json
        and answer.json.get("items", answer.json.get("mine")) == []
    )


def _told(answer, rule):
    """What a person learns: status, code and words; where a place is meant no words, for the register is public."""
    return answer.status_code, answer.json.get("code"), answer.json.get("detail") if rule.arguments - {"code"} else None
