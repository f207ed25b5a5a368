"""What the generated tests ask of medicine: a request for each operation, who may make it, and the things it is about:
requests of he's home at every stage."""

from typing import Any

from tests.cast import Cast
from tests.core.sample import Have, Sample
from tests.factories import groupbuy as g
from tests.factories import medicine as m
from tests.groupbuy.samples import seen, with_

HOUSEHOLD, CHECKERS, PLANNERS = {"he"}, {"wang", "li", "chen"}, {"feng"}
READERS = HOUSEHOLD | CHECKERS
KNOW = READERS | PLANNERS
CARE = READERS | {"liu"}  # look after what runs out
AT_DOORS = CARE | {"feng", "qian", "hu", "yang"}  # may take down a request, with a photo and the household's word
WHY = "矩阵测试"
LOOK = {"purpose": "check"}


def of_request(acts: set[str], sees: set[str] = frozenset(), body: Any = None, name: str = "wanted") -> Sample:
    return Sample(body, acts=acts, sees=sees, at={"request_id": name})


def asks(have: Have) -> dict[str, Any]:
    return m.body(household_id=have["home"], consent="in_person", photo_ids=[])


def ids_of(name: str) -> Any:
    return lambda have: [have[name]]


REQUESTS = {
    "fileMedicineRequest": Sample(asks, acts=AT_DOORS),
    # Of tang's home there is one on a trip (trip_samples), which yang has set out on.
    "listMedicineRequests": Sample(query=lambda have: {"place": have["code"]}, acts=KNOW | {"tang", "yang"}),
    "listPatients": Sample(acts=CARE, at={"household_id": "home"}),
    "getMedicineRequest": of_request(KNOW),
    "repeatMedicineRequest": of_request(READERS, PLANNERS, {"consent": "voice"}),
    "checkMedicineRequest": of_request(CHECKERS, HOUSEHOLD | PLANNERS, seen("wanted")),
    "askAboutMedicineRequest": of_request(CHECKERS, HOUSEHOLD | PLANNERS, seen("wanted", question=WHY)),
    "amendMedicineRequest": of_request(
        READERS - {"wang"}, PLANNERS | {"wang"}, seen("asked_request", note=WHY, consent="voice"), "asked_request"
    ),
    "cancelMedicineRequest": of_request(READERS, PLANNERS, seen("wanted")),
    "revealMedicineRequest": of_request(READERS, PLANNERS, LOOK),
    "answerMedicineQuestion": Sample({"accept": True, "consent": "voice"}, acts=READERS, sees=PLANNERS),
}

CARED_FOR = {
    "takePaper": of_request(CHECKERS, HOUSEHOLD | PLANNERS, {"what": "identity_card"}),
    "listCustodyReceipts": of_request(KNOW, name="papered"),
    "listCarriedPapers": Sample(acts={"wang"}),
    "signPaperOver": Sample(
        seen("taken", consent="voice"), acts=READERS - {"wang"}, sees=PLANNERS | {"wang"}, at={"receipt_id": "taken"}
    ),
    "givePaperBack": Sample(
        seen("held"), acts=CHECKERS, sees=HOUSEHOLD | PLANNERS, at={"receipt_id": "held"}
    ),
    "signPaperBack": Sample(
        seen("given_back", consent="voice"), acts=READERS - {"wang"}, sees=PLANNERS | {"wang"},
        at={"receipt_id": "given_back"},
    ),
    "listMedicineCourses": Sample(acts=HOUSEHOLD),
    "requestCourses": Sample(with_(course_ids=ids_of("course_id"), consent="voice"), acts=CARE),
    "revealMedicineCourse": Sample(LOOK, acts=READERS, sees={"liu"}),
    "stopMedicineCourse": Sample({"consent": "voice"}, acts=CARE, at={"course_id": "other_course"}),
    "sendMedicinePhoto": Sample(
        m.jpeg(), lambda have: {"household": have["home"]}, acts=AT_DOORS, mimetype="image/jpeg"
    ),
    "lookAtMedicinePhoto": Sample(LOOK, acts=READERS, sees=PLANNERS, at={"photo_id": "box_photo"}),
}  # fmt: skip

SAMPLES: dict[str, Sample] = {**REQUESTS, **CARED_FOR}

# The same operations on other things, where others have a part in them.
MORE = {
    "listMedicineRequests": (Sample(query=lambda have: {"household": have["home"]}, acts=KNOW | {"yang"}),),
    "listMedicineCourses": (Sample(query=lambda have: {"place": have["code"]}, acts=CARE),),
    "lookAtMedicinePhoto": (Sample(LOOK, acts={"qian"}, at={"photo_id": "door_photo"}),),
}

# --- The things -------------------------------------------------------------------------------------------------

REVISED = ("medicine_request", "custody_receipt")


def things(cast: Cast, app: Any, owner: Any, home: str) -> Have:
    """By the names they have in the routes, or are given in `at`; with the revision of each."""
    have = {**requests(cast, app, home), **papers(cast), **courses(cast, app, owner)}
    revisions = {
        key: n for table in REVISED for key, n in owner.execute(f"SELECT id::text, revision FROM {table}").fetchall()
    }
    return have | {f"{name}_revision": revisions[each] for name, each in have.items() if each in revisions}


def requests(cast: Cast, app: Any, home: str) -> Have:
    """One just made, with its photo; one asked about; one with a question from the counter."""
    box = m.photo(cast, "he")
    filed = m.filed(cast, "he", {}, photo_ids=[box])
    asked = g.ok(m.act(cast, "wang", m.filed(cast, "he", {}), "ask-info", question=WHY))
    buying = m.checked(cast, "he", {})
    m.walk(app, buying, "plan", "buy")
    question = m.asked(app, buying, 0, "price", 9000)
    return {
        "wanted": filed["id"], "asked_request": asked["id"], "question_id": question, "box_photo": box,
        "door_photo": m.photo(cast, "qian", home),
    }  # fmt: skip


def papers(cast: Cast) -> Have:
    """Three that wang carries: not signed for yet, signed for, given back."""
    request = m.checked(cast, "he", {})
    taken, held, back = (
        m.taken(cast, "wang", request, what) for what in ("prescription", "identity_card", "insurance_card")
    )
    for receipt in (held, back):
        g.ok(m.sign(cast, "he", receipt, "sign-over"))
    g.ok(m.sign(cast, "wang", {**back, "revision": 2}, "give-back"))
    return {"papered": request["id"], "taken": taken["id"], "held": held["id"], "given_back": back["id"]}


def courses(cast: Cast, app: Any, owner: Any) -> Have:
    """Two that run out today."""
    m.walk(app, m.checked(cast, "he", {**m.PILLS, "name": "二甲双胍片"}, {**m.PILLS, "name": "他汀片"}), *m.DELIVERED)
    owner.execute("UPDATE medicine_course SET runs_out_on = current_date")
    first, second = g.ok(cast.he.get("/medicine-courses"))["items"]
    return {"course_id": first["id"], "other_course": second["id"]}
