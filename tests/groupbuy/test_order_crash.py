"""kill -9 of a web worker and of PostgreSQL while people order: what was acknowledged is there, once, and answers
again to the byte.

There are shares for two orders in three. Each phone sends again what got no answer, under the same key, as it does in
a lift. An order lost would be made anew, under another id than the one it was told; one made twice would leave a share
too few for somebody else.
"""

import http.client
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from backend import embedded
from tests.conftest import OWNER, clone, url_of
from tests.factories import groupbuy as g
from tests.factories import shoppers
from tests.factories.servers import PROJECT, environment, serving, until
from tests.factories.shoppers import Market, Phone
from tests.test_crash import CYCLES, NO_ANSWER, PATIENCE, private_postgres

HOMES, PHONES, A_PHONE = 48, 4, 6  # each phone orders so many times a cycle


class Rush:
    """A market on the eve of something, and what people there were told."""

    def __init__(self, market, cycles):
        self.market = market
        self.shares = cycles * PHONES * A_PHONE * 2 // 3
        self.campaign = market.opened({"total": self.shares, "cap": self.shares})
        self.taps = iter(shoppers.taps(market.homes, g.asked(self.campaign, 1), cycles * PHONES * A_PHONE))
        self.told, self.unanswered = [], 0

    def cycle(self, kill):
        """One round of orders, in the middle of which something is killed."""
        mine = [next(self.taps) for _ in range(PHONES * A_PHONE)]
        done = threading.Semaphore(0)

        def order(taps):
            for tap in taps:
                self.told.append((tap, self.answer(tap)))
                done.release()

        with ThreadPoolExecutor(PHONES) as pool:
            orders = [pool.submit(order, mine[n::PHONES]) for n in range(PHONES)]
            for _ in range(random.randint(1, PHONES * A_PHONE * 3 // 4)):
                assert done.acquire(timeout=PATIENCE)
            kill()
            for each in orders:
                each.result(4 * PATIENCE)

    def answer(self, tap):
        return until(lambda: self._sent(tap), PATIENCE, "an answer")

    def _sent(self, tap):
        try:
            answer = Phone(self.market.url).order(tap)
        except (OSError, http.client.HTTPException):  # the head of an answer, and then no body, is no answer
            answer = None
        if answer is None or answer.status in NO_ANSWER or answer.outcome == (409, "in_flight"):
            self.unanswered += 1
            return None
        return answer

    def check(self):
        """Every key again: the order it was told of, to the byte, or still sold out."""
        for tap, told in self.told:
            again = self.answer(tap)
            assert again == told if told.status == 201 else again.outcome == told.outcome, (told, again)
        self._nothing_lost_nothing_doubled()
        self.market.check()

    def _nothing_lost_nothing_doubled(self):
        outcomes = Counter(answer.outcome for _, answer in self.told)
        sold_out = len(self.told) - self.shares
        assert outcomes == {(201, "awaiting_payment"): self.shares, (409, "sold_out"): sold_out}
        told = sorted(answer.json["id"] for _, answer in self.told if answer.status == 201)
        acts = "SELECT subject_id::text FROM audit_event WHERE subject_type = 'order' AND action = 'place' ORDER BY 1"
        posted = "SELECT subject_id::text FROM ledger_transaction WHERE kind = 'order_placed' ORDER BY 1"
        keys = "SELECT answer ->> 'id' FROM idempotency_key WHERE operation = 'placeOrder' ORDER BY 1"
        assert sorted(self.market.orders(self.campaign)) == told
        for query in (acts, posted, keys):
            assert [found for (found,) in self.market.ask(query)] == told, query
        assert self.market.shares(self.campaign) == [(self.shares, 0, self.shares, 0)]


def filled(env):
    """The environment of a database with the cast and so many homes in it."""
    command = [sys.executable, "-m", "tests.factories.shoppers", str(HOMES)]
    subprocess.run(command, cwd=PROJECT, env=env, check=True)
    return env


@pytest.mark.parametrize("cycles", CYCLES)
def test_kill_9_of_a_web_worker_while_people_order(app, server, template, worker_id, cycles):
    name = f"anlin_rush_{worker_id}"
    env = filled(environment(clone(server, template, name), url_of(server, OWNER, name)))
    with serving(env) as web:
        rush = Rush(Market(web.url, env["MIGRATION_DATABASE_URL"]), cycles)

        def kill():
            random.choice(web.workers()).kill()

        for _ in range(cycles):
            rush.cycle(kill)
            until(lambda: len(web.workers()) == 2, what="a new worker")
        rush.check()


@pytest.mark.parametrize("cycles", CYCLES)
def test_kill_9_of_postgresql_while_people_order(app, cycles):
    with private_postgres() as (urls, folder):
        env = filled(environment(urls.app, urls.owner))
        with serving(env) as web:
            rush = Rush(Market(web.url, urls.owner), cycles)
            quiet = rush.market.opened({"total": 1_000, "cap": 1_000})

            def kill():
                pid_file = embedded.place(folder) / "data" / "postmaster.pid"
                os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
                embedded.start(folder, durable=True)

            for _ in range(cycles):
                rush.cycle(kill)
            web.ready()
            assert rush.unanswered, "nobody noticed: the test killed nothing"
            rush.check()
            buyers_notice_nothing(rush.market, quiet, kill)


def buyers_notice_nothing(market, campaign, kill):
    """Once PostgreSQL is back every order finds a connection, though all those of both workers are dead: the first
    request alone meets each dead one of its worker."""
    warm, alone, together = (shoppers.taps(market.homes, g.asked(campaign, 1), 16) for _ in range(3))
    answers = market.at_once(warm, 8)
    kill()
    answers += market.at_once(alone, 1) + market.at_once(together, 8)
    assert {answer.status for answer in answers} == {201}
    market.check()
