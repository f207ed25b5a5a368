"""What the generated tests ask of payments and of the group buy: a request for each operation, who may make it, and
the things it is about: campaigns of hu's at every stage, with orders of he's home."""

from datetime import timedelta
from typing import Any

from backend.core import clock
from tests.cast import READY, SECOND, Cast
from tests.core.sample import Have, Sample
from tests.factories import arrivals, changes, claims, handout
from tests.factories import groupbuy as g

# Who of the cast is what to them. yang organises at the same place: other campaigns.
ORGANISER, COMMUNITY, HOUSEHOLD = {"hu"}, {"li", "chen"}, {"he"}
IN_CHARGE = ORGANISER | COMMUNITY
SPEAKERS = {*HOUSEHOLD, *COMMUNITY, "wang", "liu"}  # for the household, or on its behalf
READERS = {*SPEAKERS, *ORGANISER, "feng"}
PARTNERS = {*IN_CHARGE, "yang"}  # speak for a neighbouring compound
HELPERS = {*IN_CHARGE, "wang", "feng", "qian", "yang"}  # hand out at the compound
AUDITORS = {"zhao", "sun", "zhou", "wu"}
WHY = "矩阵测试"


def seen(name: str, **more: Any) -> Any:
    """The body of a step on one of the things: at its present revision, so that nothing else refuses it."""

    def body(have: Have) -> dict[str, Any]:
        return {"revision": have[f"{name}_revision"], **filled(have, more)}

    return body


def with_(**more: Any) -> Any:
    return lambda have: filled(have, more)


def filled(have: Have, more: dict[str, Any]) -> dict[str, Any]:
    return {name: value(have) if callable(value) else value for name, value in more.items()}


def id_of(name: str) -> Any:
    return lambda have: have[name]


def of_campaign(name: str, acts: set[str] = ORGANISER, sees: set[str] = frozenset(), body: Any = None) -> Sample:
    return Sample(body, acts=acts, sees=sees, at={"campaign_id": name})


def of_order(name: str, acts: set[str], sees: set[str] = frozenset(), body: Any = None, **at: str) -> Sample:
    return Sample(body, acts=acts, sees=sees, at={"order_id": name, **at})


def later(**ahead: int) -> str:
    return (clock.now() + timedelta(**ahead)).isoformat()


def campaign_body(have: Have) -> dict[str, Any]:
    return g.body(place_code=have["code"])


def redrafted(have: Have) -> dict[str, Any]:
    written = {name: value for name, value in campaign_body(have).items() if name != "place_code"}
    return {"revision": have["plain_revision"], **written}


def money(have: Have) -> dict[str, Any]:
    return {"organiser_id": have["nobody"], "amount_fen": 100, "receipt": "矩阵-1"}


def line(have: Have) -> dict[str, Any]:
    return {"item_id": have["share"], "quantity": 1}


LOWER = {"item_id": id_of("share"), "cost_fen": 800, "freight_fen": 60, "organiser_fen": 40}
SUBSTITUTE = {"name": "鸡肉", "price_fen": 500, "quantity": 1, "answer_by": lambda have: later(hours=1)}
PAYOUT = {"what": "supplier", "amount_fen": 100, "receipt": "矩阵-1"}
CHANGE = {"kind": "hardship", "reason": WHY}
CLAIM = {"item_id": id_of("had_item"), "quantity": 1, "kind": "spoiled", "text": WHY, "consent": "voice"}

