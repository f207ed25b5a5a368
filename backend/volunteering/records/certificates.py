"""What people did: a team's sums, one's own, and a certificate of service that anyone can check."""

import hashlib
import secrets
import uuid
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import or_, select

from backend.core import audit, clock
from backend.core.auth import Actor
from backend.core.errors import DomainError, Forbidden, NotFound
from backend.core.models import within
from backend.core.permissions import Permission as P
from backend.extensions import db
from backend.people.models import User
from backend.volunteering.records.models import Certificate
from backend.volunteering.records.work import Tally, tallies
from backend.volunteering.teams.members import find as find_volunteer
from backend.volunteering.teams.members import require_edit
from backend.volunteering.teams.models import Team, Volunteer

LONGEST = timedelta(days=366)
TEAM_AT_MOST = 500
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is mistaken for something else on paper
DRAWN = 10


class Did(NamedTuple):
    """What one member of a team did."""

    volunteer: Volunteer
    tally: Tally


def refuse_period(since: date, until: date) -> None:
    if not since <= until <= clock.today() or until - since > LONGEST:
        detail = "请填一段不超过一年、到今天为止的时间，开始不晚于结束。"
        raise DomainError("bad_period", detail, errors=[{"field": "/since", "detail": detail}])


def of_team(actor: Actor, team_id: uuid.UUID, since: date, until: date) -> tuple[Tally, list[Did]]:
    """The team's sum, and each member who did something in the period, also who has left meanwhile; in the order they
    joined: it is no ranking."""
    refuse_period(since, until)
    seen = select(Team.id).where(Team.id == team_id, within(Team.place_code, actor.scope(P.TEAM_READ)))
    if db.session.scalar(seen) is None:
        raise NotFound("群众工作队")
    members = select(Volunteer).where(Volunteer.team_id == team_id).order_by(Volunteer.id).limit(TEAM_AT_MOST)
    people = {one.id: one for one in db.session.scalars(members)}
    done = tallies(people, since, until)
    return sum(done.values(), Tally()), [Did(one, done[id_]) for id_, one in people.items() if id_ in done]


def of_oneself(actor: Actor, since: date, until: date) -> Tally:
    refuse_period(since, until)
    ids = db.session.scalars(select(Volunteer.id).where(Volunteer.user_id == actor.id)).all()
    return sum(tallies(ids, since, until).values(), Tally())


# --- Certificates -----------------------------------------------------------------------------------------------


def issue(actor: Actor, volunteer_id: uuid.UUID, since: date, until: date) -> Certificate:
    """Certifies what was verified in the period, by the office; nobody certifies themselves. The number cannot be
    guessed, so whoever has it has the paper."""
    volunteer = find_volunteer(actor, volunteer_id)
    require_edit(actor, volunteer)
    if volunteer.user_id == actor.id:
        raise Forbidden("not_to_oneself", "不能给自己开证明，请另一位社区工作者办理。")
    refuse_period(since, until)
    tally = _in_the_community(volunteer, since, until)
    if not tally.tasks:
        raise DomainError("nothing_done", "这段时间没有已核实的任务，请换一段时间，或先核实已完成的任务。")
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(DRAWN))
    certificate = Certificate(
        number=f"{clock.today():%Y%m%d}-{drawn}",
        user_id=volunteer.user_id,
        place_code=volunteer.team.place_code,
        since=since,
        until=until,
        **{name: getattr(tally, name) for name in ("tasks", "minutes", "stops", "grams")},
        issued_by=actor.id,
    )
    certificate.digest = digest(certificate, volunteer.user.name)
    db.session.add(certificate)
    db.session.flush()
    audit.record("certificate", "issue", actor, certificate, place_code=certificate.place_code)
    return certificate


def _in_the_community(volunteer: Volunteer, since: date, until: date) -> Tally:
    """All they did there, also as a member of an earlier team."""
    same = select(Volunteer.id).join(Team, Team.id == Volunteer.team_id)
    ids = same.where(Volunteer.user_id == volunteer.user_id, Team.place_code == volunteer.team.place_code)
    return sum(tallies(db.session.scalars(ids).all(), since, until).values(), Tally())


def digest(certificate: Certificate, name: str) -> str:
    """SHA-256 of all that is printed."""
    said = [getattr(certificate, each) for each in ("number", "place_code", "since", "until", "tasks", "minutes")]
    said += [certificate.stops, certificate.grams, name]
    return hashlib.sha256("|".join(map(str, said)).encode()).hexdigest()


def seen(actor: Actor) -> Any:
    """A select of the actor's own certificates, and of those their office issued."""
    own = or_(Certificate.user_id == actor.id, within(Certificate.place_code, actor.scope(P.TEAM_EDIT)))
    return select(Certificate).where(own)


def mine(actor: Actor) -> Any:
    return select(Certificate).where(Certificate.user_id == actor.id)


def find(actor: Actor, certificate_id: uuid.UUID) -> Certificate:
    found = db.session.scalars(seen(actor).where(Certificate.id == certificate_id)).one_or_none()
    if found is None:
        raise NotFound("服务证明")
    return found


def to_print(actor: Actor, certificate_id: uuid.UUID) -> tuple[Certificate, str]:
    """With the name in clear, for the paper; audited like any look."""
    certificate = find(actor, certificate_id)
    audit.record("certificate", "print", actor, certificate, place_code=certificate.place_code)
    return certificate, db.session.get_one(User, certificate.user_id).name


def by_number(number: str) -> Certificate:
    found = db.session.scalars(select(Certificate).where(Certificate.number == number)).one_or_none()
    if found is None:
        raise NotFound("服务证明")
    return found


def is_of(number: str, name: str) -> bool:
    """Whether the paper with this number bears this name: for whoever holds it. The answer tells no name."""
    certificate = by_number(number)
    return secrets.compare_digest(digest(certificate, name), certificate.digest)
