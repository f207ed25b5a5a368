"""What the generated tests ask of volunteering: a request for each operation, who may make it, and the things it is
about: a volunteer of Machidun without a phone, a relative of li's, and what is kept of them."""

import uuid
from datetime import timedelta
from typing import Any

from backend.core import clock
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.volunteering.records.models import Leave
from backend.volunteering.teams import coverage
from tests.cast import BUILDING, MACHIDUN, UNIT, Cast
from tests.core import things as core
from tests.core.sample import Have, Sample
from tests.factories import groupbuy as g
from tests.factories import volunteers as v
from tests.groupbuy.samples import seen, with_

OFFICE, GRID, HEAD, COORDINATOR, ABOVE = {"li", "chen"}, {"wang"}, {"liu"}, {"feng"}, {"zhao", "sun"}
DISTRICT = {"zhou", "wu"}
ASSIGN = OFFICE | GRID | COORDINATOR
SPEAKERS = ASSIGN | HEAD  # for a volunteer without a phone who lives in 1栋
READERS = SPEAKERS | ABOVE
HELPERS = {*SPEAKERS, "qian", "hu", "yang"}
WHY, LOOK = "矩阵测试", {"purpose": "verify"}
YEAR = {"since": (clock.today() - timedelta(days=300)).isoformat(), "until": clock.today().isoformat()}
OFFER = {"kind": "resident_volunteer", "base_code": BUILDING, "minutes_a_day": 60}
NEW_LEAVE = {"place_code": MACHIDUN, "day": (clock.today() + timedelta(days=2)).isoformat()}
REVISED = ("mass_work_team", "volunteer", "appointment", "incident")


def of_volunteer(acts: set[str], sees: set[str] = frozenset(), body: Any = None, name: str = "volunteer_id") -> Sample:
    return Sample(body, acts=acts, sees=sees, at={"volunteer_id": name})


def of_appointment(name: str, acts: set[str], sees: set[str], **more: Any) -> Sample:
    return Sample(seen(name, **more), acts=acts, sees=sees, at={"appointment_id": name})


def of_community() -> Sample:
    return Sample(acts=READERS - HEAD | DISTRICT, at={"code": "community"})


def told(have: Have) -> dict[str, Any]:
    account = {"kind": "verbal", "happened_at": clock.now().isoformat(), "account": WHY}
    return {**account, "household_id": str(have["household_id"])}


def renamed(have: Have) -> dict[str, Any]:
    return {"revision": have["team_id_revision"], "name": WHY}


TEAMS = {
    "listTeams": Sample(query={"place": MACHIDUN}),
    "createTeam": Sample(lambda have: {"place_code": have["code"], "name": WHY}),
    "renameTeam": Sample(renamed, acts=OFFICE),
    "addVolunteer": Sample({**OFFER, "name": WHY, "consent": "voice"}, acts=OFFICE),
    "listVolunteers": Sample(query={"place": MACHIDUN}, acts=READERS),  # liu: those who set out from 1栋
    "getMyVolunteering": Sample(),
    "getVolunteer": of_volunteer(READERS),
    "changeVolunteer": of_volunteer(SPEAKERS, ABOVE, seen("volunteer_id", minutes_a_day=30)),
    "leaveTeam": of_volunteer(OFFICE, READERS - OFFICE, seen("leaver"), "leaver"),
    "revealVolunteer": of_volunteer(ASSIGN, READERS - ASSIGN, LOOK),
    "addRelative": of_volunteer(OFFICE, READERS - OFFICE, with_(user_id=lambda have: have["nobody"])),
    "removeRelative": of_volunteer(OFFICE, READERS - OFFICE, with_(user_id=lambda have: have["kin"])),
    "sayFitToday": of_volunteer(SPEAKERS, ABOVE, {"fit": True}),
    "appointVolunteer": of_volunteer(
        {"li", *ABOVE}, READERS, with_(role="gate_duty", place_code=lambda have: have["code"])
    ),
    "listAppointments": Sample(acts={"li", *ABOVE, *DISTRICT}),
    "confirmAppointment": of_appointment("appointment_id", ABOVE | DISTRICT, {"li"}),
    "refuseAppointment": of_appointment("refusable", ABOVE | DISTRICT, {"li"}, reason=WHY),
    "withdrawAppointment": of_appointment("withdrawable", {"li"}, ABOVE | DISTRICT),
    "getCoverage": of_community(),
    "getCoverageForecast": of_community(),
    "listVacancies": Sample(acts=OFFICE),
    "recordLeave": Sample(lambda have: {**NEW_LEAVE, "user_id": have["grid"]}, acts=OFFICE),
    "cancelLeave": Sample(acts=OFFICE),
}

