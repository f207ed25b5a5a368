"""What the generated tests ask of trips: pharmacies, lists, counters, doors, refused goods and the cash of the evening.
yang is on the way; he's home waits; a neighbour's is offered what another has refused."""

import uuid
from typing import Any

from tests.cast import MACHIDUN, Cast
from tests.core.sample import Have, Sample
from tests.factories import medicine as m
from tests.factories import tasks as t
from tests.factories import trips as trip
from tests.factories.groupbuy import ok
from tests.groupbuy.samples import id_of, seen, with_

PLANNERS, MONEY, HOUSEHOLD, SHOPPER = {"wang", "li", "chen", "feng"}, {"li", "chen"}, {"he"}, {"yang"}
SORT = PLANNERS - {"feng"}  # may look into a bag
HELPERS = {"liu", "hu", "yang", "qian"}
WHY = "other"
LOOK = {"purpose": "verify"}
HERE = {"place": MACHIDUN}
CASH = {"amount_fen": 100, "receipt": "矩阵-M"}
SEALED = {**m.PLASTERS, "name": "矩阵退热贴"}


def of_trip(name: str, acts: set[str], sees: set[str] = frozenset(), body: Any = None, **at: str) -> Sample:
    return Sample(body, acts=acts, sees=sees, at={"trip_id": name, **at})


def at_the_counter(body: Any) -> Sample:
    return of_trip("under_way", SHOPPER, PLANNERS, body)


def of_goods(name: str, acts: set[str], sees: set[str] = frozenset(), body: Any = None) -> Sample:
    return Sample(body, acts=acts, sees=sees, at={"purchase_id": name})


def of_request(name: str, acts: set[str], sees: set[str] = frozenset(), body: Any = None) -> Sample:
    return Sample(body, acts=acts, sees=sees, at={"request_id": name})


def cash(have: Have) -> dict[str, Any]:
    return {"user_id": have["shopper"], **CASH}


PURCHASE = {"quantity": 1, "fen": 100, "batch": "B1", "expires_on": "2099-01-01"}
QUESTION = {"kind": "price", "fen": 9900}

SAMPLES: dict[str, Sample] = {
    "addPharmacy": Sample({"place_code": MACHIDUN, "name": "矩阵药店", **trip.SHOP}),
    "listPharmacies": Sample(acts=PLANNERS | HELPERS),
    "updatePharmacy": Sample(seen("pharmacy_id", cold=True), acts=PLANNERS),
    "reportStock": Sample({"name": "退热贴", "has": True}, acts=PLANNERS | HELPERS),
    "reportQueue": Sample({"minutes": 10}, acts=PLANNERS | HELPERS),
    "planMedicineTrips": Sample({"place_code": MACHIDUN}),
    "openMedicineTrip": Sample(with_(place_code=lambda h: MACHIDUN, pharmacy_id=id_of("pharmacy_id"))),
    "listMedicineTrips": Sample(query=HERE, acts=PLANNERS | SHOPPER),
    "getMedicineTrip": of_trip("under_way", PLANNERS | SHOPPER),
    "addToTrip": of_trip("open_trip", PLANNERS, body=seen("open_trip", request_id=id_of("to_plan"))),
    "removeFromTrip": of_trip("open_trip", PLANNERS, body=seen("open_trip", request_id=id_of("listed"))),
    "stepMedicineTrip": of_trip("open_trip", PLANNERS, body=seen("open_trip", action="seal")),
    "revealShoppingList": at_the_counter({"purpose": "buy"}),
    "buyMedicine": at_the_counter(with_(line_id=id_of("wanted_line"), **PURCHASE)),
    "correctPurchase": of_goods("at_counter", SHOPPER, body=seen("at_counter", fen=200)),
    "missMedicine": at_the_counter(with_(line_id=id_of("other_line"), reason="out_of_stock")),
    "askBeforePaying": at_the_counter(with_(line_id=id_of("third_line"), **QUESTION)),
    "addReceiptPhoto": Sample(m.jpeg(), acts=SHOPPER, at={"trip_id": "under_way"}, mimetype="image/jpeg"),
    "lookAtReceipt": Sample(LOOK, acts=MONEY | SHOPPER, at={"photo_id": "receipt_photo"}),
    "showTripPass": of_trip("under_way", PLANNERS | SHOPPER),
    "checkTripPass": Sample(at={"trip_id": "under_way", "code": "pass_code"}),
    "unpackPackage": of_trip("handing_trip", SORT, {"feng"}, number="one"),
    "showDoorCode": of_request("delivering", HOUSEHOLD, PLANNERS),
    "handOverMedicine": of_request("delivering", PLANNERS, body={"by": "code", "said": "x"}),
    "refuseMedicine": of_request("delivering", PLANNERS | HOUSEHOLD, body={"refusal": "other"}),
    "listMedicineGoods": Sample(query=HERE),
    "listCandidates": of_goods("kept", PLANNERS),
    "returnToPharmacy": of_goods("kept", MONEY, body=seen("kept", back_fen=100, receipt="矩阵-R")),
    "writeOffGoods": of_goods("kept", MONEY, body=seen("kept", loss="broken")),
    "offerGoods": of_goods("kept", PLANNERS, body=seen("kept", request_id=id_of("candidate"))),
    "listMedicineOffers": Sample(acts=PLANNERS | {"liu", "tang"}),
    "answerOffer": Sample(
        seen("offer_id", accept=False, consent="voice"), acts={"tang", "wang", "li", "chen", "liu"}, sees={"feng"}
    ),
    "withdrawOffer": Sample(seen("offer_id"), acts=PLANNERS),
    "advanceCash": of_trip("under_way", MONEY, body=CASH),
    "remitTripCash": of_trip("under_way", MONEY, body=cash),
    "reimburseVolunteer": of_trip("under_way", MONEY, body=cash),
    "reconcileTrip": of_trip("aborted_trip", PLANNERS, body=seen("aborted_trip")),
    "listMedicineBalances": Sample(query=HERE),
    "beginMedicinePayment": of_request("delivered", HOUSEHOLD, MONEY, {"method": "wechat"}),
    "listMedicinePayments": of_request("delivered", HOUSEHOLD | MONEY),
    "recordMedicineReceipt": of_request(
        "delivered", MONEY, body={"method": "cash", "amount_fen": 100, "receipt": "矩阵-C"}
    ),
    "getTripStatement": of_trip("under_way", MONEY),
}


