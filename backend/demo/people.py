"""The demo's people: name, role, place, and what they are there to show. Households and the rest are made up."""

import random
import uuid
from typing import NamedTuple

from sqlalchemy import select

from backend.core.auth import Actor, load_actor
from backend.core.permissions import Role
from backend.extensions import db
from backend.people.models import User

CITY, DISTRICT, SUBDISTRICT, COMMUNITY = "4201", "420112", "420112004", "420112004007"


class Person(NamedTuple):
    name: str
    role: Role
    place: str
    shows: str


class Compound(NamedTuple):
    number: int
    name: str
    households: int
    buildings: int
    story: str

    @property
    def code(self) -> str:
        return f"{COMMUNITY}-{self.number:03d}"


# Five compounds, 4,200 households together (DOMAIN section 1: "more than 4,200").
COMPOUNDS = (
    Compound(1, "马池苑", 960, 12, "ready"),
    Compound(2, "将军花园", 780, 10, "contact"),
    Compound(3, "银湖雅居", 840, 12, "gaps"),
    Compound(4, "四季家园", 900, 12, "certified"),
    Compound(5, "金桥公寓", 720, 9, "notice"),
)

PEOPLE = (
    Person("王秀英", Role.GRID_WORKER, COMMUNITY, "网格员：一键申报、日报、住户"),
    Person("李国强", Role.COMMUNITY_SECRETARY, COMMUNITY, "社区书记：任命、登记病例、申报、批准补贴"),
    Person("陈静", Role.COMMUNITY_WORKER, COMMUNITY, "社区工作者：登记病例、日报、团购账目"),
    Person("赵明", Role.SUBDISTRICT_REVIEWER, SUBDISTRICT, "将军路街道审核员"),
    Person("孙丽", Role.SUBDISTRICT_REVIEWER, SUBDISTRICT, "将军路街道审核员（第二人）"),
    Person("周建华", Role.DISTRICT_REVIEWER, DISTRICT, "东西湖区指挥部：公示、认定、答复异议"),
    Person("吴芳", Role.DISTRICT_REVIEWER, DISTRICT, "东西湖区指挥部（第二人）"),
    Person("郑伟", Role.CITY_VIEWER, CITY, "市级查看员"),
    Person("刘大爷", Role.BUILDING_HEAD, f"{COMMUNITY}-001-001", "马池苑1栋楼栋长：替没有手机的邻居下单"),
    Person("何婆婆", Role.RESIDENT, f"{COMMUNITY}-001", "居民，没有智能手机，由楼栋长代她下单"),
    Person("张敏", Role.RESIDENT, f"{COMMUNITY}-001-001-001", "马池苑1栋居民：团购下单、付款、查到货"),
    Person("胡桂芳", Role.ORGANISER, COMMUNITY, "团长：开团、到货、叫号发放、结算"),
    Person("杨春梅", Role.ORGANISER, COMMUNITY, "副团长"),
    Person("丁小军", Role.TRANSPORTER, COMMUNITY, "志愿者：叫号发放、送货上门"),
    Person("冯玉洁", Role.COORDINATOR, COMMUNITY, "综合协调员：排今晚、指派、核实、看岗位空缺"),
    Person("罗志刚", Role.TRANSPORTER, COMMUNITY, "志愿者，要上班：两个电话之间领一项任务"),
    Person("宋海涛", Role.SUPPLY_PURCHASER, COMMUNITY, "志愿者，有车：外出买药、送药上门"),
)
# Those of them who are members of the community's mass-work team.
HELPERS = ("刘大爷", "丁小军", "冯玉洁", "罗志刚", "宋海涛")


class Home(NamedTuple):
    """A household of the demo with a name of its own: whose it is, and the person of the demo who lives there and
    signs in, where there is one."""

    unit: str
    room: str
    head: str
    person: str | None
    flags: dict[str, bool]


# 何婆婆 has no phone, so nobody signs in for her home: 刘大爷 orders on her behalf.
HOMES = (
    Home(f"{COMMUNITY}-001-001-001", "301", "何秀兰", None, {"no_smartphone": True, "lives_alone": True}),
    Home(f"{COMMUNITY}-001-001-001", "502", "张敏", "张敏", {"no_smartphone": False, "lives_alone": False}),
)


FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
GIVEN = "秀英伟芳静丽强军洋勇艳杰娟涛明超霞平刚桂兰玉珍建国"


def a_name(chance: random.Random) -> str:
    """Of somebody who is made up."""
    return chance.choice(FAMILY) + "".join(chance.sample(GIVEN, 2))


def user_named(name: str) -> uuid.UUID:
    return db.session.scalars(select(User.id).where(User.demo_name == name)).one()


def actor(name: str) -> Actor:
    return load_actor(user_named(name))