RECORDS = {
    "getTeamRecords": Sample(query=YEAR, acts=READERS - HEAD),
    "getMyServiceRecord": Sample(query=YEAR),
    "issueCertificate": of_volunteer(OFFICE, READERS - OFFICE, YEAR, "served"),
    "listMyCertificates": Sample(),
    "getCertificate": Sample(acts=OFFICE),
    "revealCertificate": Sample(acts=OFFICE),
    "checkCertificate": Sample(at={"number": "certificate_number"}),
    "matchCertificate": Sample({"name": WHY}, at={"number": "certificate_number"}),
    "recordIncident": Sample(told, acts=HELPERS),
    "listIncidents": Sample(acts=ASSIGN),
    "revealIncident": Sample(LOOK, acts=OFFICE, sees=GRID | COORDINATOR),
    "liftIncident": Sample(
        seen("liftable", reason=WHY), acts=OFFICE, sees=GRID | COORDINATOR, at={"incident_id": "liftable"}
    ),
}

SAMPLES = {**TEAMS, **RECORDS}


def things(cast: Cast, app: Any, owner: Any) -> Have:
    """By the names they have in the routes, or are given in `at`; with the revision of each."""
    home, _ = core.household(app, "1201", UNIT)
    have = {"community": MACHIDUN, **members(cast, app), **kept(cast, app, owner, str(home))}
    revisions = {
        key: n for table in REVISED for key, n in owner.execute(f"SELECT id::text, revision FROM {table}").fetchall()
    }
    return have | {f"{name}_revision": revisions[each] for name, each in have.items() if each in revisions}


def members(cast: Cast, app: Any) -> Have:
    """A volunteer, one who is about to leave, and a relative of li's whose three appointments wait."""
    one, leaver, cousin = (str(v.volunteer(app, name)) for name in ("孙桂英", "周小兰", "李小妹"))
    kin, li = core.person(app, "tang"), core.person(app, "li")
    g.ok(cast.chen.post(f"/volunteers/{one}/relatives", {"user_id": kin}))
    g.ok(cast.chen.post(f"/volunteers/{cousin}/relatives", {"user_id": li}))
    waiting = [
        g.ok(cast.li.post(f"/volunteers/{cousin}/appointments", {"role": role, "place_code": MACHIDUN}), 201)
        for role in ("gate_duty", "care_support", "supply_purchaser")
    ]
    names = ("appointment_id", "refusable", "withdrawable")
    asked = {name: each["appointment_id"] for name, each in zip(names, waiting, strict=True)}
    team = g.ok(cast.li.get("/teams", place=MACHIDUN))["items"][0]["id"]
    return {"team_id": team, "volunteer_id": one, "leaver": leaver, "kin": kin, **asked}


def kept(cast: Cast, app: Any, owner: Any, home: str) -> Have:
    """A certificate, two incidents, posts that have stood empty too long, a day of leave."""
    one = v.volunteer(app, "吴大有")
    v.worked(app, one)
    certificate = g.ok(cast.li.post(f"/volunteers/{one}/certificates", YEAR), 201)
    account = {"kind": "verbal", "happened_at": clock.now().isoformat(), "account": WHY}
    incidents = [g.ok(cast.wang.post("/incidents", {**account, "household_id": home}), 201)["id"] for _ in range(2)]
    owner.execute("UPDATE mass_work_team SET created_at = now() - interval '25 hours'")
    grid = core.person(app, "wang")
    with app.app_context():
        coverage.look_for_vacancies()
    with app.app_context(), unit_of_work():
        who = {"user_id": uuid.UUID(grid), "recorded_by": uuid.UUID(core.person(app, "li"))}
        leave = Leave(place_code=MACHIDUN, day=clock.today() + timedelta(days=5), **who)
        db.session.add(leave)
        leave_id = str(leave.id)
    return {
        "certificate_id": certificate["id"], "certificate_number": certificate["number"],
        "incident_id": incidents[0], "liftable": incidents[1], "leave_id": leave_id, "grid": grid, "served": str(one),
    }  # fmt: skip