# --- The things -------------------------------------------------------------------------------------------------

REVISED = ("pharmacy", "medicine_trip", "medicine_purchase", "medicine_offer")


def things(cast: Cast, app: Any, owner: Any) -> Have:
    """By the names they have in the routes, or are given in `at`; with the revision of each."""
    shop = trip.pharmacy(cast)
    have = {"pharmacy_id": shop["id"], "one": 1}
    for stage in (listed, going, broken_off, handing):
        have |= stage(cast, app, shop)
    revisions = {
        key: n for table in REVISED for key, n in owner.execute(f"SELECT id::text, revision FROM {table}").fetchall()
    }
    return have | {f"{name}_revision": revisions[each] for name, each in have.items() if each in revisions}


def his(cast: Cast, *lines: dict[str, Any]) -> dict[str, Any]:
    return m.checked(cast, "he", *lines)


def listed(cast: Cast, app: Any, shop: dict[str, Any]) -> Have:
    """One trip that is still open, with one request on it and one beside it."""
    first, second = his(cast), his(cast)
    return {"open_trip": trip.opened(cast, shop, first)["id"], "listed": first["id"], "to_plan": second["id"]}


def going(cast: Cast, app: Any, shop: dict[str, Any]) -> Have:
    """yang is at the counter with cash in hand; one line is bought, three are not."""
    yang = t.helper(app, "yang")
    request = his(cast, *[{"ceiling_fen": 6000} for _ in range(4)])
    made = trip.at_the_counter(cast, "yang", shop, request)
    ok(trip.advance(cast, made, 10_000), 201)
    bought = ok(trip.buy(cast, "yang", made, request["lines"][0]), 201)
    photo = trip.photographed(cast, "yang", made)
    return {
        "under_way": made["id"], "wanted_line": request["lines"][1]["id"], "other_line": request["lines"][2]["id"],
        "third_line": request["lines"][3]["id"], "at_counter": bought["id"], "receipt_photo": photo["id"],
        "pass_code": trip.pass_path(app, made).rsplit("/", 1)[1],
        "shopper": str(t.v.user_of(app, uuid.UUID(yang))),
    }  # fmt: skip


def broken_off(cast: Cast, app: Any, shop: dict[str, Any]) -> Have:
    t.helper(app, "矩阵甲")
    made = trip.at_the_counter(cast, "矩阵甲", shop, his(cast))
    return {"aborted_trip": ok(trip.step(cast, "矩阵甲", made, "abort", reason=WHY))["id"]}


def handing(cast: Cast, app: Any, shop: dict[str, Any]) -> Have:
    """One bag waits at the door, one was handed over and is being paid for, two were refused, one of these offered."""
    t.helper(app, "矩阵乙")
    other = {**SEALED, "name": "矩阵碘伏"}
    requests = [his(cast), his(cast), his(cast, SEALED), his(cast, other)]
    made = trip.at_the_counter(cast, "矩阵乙", shop, *requests)
    goods = [trip.bought(cast, "矩阵乙", made, request, 1000)[0]["id"] for request in requests]
    trip.back(cast, "矩阵乙", made)
    ok(trip.hand_over(cast, "li", requests[1]))
    ok(cast.he.post(f"/medicine-requests/{requests[1]['id']}/payments", {"method": "wechat", "amount_fen": 10}), 201)
    for request in requests[2:]:
        ok(trip.refuse(cast, "li", request))
    return {
        "handing_trip": made["id"], "delivering": requests[0]["id"], "delivered": requests[1]["id"],
        "kept": goods[2], **offered(cast, goods[3], other),
    }  # fmt: skip


def offered(cast: Cast, goods_id: str, other: dict[str, Any]) -> Have:
    wishes = [m.checked(cast, "tang", line) for line in (SEALED, other)]
    revision = next(one["revision"] for one in trip.goods(cast) if one["id"] == goods_id)
    wish = {"revision": revision, "request_id": wishes[1]["id"]}
    made = ok(cast.li.post(f"/medicine-goods/{goods_id}/offers", wish), 201)
    return {"candidate": wishes[0]["id"], "offer_id": made["id"]}
