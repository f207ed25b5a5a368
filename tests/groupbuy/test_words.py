"""What the database lets a state be is what the code calls it: autogenerate compares no CHECKs, so this does."""

import re

import psycopg
import pytest

from backend.groupbuy.arrivals.allocation import Policy
from backend.groupbuy.changes.models import ChangeKind, ChangeRequest, ChangeStatus, Waiting, WaitingStatus
from backend.groupbuy.claims.models import Claim, ClaimKind, ClaimStatus, Recall, RecallStatus
from backend.groupbuy.models import Campaign, CampaignStatus
from backend.payments.models import Method, Payment, PaymentStatus, Refund, RefundStatus
from tests.factories import groupbuy as g

WORDS = [
    (Campaign, "status", CampaignStatus),
    (Campaign, "policy", Policy),
    (Waiting, "status", WaitingStatus),
    (ChangeRequest, "status", ChangeStatus),
    (ChangeRequest, "kind", ChangeKind),
    (Claim, "status", ClaimStatus),
    (Claim, "kind", ClaimKind),
    (Recall, "status", RecallStatus),
    (Payment, "status", PaymentStatus),
    (Payment, "method", Method),
    (Refund, "status", RefundStatus),
    (Refund, "method", Method),
]


@pytest.mark.parametrize("model, column, words", WORDS, ids=[f"{m.__tablename__}.{c}" for m, c, _ in WORDS])
def test_the_database_the_model_and_the_code_use_the_same_words(owner, model, column, words):
    name = f"ck_{model.__tablename__}_{column}"
    query = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s AND convalidated"
    (held,) = owner.execute(query, [name]).fetchone()
    (said,) = [c.sqltext.text for c in model.__table__.constraints if c.name == name]
    assert set(re.findall(r"'(\w+)'", held)) == set(re.findall(r"'(\w+)'", said)) == {str(word) for word in words}
    assert max(map(len, words)) <= model.__table__.c[column].type.length


def test_a_word_of_nobodys_is_refused(world, owner):
    campaign = g.opened(world)
    for column in ("status", "policy"):
        with pytest.raises(psycopg.errors.CheckViolation, match=f"ck_campaign_{column}"):
            owner.execute(f"UPDATE campaign SET {column} = 'opened' WHERE id = %s", [campaign["id"]])