CAMPAIGNS = {
    "listPublicCampaigns": Sample(),
    "getPublicCampaign": Sample(at={"campaign_id": "shop"}),
    "getPriceSheet": Sample(at={"campaign_id": "shop"}),
    "skipAheadInDemo": Sample(at={"campaign_id": "shop"}),
    "listCampaigns": Sample(query=lambda have: {"place": have["code"]}, acts=IN_CHARGE),
    "draftCampaign": Sample(campaign_body),
    "getCampaign": of_campaign("drafted", IN_CHARGE),
    "redraftCampaign": of_campaign("plain", ORGANISER, COMMUNITY, redrafted),
    "approveCampaign": of_campaign("drafted", COMMUNITY, ORGANISER, seen("drafted", reason=WHY)),
    "publishCampaign": of_campaign("plain", ORGANISER, COMMUNITY, seen("plain")),
    "extendCampaign": of_campaign("opened", body=seen("opened", cut_off_at=lambda have: later(days=2))),
    "lowerPrice": of_campaign("opened", body=seen("opened", **LOWER)),
    "askToJoin": of_campaign("opened", PARTNERS, body=with_(place_code=SECOND, households=9, reason=WHY)),
    "listJoinRequests": Sample(acts=PARTNERS),
    "getJoinRequest": Sample(acts=PARTNERS),
    "acceptJoining": Sample(seen("request_id"), acts=ORGANISER, sees=PARTNERS - ORGANISER),
    "refuseJoining": Sample(seen("request_id", reason=WHY), acts=ORGANISER, sees=PARTNERS - ORGANISER),
    "withdrawJoining": Sample(seen("request_id"), acts=PARTNERS),
    "cancelCampaign": of_campaign("opened", IN_CHARGE, body=seen("opened", reason=WHY)),
    "getCaseFill": of_campaign("locked", IN_CHARGE),
    "fillCase": of_campaign("locked", ORGANISER, COMMUNITY, with_(item_id=id_of("locked_item"))),
    "orderFromSupplier": of_campaign("locked", body=seen("locked")),
    "dispatchCampaign": of_campaign("bought", body=seen("bought")),
    "payOut": of_campaign("bought", ORGANISER, COMMUNITY, with_(**PAYOUT, **{"from": "organiser"})),
    "remitCash": of_campaign("bought", COMMUNITY, ORGANISER, money),
    "reimburse": of_campaign("bought", COMMUNITY, ORGANISER, lambda have: {**money(have), "from": "merchant"}),
    "receiveGrant": of_campaign("bought", COMMUNITY, ORGANISER, with_(**{"for": "fund"}, amount_fen=1, receipt="G")),
    "bearLoss": of_campaign("bought", COMMUNITY, ORGANISER, with_(amount_fen=100, reason=WHY)),
    "getCampaignStatement": of_campaign("bought", IN_CHARGE | AUDITORS),
    "getTrialBalance": Sample(),
    "settleCampaign": of_campaign("handing", body=seen("handing")),
}  # fmt: skip

GOODS = {
    "showArrivals": of_campaign("bought", HELPERS),
    "recordArrival": of_campaign(
        "bought", body=seen("bought", counts=lambda have: [{**line(have), "item_id": have["bought_item"], "lot": "1"}])
    ),
    "consentToWake": of_campaign("bought", {"li", "feng"}, body=with_(reason=WHY)),
    "weighOrders": of_campaign(
        "handing", body=seen("handing", weights=lambda have: [
            {"order_id": have["called_order"], "item_id": have["handing_item"], "grams": 400}
        ])
    ),
    "offerSubstitute": of_campaign("arrived", body=with_(item_id=id_of("arrived_item"), **SUBSTITUTE)),
    "answerSubstitute": of_order(
        "asked_order", SPEAKERS, READERS - SPEAKERS, with_(accept=False), substitute_id="substitute_id"
    ),
    "explainOrder": of_order("asked_order", READERS),
    "handOut": of_campaign("arrived", body=seen("arrived")),
    "callNext": of_campaign("handing", HELPERS),
    "getQueue": of_campaign("point", HOUSEHOLD),
    "listHandOut": of_campaign("handing", HELPERS),
    "recordHanded": of_campaign(
        "handing", HELPERS, body=lambda have: {"order_ids": [have["called_order"]], "at": clock.now().isoformat()}
    ),
    "printSheet": of_campaign("handing", HELPERS),
    "getPickup": of_order("called_order", HOUSEHOLD),
    "collectOrder": of_order("called_order", HELPERS | {"liu"}, body=seen("called_order")),
    "skipNumber": of_order("called_order", HELPERS | {"liu"}, body=seen("called_order")),
    "deliverOrder": of_order("door_order", HELPERS | {"liu"}, body=seen("door_order")),
    "missOrder": of_order("door_order", HELPERS | {"liu"}, body=seen("door_order")),
    "giveUpOrder": of_order("missed_order", HELPERS | {"liu"}, body=seen("missed_order", reason=WHY)),
    "recallLot": of_campaign(
        "handed", IN_CHARGE, body=with_(item_id=id_of("had_item"), lot="猪-1", reason=WHY)
    ),
    "listCampaignRecalls": of_campaign("recalled", HELPERS),
    "getRecall": of_campaign("recalled", HELPERS),
    "recordDestruction": of_campaign(
        "recalled", IN_CHARGE, HELPERS - IN_CHARGE, seen("recall_id", quantity=1, where="西门")
    ),
    "witnessDestruction": Sample(
        seen("destroyed"), acts=HELPERS, at={"campaign_id": "recalled", "recall_id": "destroyed"}
    ),
    "listMyRecalls": Sample(acts=HOUSEHOLD),
}  # fmt: skip

