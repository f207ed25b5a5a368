"""The demo's people: name, role, place, and what they are there to show. Households and the rest are made up."""

from typing import NamedTuple

from backend.core.permissions import Role

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
    Person("李国强", Role.COMMUNITY_SECRETARY, COMMUNITY, "社区书记：任命、登记病例、申报"),
    Person("陈静", Role.COMMUNITY_WORKER, COMMUNITY, "社区工作者：登记病例、日报"),
    Person("赵明", Role.SUBDISTRICT_REVIEWER, SUBDISTRICT, "将军路街道审核员"),
    Person("孙丽", Role.SUBDISTRICT_REVIEWER, SUBDISTRICT, "将军路街道审核员（第二人）"),
    Person("周建华", Role.DISTRICT_REVIEWER, DISTRICT, "东西湖区指挥部：公示、认定、答复异议"),
    Person("吴芳", Role.DISTRICT_REVIEWER, DISTRICT, "东西湖区指挥部（第二人）"),
    Person("郑伟", Role.CITY_VIEWER, CITY, "市级查看员"),
    Person("刘大爷", Role.BUILDING_HEAD, f"{COMMUNITY}-001-001", "马池苑1栋楼栋长"),
    Person("何婆婆", Role.RESIDENT, f"{COMMUNITY}-001", "居民，没有智能手机"),
)
