"""The house's own orders: 500 residents, each in a household, and as many campaigns as asked with a stock that never
runs out; with or without years of older orders in the tables."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from unittest.mock import patch

import flask_migrate
import psycopg

from backend import create_app
from backend.core import clock
from backend.core.auth import issue_access_token
from bench import engine
from bench.orders import BUYERS, STOCK, keyed, post
from bench.server import Server
from bench.world import MIGRATIONS

COMPOUND = "420112004007-001"
UNIT = f"{COMPOUND}-001-001"

PLACES = """
INSERT INTO place (code, name, kind, parent_code) VALUES ('4201', '武汉市', 'city', NULL),
  ('420112', '东西湖区', 'district', '4201'), ('420112004', '将军路街道', 'subdistrict', '420112'),
  ('420112004007', '马池墩社区', 'community', '420112004'), ('420112004007-001', '马池苑', 'compound', '420112004007'),
  ('420112004007-001-001', '1栋', 'building', '420112004007-001'),
  ('420112004007-001-001-001', '1单元', 'unit', '420112004007-001-001')"""
PEOPLE = """
WITH u AS (INSERT INTO app_user (id, name) SELECT gen_random_uuid(), 'r' || n FROM generate_series(1, %(buyers)s) n
           RETURNING id, name),
 h AS (INSERT INTO household (id, place_code, room)
       SELECT gen_random_uuid(), %(unit)s, n::text FROM generate_series(1, %(buyers)s) n RETURNING id, room),
 m AS (INSERT INTO household_member (id, household_id, is_head, name_cipher, user_id)
       SELECT gen_random_uuid(), h.id, true, '', u.id FROM h JOIN u ON u.name = 'r' || h.room)
INSERT INTO role_assignment (id, user_id, role, place_code)
SELECT gen_random_uuid(), id, 'resident', %(compound)s FROM u"""
CAMPAIGNS = """
WITH c AS (
  INSERT INTO campaign (id, place_code, title, supplier, organiser_id, status, revision, policy, policy_sentence,
    minimum_shares, opens_at, cut_off_at, pay_minutes, pickup_place, allows_door, allows_on_delivery, waive_fen,
    batch_size, at_once, batch_minutes)
  SELECT gen_random_uuid(), %(compound)s, '平价猪肉', '中百仓储', (SELECT id FROM app_user LIMIT 1), 'open', 1,
    'first_come', '先到先得', 0, now(), now() + interval '1 day', 30, '西门', true, false, 0, 10, 20, 10
  FROM generate_series(1, %(campaigns)s) RETURNING id),
 p AS (INSERT INTO campaign_place (campaign_id, place_code, joined_by)
       SELECT id, %(compound)s, (SELECT id FROM app_user LIMIT 1) FROM c)
INSERT INTO campaign_item (id, campaign_id, position, name, share_label, price_fen, cost_fen, freight_fen,
  organiser_fen, subsidy_fen, total, available, cap, case_size, weighed, perishable)