ORDERS = {
    # The household is what strangers must not find: the campaign is everyone's.
    "placeOrder": Sample(
        lambda have: {"campaign_id": have["shop"], "lines": [{"item_id": have["loose"], "quantity": 1}],
                      "household_id": have["home"], "consent": "voice"}, acts=SPEAKERS
    ),
    "joinWaiting": of_campaign(
        "shop", SPEAKERS, body=lambda have: {**line(have), "household_id": have["home"], "consent": "voice"}
    ),
    "listMyOrders": Sample(query=lambda have: {"campaign": have["opened"]}, acts=HOUSEHOLD),
    "listCampaignOrders": of_campaign("opened", READERS - HOUSEHOLD),
    "getOrder": of_order("order_id", READERS),
    "cancelOrder": of_order("order_id", SPEAKERS, READERS - SPEAKERS, seen("order_id")),
    "offerExtra": of_order("order_id", SPEAKERS, READERS - SPEAKERS, with_(item_id=id_of("loose"), quantity=1)),
    "listWaiting": of_campaign("opened", READERS),
    "leaveWaiting": Sample(seen("entry_id"), acts=SPEAKERS, sees=READERS - SPEAKERS),
    "askForChange": of_order("locked_order", SPEAKERS, READERS - SPEAKERS, with_(**CHANGE)),
    "listChanges": Sample(acts=SPEAKERS),
    "getChange": Sample(acts=SPEAKERS, at={"change_id": "hardship"}),
    "withdrawChange": Sample(seen("hardship"), acts=SPEAKERS, at={"change_id": "hardship"}),
    "grantHardship": Sample(
        seen("hardship", reason=WHY), acts=COMMUNITY, sees=SPEAKERS - COMMUNITY, at={"change_id": "hardship"}
    ),
    "refuseHardship": Sample(
        seen("hardship", reason=WHY), acts=COMMUNITY, sees=SPEAKERS - COMMUNITY, at={"change_id": "hardship"}
    ),
    "acceptTransfer": Sample(
        seen("transfer", consent="voice"), acts=SPEAKERS - HOUSEHOLD, sees=HOUSEHOLD, at={"change_id": "transfer"}
    ),
    "declineTransfer": Sample(
        seen("transfer"), acts=SPEAKERS - HOUSEHOLD, sees=HOUSEHOLD, at={"change_id": "transfer"}
    ),
    "fileClaim": of_order("had_order", SPEAKERS, READERS - SPEAKERS, with_(**CLAIM)),
    "sendPhoto": Sample(
        claims.jpeg(), lambda have: {"order": have["had_order"]}, acts=SPEAKERS, sees=READERS - SPEAKERS,
        mimetype="image/jpeg",
    ),
    "getPhoto": Sample(acts=HOUSEHOLD | IN_CHARGE),
    "listOrderClaims": of_order("had_order", SPEAKERS | ORGANISER, {"feng"}),
    "listCampaignClaims": of_campaign("handed", SPEAKERS | ORGANISER),
    "getClaim": Sample(acts=SPEAKERS | ORGANISER),
    "acceptClaim": Sample(
        seen("claim_id", amount_fen=100), acts=ORGANISER, sees=SPEAKERS
    ),
    "offerOnClaim": Sample(seen("claim_id", amount_fen=100), acts=ORGANISER, sees=SPEAKERS),
    "declineClaim": Sample(seen("claim_id", reason=WHY), acts=ORGANISER, sees=SPEAKERS),
    "escalateClaim": Sample(seen("claim_id"), acts=SPEAKERS, sees=ORGANISER),
    "withdrawClaim": Sample(seen("claim_id"), acts=SPEAKERS, sees=ORGANISER),
    "agreeToOffer": Sample(seen("offered"), acts=SPEAKERS, sees=ORGANISER, at={"claim_id": "offered"}),
    "refuseClaim": Sample(
        seen("escalated", reason=WHY), acts=COMMUNITY, sees=SPEAKERS | ORGANISER, at={"claim_id": "escalated"}
    ),
}  # fmt: skip

