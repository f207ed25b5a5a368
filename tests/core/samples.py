"""Every operation's sample, and the real things of Machidun that the samples are about."""

from backend.core import clock
from backend.core.permissions import Permission as P
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.places.models import Place
from tests.cast import BUILDING, DONGXIHU, MACHIDUN, READY, SECOND
from tests.core import things
from tests.core.sample import Sample
from tests.factories import applications as a
from tests.groupbuy import samples as group_buy
from tests.medicine import samples as medicine
from tests.medicine import trip_samples as trips
from tests.volunteering import plan_samples as plans
from tests.volunteering import samples as volunteering
from tests.volunteering import task_samples as tasks

GONE, THIRD = f"{MACHIDUN}-998", f"{MACHIDUN}-003"
LOOK, TODAY = {"purpose": "verify"}, clock.today().isoformat()


def seen(have):
    return {"revision": 2, "reason": "矩阵测试"}


def case_body(have):
    return {"place": have["code"], "category": "fever", "effective_on": "2020-03-01", "source": "矩阵"}


SAMPLES = {
    **dict.fromkeys(["livez", "readyz", "getPlace", "listChildren", "getPublicPlace", "showPublicPlace"], Sample()),
    **dict.fromkeys(["listNotices", "listBatches", "listDemoPeople", "followObjection"], Sample()),
    **dict.fromkeys(["showDesk", "showApp", "getInbox"], Sample()),
    "searchPlaces": Sample(query={"words": "马池"}),
    "signIn": Sample({"code": "console-matrix"}),
    "refreshSession": Sample({"refresh_token": "unknown"}),
    "signOut": Sample({"refresh_token": "unknown"}),
    "raiseObjection": Sample({"text": "夜里有人进出"}, at={"application_id": "noticed"}),
    "getMe": Sample(),
    "listActsFor": Sample(acts={"wang"}),
    "updateMe": Sample({"print_step": 4}),
    "markInboxSeen": Sample({"until": "2020-03-01T08:00:00+08:00"}),
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
    "bindMember": Sample(lambda h: {"user_id": h["nobody"]}),
    "revealMember": Sample(LOOK),
    "recordConsent": Sample(lambda h: {"given_to": h["nobody"], "kind": "voice"}, place=BUILDING),
    "withdrawConsent": Sample(place=BUILDING, needs=P.CONSENT_RECORD),
    "getHousehold": Sample(place=BUILDING, needs=P.HOUSEHOLD_READ),
    "listConsents": Sample(place=BUILDING, needs=P.CONSENT_RECORD),
    "listCases": Sample(query={"place": MACHIDUN}),
    "recordCase": Sample(case_body),
    "addCaseEvent": Sample({"category": "suspected", "effective_on": "2020-03-02", "source": "矩阵"}),
    "closeCaseEvent": Sample({"outcome": "released", "outcome_on": TODAY, "reason": "矩阵"}),
    "revealCase": Sample(LOOK),
    "listDailyRecords": Sample(query=lambda h: {"place": h["code"]}),
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
    **group_buy.SAMPLES,
    **medicine.SAMPLES,
    **trips.SAMPLES,
    **tasks.SAMPLES,
    **plans.SAMPLES,
    **volunteering.SAMPLES,
}  # fmt: skip
MORE = {**group_buy.MORE, **medicine.MORE}
# What everyone may ask who has signed in, or who holds the post anywhere: there is no thing of anyone's behind it.
OF_NOBODY = {
    **dict.fromkeys(
        ["getMe", "updateMe", "getInbox", "markInboxSeen"],
        "tells of oneself alone",
    ),
    **dict.fromkeys(["getMyVolunteering", "getMyServiceRecord", "listMyCertificates"], "tells of oneself alone"),
    "getTrialBalance": "sums of the whole ledger by kind of account: it names no place, no one, no campaign",
}
# Names that also stand for what is there where the rest is missing: they are public, or nobody's secret.
KEPT = {"nobody", "community", "grid", "kind", "shop", "share", "loose", "point"}


def everything(world, app, owner):
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
    bought = group_buy.things(world, app, owner)
    posts = world.li.get("/role-assignments", place=MACHIDUN, limit=100).json["items"]
    return {
        "code": READY, "building": BUILDING, "district": DONGXIHU, "household_id": str(home), "member_id": str(member),
        "consent_id": agreed["id"], "case_id": answer.json["id"], "event_id": answer.json["events"][0]["id"],
        "application_id": filed["id"], "noticed": noticed["id"], "objection_id": objected.json["id"],
        "assignment_id": next(p["id"] for p in posts if p["user_name"] == "li"),
        "nobody": things.person(app, "nobody"), **bought, **medicine.things(world, app, owner, bought["home"]),
        **trips.things(world, app, owner),
        **tasks.things(world, app, owner),
        **plans.things(world, app),
        **volunteering.things(world, app, owner),
    }  # fmt: skip