SELECT gen_random_uuid(), id, 1, '猪肉', '斤', 1000, 900, 60, 40, 0, %(stock)s, %(stock)s, %(stock)s, 1, false, true
FROM c"""
# Orders of a year ago, each with its line, its audit and its ledger, as if they had been placed and completed; spread
# over the households. Loaded without triggers: what they would check is true by construction.
OLDER = (
    "SET LOCAL session_replication_role = replica",
    """CREATE TEMP TABLE old AS SELECT gen_random_uuid() AS id, gen_random_uuid() AS booked, h.id AS household_id, n
       FROM generate_series(1, %(older)s) n JOIN (SELECT id, row_number() OVER () AS k FROM household) h
         ON h.k = n %% %(buyers)s + 1""",
    """INSERT INTO group_order (id, campaign_id, household_id, place_code, status, terms, delivery, placed_by,
         total_fen, subsidy_fen, sponsored_fen, due_fen, created_at)
       SELECT old.id, %(campaign)s, household_id, %(unit)s, 'completed', 'prepaid', 'pickup', %(user)s, 1000, 0, 0,
         1000, now() - interval '1 year' FROM old""",
    """INSERT INTO order_line (order_id, item_id, quantity, price_fen, subsidy_fen, fen, subsidised_fen, substitution,
         allocated) SELECT id, %(item)s, 1, 1000, 0, 1000, 0, 'refuse', 1 FROM old""",
    """INSERT INTO audit_event (id, subject_type, subject_id, action, new, actor_id, place_code)
       SELECT gen_random_uuid(), 'order', id, 'place', 'awaiting_payment', %(user)s, %(unit)s FROM old""",
    """INSERT INTO ledger_transaction (id, kind, book_id, subject_id, actor_id)
       SELECT booked, 'order_placed', %(campaign)s, id, %(user)s FROM old""",
    """INSERT INTO ledger_entry (transaction_id, line, account, owner, amount_fen)
       SELECT booked, 1, 'household', household_id::text, 1000 FROM old
       UNION ALL SELECT booked, 2, 'campaign', %(campaign)s::text, -1000 FROM old""",
    "DROP TABLE old",
)
OLDER_AT_ONCE = 500_000


def house(campaigns: int = 1, older: int = 0) -> Callable[[str], AbstractContextManager[dict[str, str]]]:
    @contextmanager
    def world(server: str) -> Iterator[dict[str, str]]:
        with engine.scratch_database(server) as url:
            environment = {"DATABASE_URL": url.replace("postgresql://", "postgresql+psycopg://")}
            with patch.dict(os.environ, environment), create_app().app_context():
                flask_migrate.upgrade(MIGRATIONS)
            _fill(url, campaigns, older)
            yield environment

    return world


def _fill(url: str, campaigns: int, older: int) -> None:
    sizes = {"buyers": BUYERS, "unit": UNIT, "compound": COMPOUND, "campaigns": campaigns, "stock": STOCK}
    with psycopg.connect(url) as connection:
        for statement in (PLACES, PEOPLE, CAMPAIGNS):
            connection.execute(statement, sizes)
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(older // OLDER_AT_ONCE):
            _add_older(connection, sizes)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _add_older(connection: psycopg.Connection, sizes: dict[str, object]) -> None:
    campaign, item, user = connection.execute(
        "SELECT i.campaign_id, i.id, (SELECT id FROM app_user LIMIT 1) FROM campaign_item i LIMIT 1"
    ).fetchone()
    values = {**sizes, "older": OLDER_AT_ONCE, "campaign": campaign, "item": item, "user": user}
    with connection.transaction():
        for statement in OLDER:
            connection.execute(statement, values if "%" in statement else None)


def orders(server: Server) -> Iterator[bytes]:
    """Each resident's order for each campaign's pork; tokens as the house issues them, good for 15 minutes."""
    with psycopg.connect(engine.psycopg_url(server.environment["DATABASE_URL"])) as connection:
        users = [user for (user,) in connection.execute("SELECT id FROM app_user")]
        items = connection.execute("SELECT campaign_id, id FROM campaign_item").fetchall()
    tokens = [issue_access_token(user, clock.now()) for user in users]
    pairs = zip(_as_often(tokens, len(items)), _as_often(items, len(tokens)), strict=True)
    return keyed([_order(token, *item) for token, item in pairs])


def _as_often(some: Sequence, others: int) -> list:
    """Repeated so that it is as long as the longer of the two: each pairs with each often enough."""
    most = max(len(some), others)
    return [some[n % len(some)] for n in range(most)]


def _order(token: str, campaign: object, item: object) -> bytes:
    body = {"campaign_id": str(campaign), "lines": [{"item_id": str(item), "quantity": 1}]}
    return post("/api/v1/orders", body, authorization=f"Bearer {token}")
