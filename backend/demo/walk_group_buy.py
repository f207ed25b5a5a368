"""A resident without a phone, from the order to her door, and every fen of it, through the HTTP API."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.core import clock
from backend.core.money import yuan
from backend.demo.group_buys import COMPOUND
from backend.demo.people import HOMES
from backend.demo.walking import Hand

PATIENCE_SECONDS = 30
HER_DOOR = HOMES[0]
GREENS = {"name": "蔬菜包", "share_label": "份", "cost_fen": 2600, "freight_fen": 300, "organiser_fen": 100,
          "total": 20, "cap": 3, "perishable": True}  # fmt: skip

PARTS = {"进货价": "cost_fen", "运费": "freight_fen", "团长所得": "organiser_fen"}


def walk(url: str, say: Callable[[str], Any]) -> None:
    """Six portions are ordered, four come. Nobody is out of pocket, and nobody has to ask why."""
    day = Day(url, say)
    day.open()
    day.order()
    day.bring()
    day.hand_out()
    day.settle()


class Day:
    """One group buy and the people around it."""

    def __init__(self, url: str, say: Callable[[str], Any]) -> None:
        self.say = say
        self.organiser, self.volunteer = Hand(url, "胡桂芳"), Hand(url, "丁小军")
        self.head, self.resident, self.grid = Hand(url, "刘大爷"), Hand(url, "张敏"), Hand(url, "王秀英")
        self.secretary = Hand(url, "李国强")
        self.campaign: dict[str, Any] = {}
        self.orders: dict[str, dict[str, Any]] = {}

    def open(self) -> None:
        """What each pays and how a shortfall is shared stands there before the first order."""
        at = clock.now().astimezone(clock.SHANGHAI)
        drafted = self.organiser.post("/campaigns", {
            "place_code": COMPOUND, "title": f"蔬菜包（演示 {at:%H:%M}）", "supplier": "慈惠街蔬菜基地",
            "policy": "one_each_first", "opens_at": (at - timedelta(hours=1)).isoformat(),
            "cut_off_at": (at + timedelta(days=1)).isoformat(), "pickup_place": "马池苑西门岗亭",
            "allows_on_delivery": True, "batch_size": 1, "at_once": 2, "items": [GREENS],
        })  # fmt: skip
        self.campaign = drafted
        self._step("publish")
        item = self.campaign["items"][0]
        parts = ((word, f"¥{yuan(item[name])}") for word, name in PARTS.items())
        self.say(f"1. 团长胡桂芳公布“{drafted['title']}”，每份 ¥{yuan(item['price_fen'])}："
                 + "，".join(f"{word} {fen}" for word, fen in parts))  # fmt: skip
        self.say(f"   {self.campaign['policy_sentence']}")
        self.say(f"   {self.campaign['keeping_sentence']}")

    def order(self) -> None:
        her = self._household(self.head, HER_DOOR.unit, HER_DOOR.room)
        self._place("何婆婆", self.head, 2, terms="on_delivery", delivery="door", household_id=her, consent="in_person")
        self.say("2. 何婆婆没有智能手机，当面同意楼栋长刘大爷代她订 2 份，送上门，货到付款")
        mine = self._place("张敏", self.resident, 3)
        pay_by = datetime.fromisoformat(mine["pay_by"]).astimezone(clock.SHANGHAI)
        self.say(f"3. 张敏用手机订 3 份，应付 ¥{yuan(mine['due_fen'])}，请在 {pay_by:%H:%M} 前付款")
        payment = self.resident.post(f"/orders/{mine['id']}/payments", {"method": "wechat"})
        self.resident.post(f"/payments/{payment['id']}/prepay", {})
        paid = self.resident.post(f"/demo/payments/{payment['id']}/pay", {})
        self.say(f"   向支付平台核实 → {paid['status_label']} ¥{yuan(paid['amount_fen'])}")
        neighbour = self._household(self.grid, f"{COMPOUND}-002-001", "201")
        self._place("邻居", self.grid, 1, terms="on_delivery", household_id=neighbour, consent="voice")
        self.say("4. 2栋的邻居打电话请网格员王秀英代订 1 份，自己来取")

    def bring(self) -> None:
        self.organiser.post(f"/demo/campaigns/{self.campaign['id']}/skip-ahead", {})
        self._look()
        self.say(f"5. 截单（演示快进），共订 6 份 → {self.campaign['status_label']}")
        self._step("order")
        self._step("dispatch")
        lot = {"item_id": self.campaign["items"][0]["id"], "quantity": 4, "lot": "20200312-A"}
        arrival = self.organiser.post(self._at("arrive"), {"revision": self.campaign["revision"], "counts": [lot]})
        self._look()
        self.say("6. 车来了，只有 4 份。系统按公布的规则分配，并告诉每一户：")
        for name, hand in (("何婆婆", self.head), ("张敏", self.resident)):
            why = hand.get(f"/orders/{self.orders[name]['id']}/explanation")
            self.say(f"   {name}：{why['sentences'][0]}")
        if arrival["hand_out_from"] and datetime.fromisoformat(arrival["hand_out_from"]) > datetime.now(UTC):
            self.secretary.post(self._at("quiet-consent"), {"reason": "演示：现在是夜里，邻居都醒着"})
            self.say("   现在是休息时间：社区书记李国强同意今晚叫号")

    def hand_out(self) -> None:
        self._step("hand-out")
        pickup = self.resident.get(f"/orders/{self.orders['张敏']['id']}/pickup")
        self.say(f"7. 开始发放。张敏的取货号是 {pickup['number']} 号：{pickup['advice']}")
        self.say("8. 志愿者丁小军叫号，一个一个来：")
        while (called := self.volunteer.post(self._at("call-next"), {}))["numbers"]:
            self._tell_pace(called["numbers"])
            for order in called["orders"]:
                self._hand_over(order, "collect", f"{order['stairwell']}{order['room']} 到岗亭领走")
        doors = self.volunteer.get(self._at("handout"))["items"]
        for order in [order for order in doors if order["state"] == "door"]:
            self._hand_over(order, "deliver", f"送到何婆婆家门口（{order['stairwell']}{order['room']}）")

    def _tell_pace(self, numbers: list[int]) -> None:
        self.say(f"   {'、'.join(map(str, numbers))} 号")
        if instant := self.volunteer.get(self._at("queue"))["next_call_at"]:
            at = datetime.fromisoformat(instant).astimezone(clock.SHANGHAI)
            self.say(f"   有人在场，{at:%H:%M} 起才叫下一批；领走了，马上可以叫")

    def _hand_over(self, order: dict[str, Any], action: str, words: str) -> None:
        """What is owed is paid first: the cash is the organiser's to take down."""
        if owed := order["owed_fen"]:
            receipt = {"method": "cash", "amount_fen": owed, "receipt": f"S-{order['order_id'][-8:]}"}
            self.organiser.post(f"/orders/{order['order_id']}/receipts", receipt)
        done = self.volunteer.post(f"/orders/{order['order_id']}/{action}", {"revision": order["revision"]})
        goods = "，".join(f"{line['name']} {line['allocated']} {line['share_label']}" for line in order["lines"])
        self.say(f"   {words}：{goods}{f'，收现金 ¥{yuan(owed)}' if owed else ''} → {done['status_label']}")

    def settle(self) -> None:
        """¥90.00 of cash and ¥30.00 online: the supplier ¥104.00, the freight ¥12.00, the organiser's share ¥4.00."""
        self._wait_for_refunds()
        self._pay("freight", 1200, "organiser", self.organiser)
        handed_in = {"organiser_id": self.campaign["organiser_id"], "amount_fen": 7400, "receipt": self._receipt("交")}
        self.secretary.post(self._at("remittances"), handed_in)
        self._pay("supplier", 7400, "community_float", self.secretary)
        self._pay("supplier", 3000, "merchant", self.secretary)
        self.say("9. 团长付运费 ¥12.00，上交现金 ¥74.00；社区付货款 ¥104.00")
        self.organiser.post(f"/demo/campaigns/{self.campaign['id']}/skip-ahead", {})
        self._look()
        self._step("settle")
        sheet = self.organiser.get(f"/public/campaigns/{self.campaign['id']}/price-sheet")
        self.say(f"10. 24 小时无异议（演示快进）→ {self.campaign['status_label']}：团长所得 "
                 f"¥{yuan(sheet['organiser_got_fen'])}，结余 ¥{yuan(sheet['surplus_fen'])}")  # fmt: skip
        book = self.organiser.get(f"{self._at('statement')}?limit=1")["totals"]
        left = {one["label"]: one["amount_fen"] for one in book if one["amount_fen"]}
        balance = self.secretary.get("/trial-balance")
        self.say(f"11. 这一团的账：{left or '每个账户都是零'}；全部账目试算平衡：¥{yuan(balance['sum_fen'])}")
        if left or balance["sum_fen"]:
            raise RuntimeError("the books are not even")

    # What each of these steps needs.

    def _at(self, what: str) -> str:
        return f"/campaigns/{self.campaign['id']}/{what}"

    def _step(self, action: str) -> None:
        self.campaign = self.organiser.post(self._at(action), {"revision": self.campaign["revision"]})

    def _look(self) -> None:
        self.campaign = self.organiser.get(f"/campaigns/{self.campaign['id']}")

    def _household(self, hand: Hand, unit: str, room: str) -> str:
        doors = hand.get(f"/households?place={unit}&limit=100")["items"]
        return next(door["id"] for door in doors if door["room"] == room)

    def _place(self, name: str, hand: Hand, quantity: int, **more: Any) -> dict[str, Any]:
        line = {"item_id": self.campaign["items"][0]["id"], "quantity": quantity}
        placed: dict[str, Any] = hand.post("/orders", {"campaign_id": self.campaign["id"], "lines": [line], **more})
        self.orders[name] = placed
        return placed

    def _pay(self, what: str, fen: int, account: str, hand: Hand) -> None:
        paid = {"what": what, "amount_fen": fen, "from": account, "receipt": self._receipt(f"{what}-{account}")}
        hand.post(self._at("payouts"), paid)

    def _receipt(self, word: str) -> str:
        return f"{word}-{self.campaign['id'][-8:]}"

    def _wait_for_refunds(self) -> None:
        """The job worker sends them; the supplier is paid when they are through."""
        mine = {order["id"] for order in self.orders.values()}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = [r for r in self.organiser.get("/refunds?limit=100")["items"] if r["subject_id"] in mine]
            if found and all(refund["status"] == "succeeded" for refund in found):
                self.say(f"   张敏的差额 ¥{yuan(sum(r['amount_fen'] for r in found))} 已原路退回")
                return
            time.sleep(0.5)
        raise RuntimeError("the refund was not sent: is the job worker running?")