PAYMENTS = {
    "beginPayment": of_order("order_id", HOUSEHOLD, IN_CHARGE, {"method": "wechat"}),
    "listPayments": of_order("order_id", HOUSEHOLD | IN_CHARGE),
    "prepay": Sample(acts=HOUSEHOLD),
    "checkPayment": Sample(acts=HOUSEHOLD | IN_CHARGE),
    "payInDemo": Sample(),
    "recordReceipt": of_order(
        "order_id", IN_CHARGE, HOUSEHOLD, {"method": "cash", "amount_fen": 100, "receipt": "矩阵-2"}
    ),
    "listRefunds": Sample(acts=IN_CHARGE),
    "handBackRefund": Sample({"receipt": "矩阵-3"}, acts=IN_CHARGE),
    "getHouseholdStatement": Sample(acts=HOUSEHOLD | COMMUNITY, at={"household_id": "home"}),
}

SAMPLES: dict[str, Sample] = {**CAMPAIGNS, **GOODS, **ORDERS, **PAYMENTS}

# The same operations on other things, where others have a part in them.
MORE = {
    "listMyOrders": (Sample(query=lambda have: {"household": have["home"]}, acts=READERS),),
    "listWaiting": (
        Sample(query=lambda have: {"household": have["home"]}, acts=READERS, at={"campaign_id": "opened"}),
    ),
    "listChanges": (Sample(query=lambda have: {"order": have["change_order"]}, acts=SPEAKERS),),
    "getPhoto": (
        Sample(acts=HOUSEHOLD, at={"photo_id": "spare_photo"}),
        Sample(acts=HELPERS, at={"photo_id": "recall_photo"}),
    ),
    "acceptClaim": (
        Sample(
            seen("escalated", amount_fen=100), acts=COMMUNITY, sees=SPEAKERS | ORGANISER, at={"claim_id": "escalated"}
        ),
    ),
    "payOut": (of_campaign("bought", COMMUNITY, ORGANISER, with_(**PAYOUT, **{"from": "community_float"})),),
    "sendPhoto": (
        Sample(claims.jpeg(), lambda have: {"recall": have["recall_id"]}, acts=HELPERS, mimetype="image/jpeg"),
    ),
}

# --- The things -------------------------------------------------------------------------------------------------

EGGS = {"name": "鸡蛋", "share_label": "盒", "cost_fen": 2000, "total": 100, "cap": 5}
AT_DOOR = {"terms": "on_delivery"}
REVISIONS = "SELECT id::text, revision FROM {}"
REVISED = ("campaign", "group_order", "claim", "recall", "change_request", "waiting_entry", "join_request")


