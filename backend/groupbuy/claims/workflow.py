"""The flow of a claim and of a recall, as tables of Steps."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from backend.core.auth import Actor
from backend.core.permissions import Permission as P
from backend.core.workflow import Move, Step, Workflow
from backend.extensions import db
from backend.groupbuy.claims.models import UNDECIDED, Claim, ClaimStatus, Recall, RecallStatus
from backend.groupbuy.workflow import campaigns_of
from backend.people.households import acted_for

C, R = ClaimStatus, RecallStatus
# Three parties, and nobody is two of them in one claim.
HOUSEHOLD, ORGANISER, COMMUNITY = "household", "organiser", "community"
ORGANISER_ANSWERS, HOUSEHOLD_ANSWERS = timedelta(hours=48), timedelta(hours=72)


def parties(claims: Sequence[Claim], actor: Actor) -> dict[uuid.UUID, set[str]]:
    """What the actor is in each claim. Whoever the household is, is nothing else in it: nobody decides their own."""
    homes = set(db.session.scalars(acted_for(actor)))
    organised = campaigns_of([claim.campaign for claim in claims], actor)
    found: dict[uuid.UUID, set[str]] = defaultdict(set)
    for claim in claims:
        if claim.household_id in homes:
            found[claim.id] = {HOUSEHOLD}
        elif actor.id in (claim.campaign.organiser_id, claim.campaign.deputy_id):
            found[claim.id] = {ORGANISER} if claim.campaign_id in organised else set()
        else:
            found[claim.id] = _by_post(claim, actor)
    return found


def _by_post(claim: Claim, actor: Actor) -> set[str]:
    helps, decides = actor.may(P.ORDER_FOR_OTHERS, claim.place_code), actor.may(P.CAMPAIGN_APPROVE, place_of(claim))
    return {party for party, is_it in ((HOUSEHOLD, helps), (COMMUNITY, decides)) if is_it}


def place_of(claim: Claim) -> str:
    """The campaign's: its community decides, also where neighbours have joined."""
    return claim.campaign.place_code


def _wait_for_organiser(claim: Claim, move: Move) -> None:
    claim.answer_by = move.now + ORGANISER_ANSWERS


def _answered(claim: Claim, move: Move) -> None:
    """Answered: what was said, and how long the household may think about it."""
    claim.answer = move.reason
    claim.offered_fen = move.data.get("amount_fen")
    claim.answer_by = move.now + HOUSEHOLD_ANSWERS


def _pass_on(claim: Claim, move: Move) -> None:
    claim.answer_by = None


def _end(claim: Claim, move: Move) -> None:
    claim.answer_by = None
    claim.answer = move.reason or claim.answer


def _give(claim: Claim, move: Move) -> None:
    _end(claim, move)
    claim.refund_fen = move.data["amount_fen"]


def _take_offer(claim: Claim, move: Move) -> None:
    claim.answer_by, claim.refund_fen = None, claim.offered_fen


CLAIM = Workflow(
    name="claim",
    visible=P.PLACE_READ,
    place_of=place_of,
    owned=lambda claims, actor: {claim_id for claim_id, found in parties(claims, actor).items() if found},
    steps=(
        Step("accept", {C.OPEN}, C.ACCEPTED, "同意退款", lane=ORGANISER, effect=_give, owner=True),
        Step("offer", {C.OPEN}, C.OFFERED, "提出退款金额", lane=ORGANISER, effect=_answered, owner=True),
        Step(
            "decline", {C.OPEN}, C.DECLINED, "不同意", lane=ORGANISER, needs_reason=True, effect=_answered, owner=True
        ),
        Step("agree", {C.OFFERED}, C.AGREED, "接受", lane=HOUSEHOLD, effect=_take_offer, owner=True),
        Step(
            "escalate",
            {C.OPEN, C.OFFERED, C.DECLINED},
            C.ESCALATED,
            "请社区裁定",
            lane=HOUSEHOLD,
            effect=_pass_on,
            owner=True,
        ),
        Step(
            "withdraw",
            {C.OPEN, C.OFFERED, C.DECLINED},
            C.WITHDRAWN,
            "撤回",
            lane=HOUSEHOLD,
            effect=_end,
            owner=True,
        ),
        Step("accept", {C.ESCALATED}, C.ACCEPTED, "裁定退款", lane=COMMUNITY, effect=_give, owner=True),
        Step(
            "refuse", {C.ESCALATED}, C.REFUSED, "裁定不退", lane=COMMUNITY, needs_reason=True, effect=_end, owner=True
        ),
        # Silence: an organiser's sends the claim to the community; a household's takes what was offered, or lets it be.
        Step("pass_on", {C.OPEN}, C.ESCALATED, "团长逾期未答复，转社区", effect=_pass_on),
        Step("let_stand", {C.OFFERED}, C.AGREED, "住户逾期未答复，按提出的金额退款", effect=_take_offer),
        Step("let_stand", {C.DECLINED}, C.REFUSED, "住户逾期未答复，不退款", effect=_end),
        Step("cover", UNDECIDED, C.COVERED, "商品已召回", effect=_end),
    ),
)


# --- A recall ---------------------------------------------------------------------------------------------------


def recalls_of(recalls: Sequence[Recall], actor: Actor) -> set[uuid.UUID]:
    organised = campaigns_of([recall.campaign for recall in recalls], actor)
    return {recall.id for recall in recalls if recall.campaign_id in organised}


def _destroy(recall: Recall, move: Move) -> None:
    recall.destroyed_by, recall.destroyed_at = move.actor.id, move.now
    recall.destroyed_quantity, recall.destroyed_where = move.data["quantity"], move.data["where"]


def _witness(recall: Recall, move: Move) -> None:
    recall.witness_id = move.actor.id


RECALL = Workflow(
    name="recall",
    visible=P.PLACE_READ,
    place_of=lambda recall: recall.campaign.place_code,
    owned=recalls_of,
    steps=(
        Step(
            "destroy",
            {R.OPEN, R.DESTROYED},
            R.DESTROYED,
            "记录销毁",
            P.CAMPAIGN_APPROVE,
            "destroys",
            effect=_destroy,
            owner=True,
        ),
        Step("witness", {R.DESTROYED}, R.CLOSED, "见证销毁", P.HANDOUT, "witnesses", effect=_witness),
    ),
)
