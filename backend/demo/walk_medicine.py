"""Medicine from the photo of a box to the door, through the HTTP API: one takes it, one finds it too dear, and the
volunteer who has paid for both is left with nothing owed by the evening."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from backend.core import clock
from backend.core.money import yuan
from backend.demo.medicine import ALL_HOURS, HER, box
from backend.demo.people import COMMUNITY
from backend.demo.walking import Hand

TAKEN_FEN, TOO_DEAR_FEN = 4980, 23680
TAKEN = {"name": "糖安胶囊（演示）", "maker": "东湖药业", "form": "capsule", "quantity": 1, "ceiling_fen": 4200}
TOO_DEAR = {"name": "宁压片（演示）", "maker": "江汉制药", "specification": "10毫克×100片", "form": "tablet",
            "quantity": 2, "ceiling_fen": 26000}  # fmt: skip
SOON = timedelta(minutes=55)  # a task may be begun an hour before its time


def walk(url: str, say: Callable[[str], Any]) -> None:
    """¥49.80 are taken at the door, ¥236.80 are refused; whoever carried both has a balance of zero."""
    day = Day(url, say)
    day.ask()
    day.check()
    day.seal()
    day.buy()
    day.bring()
    day.even_out()
    day.take_back()


class Day:
    """Two households, those who check and plan, and whichever volunteer has two hours left today."""

    def __init__(self, url: str, say: Callable[[str], Any]) -> None:
        self.say = say
        self.head, self.resident = Hand(url, "刘大爷"), Hand(url, "张敏")
        self.worker, self.secretary, self.coordinator = Hand(url, "陈静"), Hand(url, "李国强"), Hand(url, "冯玉洁")
        self.volunteers = [Hand(url, name) for name in ("罗志刚", "宋海涛", "丁小军")]
        self.requests: dict[str, dict[str, Any]] = {}
        self.trip: dict[str, Any] = {}

    def ask(self) -> None:
        """The photo comes before the words."""
        her = self._household(HER.unit, HER.room)
        photo = self.head.send(f"/medicine-photos?household={her}", box("DEMO 10 mg", "100 tablets"))
        self.requests["何婆婆"] = self._file(
            self.head, TOO_DEAR, photo, household_id=her, consent="in_person", note="一天一片"
        )
        self.say("1. 楼栋长刘大爷拍下何婆婆的药盒，当面同意，替她登记：最多花 ¥260.00")
        mine = self.resident.send("/medicine-photos", box("DEMO 0.5 g"))
        self.requests["张敏"] = self._file(self.resident, TAKEN, mine)
        request = self._look("张敏")
        if request["household_id"] != self.resident.get("/me")["homes"][0]["id"]:
            raise RuntimeError("张敏's request is not of her own home")
        self.say(f"2. 张敏用手机登记一份 → {request['status_label']}，列表上只写“{request['category']}”")

    def check(self) -> None:
        """A second person compares the words with the photo; whoever asked may not."""
        own = self.head.refused(*self._step("何婆婆", "check"))
        self.say(f"3. 刘大爷自己登记的，不能自己核对（{own['status']}）")
        for name, request in self.requests.items():
            named = self.worker.post(f"/medicine-requests/{request['id']}/reveal", {"purpose": "check"})["lines"][0]
            photo = self.worker.look(f"/medicine-photos/{request['photo_ids'][0]}/reveal", {"purpose": "check"})
            if not photo.startswith(b"\xff\xd8"):
                raise RuntimeError("the photo of the box cannot be seen")
            self.requests[name] = self.worker.post(*self._step(name, "check"))
            self.say(f"   陈静对照照片（留痕）：{named['name']} → {self.requests[name]['status_label']}")

    def seal(self) -> None:
        shops = self.secretary.get("/pharmacies?limit=100")["items"]
        shop = next(one for one in shops if one["name"] == ALL_HOURS["name"])
        self.trip = self.secretary.post("/medicine-trips", {"place_code": COMMUNITY, "pharmacy_id": shop["id"]})
        for request in self.requests.values():
            added = {"request_id": request["id"], "revision": self.trip["revision"]}
            self.trip = self.secretary.post(f"/medicine-trips/{self.trip['id']}/requests", added)
        self._go(self.secretary, "seal")
        self.say(f"4. 李国强把两份排到{shop['name']}（排队 {shop['queue_minutes']} 分钟）→ {self.trip['status_label']}")

    def buy(self) -> None:
        """Above the ceiling the household is asked before anything is paid."""
        self.volunteer, self.errand = self._taken("medicine_trip", COMMUNITY, self.volunteers)
        self._go(self.volunteer, "arrive")
        bags = self.volunteer.post(f"/medicine-trips/{self.trip['id']}/reveal", {"purpose": "buy"})["items"]
        self.say(f"5. 志愿者{self.volunteer.name}领了任务，到药店看清单（留痕）：{len(bags)} 个药包，没有姓名和门牌")
        dearer = {"line_id": self._line("张敏"), "kind": "price", "fen": TAKEN_FEN}
        too_much = self.volunteer.refused(
            f"/medicine-trips/{self.trip['id']}/purchases", self._bought("张敏", TAKEN_FEN)
        )
        asked = self.volunteer.post(f"/medicine-trips/{self.trip['id']}/questions", dearer)
        self.say(f"6. {too_much['detail']}")
        self.resident.post(f"/medicine-questions/{asked['id']}/answer", {"accept": True})
        self.say(f"   张敏在手机上答复：¥{yuan(TAKEN_FEN)} 也买")
        for name, fen in (("张敏", TAKEN_FEN), ("何婆婆", TOO_DEAR_FEN)):
            self.volunteer.post(f"/medicine-trips/{self.trip['id']}/purchases", self._bought(name, fen))
        self.volunteer.send(f"/medicine-trips/{self.trip['id']}/receipt-photos", box("RECEIPT", "286.60"))
        self._expect_own(-TAKEN_FEN - TOO_DEAR_FEN)
        self.say(f"7. 两份都买到，小票已拍，{self.volunteer.name}垫付 ¥{yuan(TAKEN_FEN + TOO_DEAR_FEN)}")

    def bring(self) -> None:
        self._go(self.volunteer, "leave")
        self._go(self.volunteer, "hand_out")
        self._finish(self.errand, how="code", code=self.coordinator.get(f"/tasks/{self.errand['task_id']}")["code"])
        for bag in self.volunteer.get(f"/medicine-trips/{self.trip['id']}")["packages"]:
            self.volunteer.post(f"/medicine-trips/{self.trip['id']}/packages/{bag['number']}/unpack", {})
        _, errand = self._taken("medicine_delivery", HER.unit[:20], [self.volunteer])
        code = self.resident.post(f"/medicine-requests/{self.requests['张敏']['id']}/code", {})["code"]
        paid = {"paid_fen": TAKEN_FEN, "receipt": f"药-{self.trip['id'][-8:]}"}
        path = f"/medicine-requests/{self.requests['张敏']['id']}/hand-over"
        wrong = self.volunteer.post(path, {"by": "code", "said": "0000" if code != "0000" else "1111"})
        given = self.volunteer.post(path, {"by": "code", "said": code, **paid})
        if wrong["handed_over"] or not given["handed_over"] or given["owed_fen"] != TAKEN_FEN:
            raise RuntimeError(f"the right person was not known at the door: {wrong} {given}")
        self.say(f"8. 张敏报出收药码，收现金 ¥{yuan(TAKEN_FEN)}，药交到本人手里；说错码的不给")
        refused = self.volunteer.post(
            f"/medicine-requests/{self.requests['何婆婆']['id']}/refusal", {"refusal": "too_dear"}
        )
        if refused["status"] != "refused":
            raise RuntimeError(f"the refusal was not taken down: {refused}")
        self.say(f"9. 何婆婆嫌太贵，¥{yuan(TOO_DEAR_FEN)} 的药不要了：一点登记，志愿者不用跟她争")
        self._finish(errand, how="doors")
        self._expect_own(-TOO_DEAR_FEN)

    def even_out(self) -> None:
        path = f"/medicine-trips/{self.trip['id']}/reconcile"
        early = self.secretary.refused(path, {"revision": self._seen()["revision"]})
        self.say(f"10. 傍晚对账：{early['detail']}")
        held = [one for one in self.worker.get(f"/medicine-balances?place={COMMUNITY}")["items"]
                if one["trip_id"] == self.trip["id"]]  # fmt: skip
        if [one["fen"] for one in held] != [-TOO_DEAR_FEN]:
            raise RuntimeError(f"not ¥{yuan(TOO_DEAR_FEN)} are advanced: {held}")
        back = {"user_id": held[0]["user_id"], "amount_fen": TOO_DEAR_FEN, "receipt": f"还-{self.trip['id'][-8:]}"}
        self.worker.post(f"/medicine-trips/{self.trip['id']}/reimbursements", back)
        done = self.secretary.post(path, {"revision": self._seen()["revision"]})
        self._expect_own(0)
        self.say(
            f"11. 陈静从社区周转金归还 ¥{yuan(TOO_DEAR_FEN)} → {done['status_label']}，{self.volunteer.name}手里 ¥0.00"
        )

    def take_back(self) -> None:
        """Next day: the pharmacy takes it back, the float has its money again."""
        goods = [one for one in self.secretary.get(f"/medicine-goods?place={COMMUNITY}&limit=100")["items"]
                 if one["trip_id"] == self.trip["id"]]  # fmt: skip
        sent = {"revision": goods[0]["revision"], "back_fen": TOO_DEAR_FEN, "receipt": f"退-{self.trip['id'][-8:]}"}
        back = self.secretary.post(f"/medicine-goods/{goods[0]['id']}/returns", sent)
        balance = self.secretary.get("/trial-balance")
        self.say(f"12. 药店收回 → {back['status_label']}；全部账目试算平衡：¥{yuan(balance['sum_fen'])}")
        if back["status"] != "returned" or balance["sum_fen"]:
            raise RuntimeError("the books are not even")

    # What each of these steps needs.

    def _household(self, unit: str, room: str) -> str:
        doors = self.head.get(f"/households?place={unit}&limit=100")["items"]
        return next(door["id"] for door in doors if door["room"] == room)

    def _file(self, hand: Hand, line: dict[str, Any], photo: dict[str, Any], **more: Any) -> dict[str, Any]:
        made: dict[str, Any] = hand.post("/medicine-requests", {"lines": [line], "photo_ids": [photo["id"]], **more})
        return made

    def _look(self, name: str) -> dict[str, Any]:
        seen: dict[str, Any] = self.worker.get(f"/medicine-requests/{self.requests[name]['id']}")
        return seen

    def _step(self, name: str, action: str) -> tuple[str, dict[str, Any]]:
        return f"/medicine-requests/{self.requests[name]['id']}/{action}", {"revision": self._look(name)["revision"]}

    def _line(self, name: str) -> str:
        line_id: str = self.requests[name]["lines"][0]["id"]
        return line_id

    def _bought(self, name: str, fen: int) -> dict[str, Any]:
        good_until = (clock.today() + timedelta(days=400)).isoformat()
        quantity = self.requests[name]["lines"][0]["quantity"]
        return {
            "line_id": self._line(name),
            "quantity": quantity,
            "fen": fen,
            "batch": "DEMO-02",
            "expires_on": good_until,
        }

    def _seen(self) -> dict[str, Any]:
        seen: dict[str, Any] = self.secretary.get(f"/medicine-trips/{self.trip['id']}")
        return seen

    def _go(self, hand: Hand, action: str) -> None:
        body = {"action": action, "revision": self._seen()["revision"]}
        self.trip = hand.post(f"/medicine-trips/{self.trip['id']}/steps", body)

    def _expect_own(self, fen: int) -> None:
        own = self.volunteer.get(f"/medicine-trips/{self.trip['id']}")["own_fen"]
        if own != fen:
            raise RuntimeError(f"{self.volunteer.name} has {own} fen of the trip, not {fen}")

    def _taken(self, kind: str, place: str, hands: list[Hand]) -> tuple[Hand, dict[str, Any]]:
        """The newest task of the kind, taken and begun by the first to whom it is offered for now; if it is to none,
        by the first who can give back what they have not begun."""
        task = max((one for one in self._open(place) if one["kind"] == kind), key=lambda one: one["id"])
        for room in (False, True):
            for hand in hands:
                if room:
                    self._give_back(hand)
                if self._offered(hand, task):
                    claim = hand.post(f"/tasks/{task['id']}/claim", {})
                    return hand, hand.post(f"/task-claims/{claim['id']}/start", {"revision": claim["revision"]})
        raise RuntimeError(f"nobody of {[hand.name for hand in hands]} has time for “{task['title']}” today")

    @staticmethod
    def _offered(hand: Hand, task: dict[str, Any]) -> bool:
        offers = {one["id"]: one for one in hand.get("/tasks/for-me")["items"] if one["offered"]}
        offer = offers.get(task["id"])
        return bool(offer and datetime.fromisoformat(offer["begins"]) - clock.now() < SOON)

    @staticmethod
    def _give_back(hand: Hand) -> None:
        for claim in hand.get("/task-claims?limit=100")["items"]:
            if step := next((step for step in ("decline", "release") if step in claim["allowed_actions"]), None):
                hand.post(f"/task-claims/{claim['id']}/{step}", {"revision": claim["revision"]})

    def _open(self, place: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after = ""
        while after is not None:
            page = self.coordinator.get(f"/tasks?place={place}&status=open&limit=100{after and f'&after={after}'}")
            found += page["items"]
            after = page["next"]
        return found

    def _finish(self, claim: dict[str, Any], **how: Any) -> None:
        now = self.volunteer.get(f"/task-claims/{claim['id']}")
        self.volunteer.post(f"/task-claims/{claim['id']}/done", {"revision": now["revision"], **how})