def things(cast: Cast, app: Any, owner: Any) -> Have:
    """By the names they have in the routes, or are given in `at`; with the revision of each."""
    home = g.home(app, "1101", "he")
    g.home(app, "1102", "tang")
    have = {"home": home, "kind": "pickup"}
    for stage in (drafted, opened, locked, short, handing, handed, recalled):
        have |= stage(cast, app, owner)
    revisions = {key: n for table in REVISED for key, n in owner.execute(REVISIONS.format(table)).fetchall()}
    return have | {f"{name}_revision": revisions[each] for name, each in have.items() if each in revisions}


def campaign_of(cast: Cast, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return g.opened(cast, *items, place_code=READY, allows_on_delivery=True, **more)


def drafted(cast: Cast, app: Any, owner: Any) -> Have:
    subsidised = g.drafted(cast, {"subsidy_fen": 100}, place_code=READY)
    return {"drafted": subsidised["id"], "plain": g.drafted(cast, place_code=READY)["id"]}


def opened(cast: Cast, app: Any, owner: Any) -> Have:
    """Pork is sold out, and waited for; he is about to pay; a neighbour paid in cash and cancelled. The
    second compound asks to join another one."""
    campaign = campaign_of(cast, {"total": 2, "cap": 2}, EGGS)
    his = g.ordered(cast, "he", campaign, 2, 1)
    payment = g.ok(cast.he.post(f"/orders/{his['id']}/payments", {"method": "wechat"}), 201)
    g.ok(cast.he.post(f"/payments/{payment['id']}/prepay"))
    theirs = arrivals.neighbour(cast, campaign, "1103", 0, 1)
    g.ok(cast.liu.post(f"/orders/{theirs['id']}/cancel", {"revision": arrivals.show(cast, theirs)["revision"]}))
    refund = g.ok(cast.hu.get("/refunds"))["items"][0]
    entry = changes.waits(cast, "he", campaign)
    pork, eggs = (item["id"] for item in campaign["items"])
    request = g.ok(g.asks_to_join(cast, campaign_of(cast), SECOND, "yang"), 201)
    return {
        "opened": campaign["id"], "shop": campaign["id"], "share": pork, "loose": eggs, "order_id": his["id"],
        "request_id": request["id"],
        "payment_id": payment["id"], "refund_id": refund["id"], "entry_id": entry["id"],
    }  # fmt: skip


def locked(cast: Cast, app: Any, owner: Any) -> Have:
    """Two campaigns after the cut-off; of the second the supplier has the order."""
    campaign, other = campaign_of(cast, {"case_size": 6}), campaign_of(cast)
    first, second, third = (g.ordered(cast, "he", campaign, 1, **AT_DOOR) for _ in range(3))
    g.ordered(cast, "he", other, 1, **AT_DOOR)
    for each in (campaign, other):
        changes.cut_off(app, owner, each)
    changes.ordered_from_supplier(cast, other)
    hardship = changes.asks(cast, "he", first, "hardship")
    transfer = changes.asks(cast, "he", second, "transfer", to_household_id=g.home(app, "1104"))
    return {
        "locked": campaign["id"], "locked_item": campaign["items"][0]["id"], "locked_order": third["id"],
        "hardship": hardship["id"], "change_order": first["id"], "transfer": transfer["id"],
        "bought": other["id"], "bought_item": other["items"][0]["id"],
    }  # fmt: skip


def short(cast: Cast, app: Any, owner: Any) -> Have:
    """One of three came, more may come, and he is asked about something else meanwhile."""
    campaign = campaign_of(cast)
    wish = g.asked(campaign, 3, **AT_DOOR)
    wish["lines"][0]["substitution"] = "ask"
    his = g.ok(cast.he.post("/orders", wish), 201)
    arrivals.locked(cast, owner, campaign)
    g.ok(arrivals.truck(cast, campaign, 1, last=False))
    item = campaign["items"][0]["id"]
    have = {"arrived": campaign["id"], "arrived_item": item, "asked_order": his["id"]}
    offered = filled(have, {"item_id": item, **SUBSTITUTE})
    shown = g.ok(cast.hu.post(f"/campaigns/{campaign['id']}/substitutes", offered))
    return have | {"substitute_id": shown["substitutes"][0]["id"]}


def handing(cast: Cast, app: Any, owner: Any) -> Have:
    """One number is called, the next waits; one door to knock at, and one where nobody opened four days ago."""
    weighed = {"weighed": True, "grams_per_share": 500}
    campaign = campaign_of(cast, weighed, batch_size=1, at_once=2)
    for _ in range(2):
        g.ordered(cast, "he", campaign, 1, **AT_DOOR)
    door, missed = (g.ordered(cast, "he", campaign, 1, delivery="door", **AT_DOOR) for _ in range(2))
    handout.handing_out(app, cast, campaign)
    numbered = g.ok(cast.qian.post(f"/campaigns/{campaign['id']}/call-next"))["orders"][0]["order_id"]
    g.ok(handout.act(cast, "qian", arrivals.show(cast, missed), "miss"))
    owner.execute("UPDATE pickup SET missed_at = now() - interval '4 days' WHERE order_id = %s", [missed["id"]])
    handout.minutes_pass(owner, campaign, 3)  # nobody has answered to the number
    return {
        "handing": campaign["id"], "point": campaign["id"], "handing_item": campaign["items"][0]["id"],
        "called_order": numbered, "door_order": door["id"], "missed_order": missed["id"],
    }  # fmt: skip


def handed(cast: Cast, app: Any, owner: Any) -> Have:
    """He has his pork, and claims: one open, with a photo; one offered; one before the community."""
    campaign = campaign_of(cast)
    his = claims.bought(cast, "he", campaign, 5)
    claims.arrived(app, campaign, (0, "猪-1", 5))
    claims.collected(app, his)
    photo, spare = (g.ok(claims.sent(cast, "he", claims.jpeg(), order=his), 201)["id"] for _ in range(2))
    filed = claims.filed(cast, "he", his, campaign, photo_ids=[photo])
    offered, escalated = (claims.filed(cast, "he", his, campaign) for _ in range(2))
    g.ok(claims.does(cast, "hu", offered, "offer", amount_fen=100))
    g.ok(claims.does(cast, "he", escalated, "escalate"))
    return {
        "handed": campaign["id"], "had_item": campaign["items"][0]["id"], "had_order": his["id"],
        "photo_id": photo, "spare_photo": spare, "claim_id": filed["id"], "offered": offered["id"],
        "escalated": escalated["id"],
    }  # fmt: skip


def recalled(cast: Cast, app: Any, owner: Any) -> Have:
    """Two lots: one just recalled; the other destroyed, and photographed, before anyone has witnessed it."""
    campaign = campaign_of(cast, {}, EGGS)
    his = claims.bought(cast, "he", campaign, 1, 1)
    claims.arrived(app, campaign, (0, "猪-1", 1), (1, "蛋-1", 1))
    claims.collected(app, his)
    path, lots = f"/campaigns/{campaign['id']}/recalls", zip(campaign["items"], ("猪-1", "蛋-1"), strict=True)
    begun, gone = (
        g.ok(cast.hu.post(path, {"item_id": item["id"], "lot": lot, "reason": WHY}), 201) for item, lot in lots
    )
    g.ok(cast.hu.post(f"{path}/{gone['id']}/destroy", {"revision": gone["revision"], "quantity": 1, "where": "西门"}))
    photo = g.ok(claims.sent(cast, "hu", claims.jpeg(), recall=gone), 201)
    return {
        "recalled": campaign["id"], "recall_id": begun["id"], "destroyed": gone["id"], "recall_photo": photo["id"],
    }  # fmt: skip
