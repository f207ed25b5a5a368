"""An evening of the volunteers through the HTTP API: planned, changed by hand, carried, verified, counted."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from backend.core import clock
from backend.demo.group_buys import COMPOUND
from backend.demo.people import COMMUNITY
from backend.demo.walking import Hand

PATIENCE_SECONDS = 60
SOON = timedelta(hours=1)  # a task may be begun so long before its time
BUILDINGS, UNITS, DOORS = (9, 10), (1, 2, 3), 4
OWN_UNIT = f"{COMPOUND}-009-001"


def walk(url: str, say: Callable[[str], Any]) -> None:
    """Six stairwells for tonight: nobody waits longer than first come would have it, and every minute is counted."""
    evening = Evening(url, say)
    evening.make()
    evening.claim()
    evening.plan()
    evening.change()
    evening.apply()
    evening.carry()
    evening.count()


class Evening:
    """One evening, its coordinator, and two who carry: one asked by the plan, one who takes what is left."""

    def __init__(self, url: str, say: Callable[[str], Any]) -> None:
        self.say = say
        self.coordinator, self.grid, self.luo = Hand(url, "冯玉洁"), Hand(url, "王秀英"), Hand(url, "罗志刚")
        self.helpers = [Hand(url, name) for name in ("丁小军", "刘大爷", "宋海涛")]
        self.asked = self.helpers[0]
        self.team = self.coordinator.get(f"/teams?place={COMMUNITY}")["items"][0]
        self.before = {hand.name: self._done(hand) for hand in (*self.helpers, self.luo)}
        self.mine: dict[str, Any] = {}
        self.other: dict[str, Any] = {}

    def make(self) -> None:
        """A stairwell a task, four doors each, from now on; and one visit, to be taken by whoever has time."""
        now = clock.now()
        self.day, title = clock.day_of(now), f"送爱心菜（演示 {now.astimezone(clock.SHANGHAI):%H:%M}）"
        span = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(hours=4)).isoformat()}
        self.tasks = []
        for unit in (f"{COMPOUND}-{building:03d}-{unit:03d}" for building in BUILDINGS for unit in UNITS):
            made = {"place_code": unit, "kind": "carry", "title": title, "minutes": 20,
                     "urgency": 9, "heaviest": 4000, "floor": 6, **span}  # fmt: skip
            homes = [home["id"] for home in self._homes(unit)]
            self.tasks.append(self.coordinator.post("/tasks", {**made, "household_ids": homes}))
        visit = {
            "place_code": OWN_UNIT,
            "kind": "care_visit",
            "title": "看望独居老人（演示）",
            "minutes": 15,
            "urgency": 9,
        }
        homes = [self._homes(OWN_UNIT)[0]["id"]]
        self.visit = self.coordinator.post("/tasks", {**visit, **span, "household_ids": homes})
        self.say(f"1. 协调员冯玉洁发布 {len(self.tasks)} 个单元的送货任务，每个 {DOORS} 户，另有一户老人要看望")

    def plan(self) -> None:
        """Whatever an earlier walk has left as a draft is dropped first."""
        path = f"/teams/{self.team['id']}/evening-plans"
        for old in self.coordinator.get(f"{path}?limit=100")["items"]:
            if "drop" in old["allowed_actions"]:
                self.coordinator.post(f"/evening-plans/{old['id']}/drop", {"revision": old["revision"]})
        asked = self.coordinator.post(path, {"day": self.day.isoformat()})
        self.evening = self._computed(asked["id"])
        finish, greedy, bound = (self.evening[f"{name}_minutes"] for name in ("finish", "first_come", "bound"))
        self.say(f"3. “帮我排今晚”：{self.evening['sentence']}")
        for one in self.evening["volunteers"][:3]:
            self.say(f"   {one['name']}：{one['sentence']}")
        if self.evening["left_packs"] == self.evening["first_come_left"] and not bound <= finish <= greedy:
            raise RuntimeError(f"the plan of {finish} minutes is worse than first come ({greedy}) or beats {bound}")

    def change(self) -> None:
        """The coordinator knows something the plan does not: the first stairwell is for whoever is free soonest."""
        given = {one["volunteer_id"]: one["minutes"] for one in self.evening["volunteers"]}
        ids = {hand.name: hand.get("/me/volunteer")["id"] for hand in self.helpers}
        self.asked = min(self.helpers, key=lambda hand: given.get(ids[hand.name], 0) + self._busy(hand))
        self.task = self.tasks[0]
        moved = {"revision": self.evening["revision"], "task_id": self.task["id"]}
        path = f"/evening-plans/{self.evening['id']}/moves"
        self.evening = self.coordinator.post(path, {**moved, "volunteer_id": ids[self.asked.name]})
        self.say(f"4. 冯玉洁把 9栋1单元 交给{self.asked.name}：{self.evening['change']}")

    def apply(self) -> None:
        body = {"revision": self.evening["revision"]}
        self.evening = self.coordinator.post(f"/evening-plans/{self.evening['id']}/apply", body)
        given = [carry for one in self.evening["volunteers"] for carry in one["carries"]]
        refused = [carry["refused"] for carry in given if carry["refused"]]
        self.say(f"5. 采用计划 → {self.evening['status_label']}，指派 {len(given) - len(refused)} 个单元")
        mine = [claim for claim in self._held(self.asked) if claim["task_id"] == self.task["id"]]
        if refused or not mine:
            raise RuntimeError(f"not everyone could be asked: {refused}")
        self.mine = self._step(self.asked, mine[0], "accept")
        self.say(f"6. {self.asked.name}收到 → {self.mine['status_label']}")

    def claim(self) -> None:
        """罗志刚 has a quarter of an hour between two calls."""
        offered = self.luo.get("/tasks/for-me")["items"]
        found = next(task for task in offered if task["id"] == self.visit["id"])
        if not found["offered"]:
            raise RuntimeError(f"the visit is not offered: {found['why']}")
        self.say(f"2. 罗志刚问“我现在能做什么”，看望老人：{found['why']}")
        taken = self.luo.post(f"/tasks/{found['id']}/claim", {})
        self.other = self.luo.get(f"/task-claims/{taken['id']}")
        until = datetime.fromisoformat(self.other["lease_until"]).astimezone(clock.SHANGHAI)
        self.say(f"   一点就归他，请在 {until:%H:%M} 前开始，过时让给别人，没有人会怪他")

    def carry(self) -> None:
        """Only who has begun sees the doors, and that is recorded."""
        hidden = self.asked.refused(f"/task-claims/{self.mine['id']}/doors")
        self.say(f"7. {self.asked.name}还没开始，看不到地址：{hidden['detail']}")
        self.say("8. 他们开始，逐户登记：")
        self.mine = self._work(self.asked, self.mine)
        self.other = self._work(self.luo, self.other)
        own = self.asked.refused(f"/task-claims/{self.mine['id']}/verify", {"revision": self.mine["revision"]})
        self.say(f"9. 自己不能核实自己（{own['status']}）；冯玉洁核实两项")
        for claim in (self.mine, self.other):
            self.coordinator.post(f"/task-claims/{claim['id']}/verify", {"revision": claim["revision"]})

    def count(self) -> None:
        self.say("10. 今天的服务：")
        for hand, claim, doors in ((self.asked, self.mine, DOORS), (self.luo, self.other, 1)):
            before, after = self.before[hand.name], self._done(hand)
            self.say(f"    {hand.name}：{after['sentence']}")
            more = {name: after[name] - before[name] for name in ("tasks", "minutes", "stops")}
            if more != {"tasks": 1, "minutes": self._minutes(claim), "stops": doors}:
                raise RuntimeError(f"{hand.name} has {more} more, not one task of {doors} doors")

    # What each of these steps needs.

    def _homes(self, unit: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.grid.get(f"/households?place={unit}&limit={DOORS}")["items"]
        return found

    def _held(self, hand: Hand) -> list[dict[str, Any]]:
        held: list[dict[str, Any]] = hand.get("/task-claims?limit=100")["items"]
        return held

    def _busy(self, hand: Hand) -> int:
        """For how many minutes they have something in hand already."""
        now = clock.now()
        ends = [datetime.fromisoformat(claim["ends_at"]) for claim in self._held(hand)
                if datetime.fromisoformat(claim["starts_at"]) < now + SOON]  # fmt: skip
        return round(max((end - now).total_seconds() / 60 for end in ends)) if ends else 0

    def _step(self, hand: Hand, claim: dict[str, Any], action: str, **more: Any) -> dict[str, Any]:
        path = f"/task-claims/{claim['id']}/{action}"
        done: dict[str, Any] = hand.post(path, {"revision": claim["revision"], **more})
        return done

    def _work(self, hand: Hand, claim: dict[str, Any]) -> dict[str, Any]:
        """Begins, sees the doors, goes to each, hands in."""
        claim = self._step(hand, claim, "start")
        stops = hand.post(f"/task-claims/{claim['id']}/doors", {})["stops"]
        for stop in stops:
            done = {"outcome": "done"}
            claim = hand.post(f"/task-claims/{claim['id']}/doors/{stop['position']}/settle", done)
        rooms = "、".join(stop["room"] for stop in stops)
        claim = self._step(hand, claim, "done", how="doors")
        self.say(f"   {hand.name}看到 {len(stops)} 户：{rooms} → {claim['status_label']}")
        return claim

    @staticmethod
    def _minutes(claim: dict[str, Any]) -> int:
        length = datetime.fromisoformat(claim["ends_at"]) - datetime.fromisoformat(claim["starts_at"])
        return round(length.total_seconds() / 60)

    def _done(self, hand: Hand) -> dict[str, Any]:
        today = clock.today()
        record: dict[str, Any] = hand.get(f"/me/service-record?since={today - timedelta(days=1)}&until={today}")
        return record

    def _computed(self, plan_id: str) -> dict[str, Any]:
        """The job worker computes it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            plan: dict[str, Any] = self.coordinator.get(f"/evening-plans/{plan_id}")
            if plan["status"] != "computing":
                return plan
            time.sleep(0.5)
        raise RuntimeError("the plan was not computed: is the job worker running?")
