"""The demo: loaded once, its stories as the public and its people see them, and the walks: to a certificate, from an
order on behalf to the door, through an evening of the volunteers, and of medicine that costs no volunteer a cent."""

import re
import resource
import time
from collections.abc import Iterator
from typing import NamedTuple

import psycopg
import pytest
import requests

from backend.demo.people import COMPOUNDS, HELPERS, PEOPLE
from tests.cast import MACHIDUN
from tests.conftest import OWNER, clone, url_of
from tests.factories.servers import Server, environment, flask, running, serving, sign_in

BY_STORY = {compound.story: compound for compound in COMPOUNDS}


class Demo(NamedTuple):
    env: dict[str, str]
    server: Server
    owner: psycopg.Connection

    def get(self, path: str, who: str | None = None):
        headers = sign_in(self.server.url, who) if who else {}
        answer = requests.get(f"{self.server.url}/api/v1{path}", headers=headers, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def rows(self) -> dict[str, int]:
        tables = self.owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {t: self.owner.execute(f'SELECT count(*) FROM "{t}"').fetchone()[0] for (t,) in tables}  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def demo(server, loaded, worker_id) -> Iterator[Demo]:
    name = f"anlin_demo_{worker_id}"
    env = environment(clone(server, loaded, name), url_of(server, OWNER, name), NOTICE_SECONDS="2")
    owner_url = env["MIGRATION_DATABASE_URL"].replace("+psycopg", "")
    with serving(env) as web, psycopg.connect(owner_url, autocommit=True) as owner:
        yield Demo(env, web, owner)


def test_a_second_load_is_quick_and_changes_nothing(demo):
    before, began = demo.rows(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    again = flask(demo.env, "demo", "load")
    assert again.returncode == 0, again.stderr
    worked = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - began
    assert worked < 10, "importing the application is most of it"
    assert demo.rows() == before


def test_as_many_people_as_in_machidun(demo):
    counted = (
        "SELECT (SELECT count(*) FROM household), (SELECT sum(households) FROM place),"
        " (SELECT count(*) FROM household_member)"
    )
    assert demo.owner.execute(counted).fetchone() == (4200, 4200, 4200)
    assert demo.owner.execute("SELECT count(*), count(demo_name) FROM app_user").fetchone() == (
        63 - len(HELPERS) + len(PEOPLE),  # some of the 63 volunteers sign in
        len(PEOPLE),
    )
    held = {
        tuple(row)
        for row in demo.owner.execute(
            "SELECT u.name, role, place_code FROM role_assignment JOIN app_user u ON u.id = user_id"
        )
    }
    assert {(p.name, p.role.value, p.place) for p in PEOPLE} <= held
    assert demo.owner.execute("SELECT count(*) FROM place WHERE length(code) <= 12").fetchone() == (3702,)
    shown = demo.get("/demo/people")["items"]
    assert [person["name"] for person in shown] == [p.name for p in PEOPLE]


def test_the_team_of_machidun_with_its_gaps(demo):
    """63 volunteers of five kinds; a head for each of the 55 buildings but four, and what has stood empty too long."""
    kinds = dict(demo.owner.execute("SELECT kind, count(*) FROM volunteer GROUP BY kind").fetchall())
    assert sum(kinds.values()) == 63 and len(kinds) == 5
    board = demo.get(f"/communities/{MACHIDUN}/coverage", "李国强")
    heads = [b["cells"][0]["state"] for c in board["compounds"] for b in c["buildings"]]
    assert (len(heads), heads.count("vacant")) == (55, 4)
    assert board["compounds"][0]["roles_held"] == board["compounds"][0]["roles_needed"] == 19
    empty = [cell for c in board["compounds"] for b in c["buildings"] for cell in b["cells"] if cell["since"]]
    assert empty and all(cell["told"] == "secretary" for cell in empty)
    assert sum(cell["suggestion"] is not None for cell in empty) > len(empty) / 2
    assert board["grid_workers"][0]["leave_due"] == 2
    forecast = demo.get(f"/communities/{MACHIDUN}/coverage/forecast", "李国强")["gaps"]
    assert forecast, "the seconded cadres withdraw within the month"


def test_the_five_stories_as_anyone_sees_them(demo):
    page = {story: demo.get(f"/public/places/{c.code}") for story, c in BY_STORY.items()}
    assert {story: p["name"] for story, p in page.items()} == {c.story: c.name for c in COMPOUNDS}
    assert {story: p["status"] for story, p in page.items()} == {
        "ready": "none", "contact": "none", "gaps": "none", "certified": "certified", "notice": "public_notice",
    }  # fmt: skip
    assert page["ready"]["why_not_yet"] == []
    assert (
        "密切接触者" in str(page["contact"]["why_not_yet"])
        and page["contact"]["earliest_on"] > page["contact"]["as_of"]
    )
    assert [w["title"] for w in page["gaps"]["why_not_yet"]] and "消杀" in str(page["gaps"]["why_not_yet"])
    assert page["certified"]["certified"] is True and page["certified"]["batch"]["number"] == 1
    assert page["notice"]["notice"]["contact"] == "027-83210000" and not page["notice"]["notice"]["frozen"]
    assert all("演示人员" not in str(p) and "陈静" not in str(p) for p in page.values())


def test_what_is_red_for_the_grid_worker(demo):
    red = {
        story: {
            c["item"]
            for c in demo.get(f"/places/{compound.code}/readiness", "王秀英")["criteria"]
            if not c["met"] and c["required"]
        }
        for story, compound in BY_STORY.items()
    }
    assert red["ready"] == red["certified"] == red["notice"] == set()
    assert red["contact"] == {"zero_occurrence"} and red["gaps"] == {"disinfection"}


def test_the_walk_ends_with_a_certificate_in_under_a_minute(demo):
    began = time.monotonic()
    walked = flask(demo.env, "demo", "walk", "--story", "certification", "--url", demo.server.url)
    assert walked.returncode == 0, walked.stdout + walked.stderr
    assert time.monotonic() - began < 40
    steps = [line.split(".")[0] for line in walked.stdout.splitlines() if line[:1].isdigit()]
    assert steps == list("123456") and "已认定" in walked.stdout
    code = walked.stdout.split("/p/")[1].split()[0]
    assert demo.get(f"/public/places/{code}")["certified"] is True
    checked = flask(demo.env, "invariants")
    assert checked.returncode == 0, checked.stdout


def test_all_the_demos_people_can_sign_in(demo):
    for person in PEOPLE:
        assert demo.get("/me", person.name)["name"] == person.name
    home = demo.get("/me", "张敏")["homes"]
    assert [(h["place_code"], h["room"]) for h in home] == [(f"{BY_STORY['ready'].code}-001-001", "502")]
    assert demo.get("/me", "何婆婆")["homes"] == [], "she has no phone to sign in with"


def test_a_demo_of_an_earlier_version_lets_its_people_in_after_the_next_load(demo):
    """They had no openid; and somebody may have tried a name meanwhile, which made them a stranger."""
    of_zheng = "SELECT openid_index FROM app_user WHERE demo_name = '郑伟'"
    (index,) = demo.owner.execute(of_zheng).fetchone()
    demo.owner.execute("UPDATE app_user SET openid_index = NULL WHERE demo_name = '郑伟'")
    stranger = "INSERT INTO app_user (id, name, openid_index) VALUES (gen_random_uuid(), '居民', %s) RETURNING id"
    (stranger_id,) = demo.owner.execute(stranger, [index]).fetchone()
    loaded = flask(demo.env, "demo", "load")
    assert loaded.returncode == 0, loaded.stderr
    demo.owner.execute("DELETE FROM app_user WHERE id = %s AND openid_index IS NULL", [stranger_id])
    assert demo.get("/me", "郑伟")["name"] == "郑伟"


def test_the_four_group_buys_as_everyone_sees_them(demo):
    shown = {c["title"]: c for c in demo.get(f"/public/campaigns?place={BY_STORY['ready'].code}&limit=100")["items"]}
    pork, eggs, greens = shown["平价冻猪肉"], shown["鸡蛋接龙"], shown["蔬菜包"]
    assert "惠民大米" not in shown, "a draft is nobody's business yet"
    assert (pork["status"], eggs["status"], greens["status"]) == ("open", "open", "handing_out")
    item = pork["items"][0]
    assert item["price_fen"] - item["subsidy_fen"] == 1000 and (item["total"], item["cap"]) == (600, 5)
    assert pork["policy"] == "one_each_first" and eggs["items"][0]["left"] == 2
    draft = next(c for c in demo.get("/campaigns?limit=100", "李国强")["items"] if c["title"] == "惠民大米")
    assert (draft["approved"], "approve" in draft["allowed_actions"]) == (False, True)
    numbers = demo.get(f"/campaigns/{greens['id']}/queue", "张敏")
    assert numbers["now_serving"] and [place["state"] for place in numbers["mine"]] == ["called"]


def test_the_walk_from_an_order_on_behalf_to_the_door_leaves_every_account_at_zero(demo):
    began = time.monotonic()
    with running(demo.env, "flask", "--app", "wsgi", "jobs", "run"):
        walked = flask(demo.env, "demo", "walk", "--story", "group-buy", "--url", demo.server.url)
    assert walked.returncode == 0, walked.stdout + walked.stderr
    assert time.monotonic() - began < 40
    steps = [line.split(".")[0] for line in walked.stdout.splitlines() if line[:1].isdigit()]
    assert steps == [str(n) for n in range(1, 12)]
    assert "何婆婆：您订了 2 份蔬菜包，全部分到。" in walked.stdout
    assert "张敏：您订了 3 份蔬菜包，分到 1 份" in walked.stdout and "张敏的差额 ¥60.00 已原路退回" in walked.stdout
    assert "起才叫下一批；领走了，马上可以叫" in walked.stdout and "易变质食品的订单替您保留 3 小时" in walked.stdout
    assert "每个账户都是零" in walked.stdout and "试算平衡：¥0.00" in walked.stdout
    checked = flask(demo.env, "invariants")
    assert checked.returncode == 0, checked.stdout


def test_what_volunteers_have_to_do_today_and_who_is_at_it(demo):
    """An evening of 24 stairwells, and one of each state that is worth looking at."""
    tasks = demo.get(f"/tasks?place={MACHIDUN}&status=open&limit=100", "冯玉洁")["items"]
    carried = [task for task in tasks if task["title"].startswith("送爱心菜")]
    assert len(carried) == 24 and {task["taken"] for task in carried} == {0}
    assert {"gate_shift", "disinfection", "care_call", "care_visit", "patient_escort"} <= {
        task["kind"] for task in tasks
    }
    assert len(demo.get(f"/task-patterns?place={MACHIDUN}", "冯玉洁")["items"]) == 3
    (visit,) = demo.get("/task-claims", "罗志刚")["items"]
    assert (visit["status"], visit["doors"], "start" in visit["allowed_actions"]) == ("claimed", 3, True)
    (call,) = demo.get("/task-claims", "丁小军")["items"]
    assert call["reminder_due"], "the lease is about to run out"
    assert [one["status"] for one in demo.get("/task-claims?live=false", "刘大爷")["items"]][-1] == "done"
    offered = demo.get("/tasks/for-me", "罗志刚")["items"]
    assert offered[0]["offered"] and offered[0]["why"]
    team = demo.get(f"/teams?place={MACHIDUN}", "冯玉洁")["items"][0]["id"]
    (line,) = demo.get(f"/teams/{team}/lines", "冯玉洁")["items"]
    seen = demo.get(f"/lines/{line['id']}", "冯玉洁")
    assert (seen["bottleneck"], seen["ends_at"] is not None) == ("carry", True)


def test_medicine_in_each_state_worth_looking_at(demo):
    requests_ = demo.get("/medicine-requests?limit=100", "陈静")["items"]
    assert {one["status"] for one in requests_} == {
        "submitted", "needs_info", "planned", "substitute_pending", "buying", "settled",
    }  # fmt: skip
    assert "演示" not in str(requests_), "a name is the answer to a recorded look alone"
    (dearer,) = [one for one in requests_ if one["status"] == "substitute_pending"]
    assert dearer["questions"][0]["fen"] > dearer["lines"][0]["ceiling_fen"]
    (course,) = demo.get(f"/medicine-courses?place={BY_STORY['ready'].code}", "刘大爷")["items"]
    assert (course["days_left"], course["due"]) == (3, True)
    assert len(demo.get("/pharmacies", "李国强")["items"]) == 2
    assert demo.get(f"/medicine-balances?place={MACHIDUN}", "陈静")["items"][0]["name"] == "宋海涛"


def test_an_evening_is_planned_carried_verified_and_counted(demo):
    began = time.monotonic()
    with running(demo.env, "flask", "--app", "wsgi", "jobs", "run"):
        walked = flask(demo.env, "demo", "walk", "--story", "volunteers", "--url", demo.server.url)
    assert walked.returncode == 0, walked.stdout + walked.stderr
    assert time.monotonic() - began < 60
    assert [line.split(".")[0] for line in walked.stdout.splitlines() if line[:1].isdigit()] == [
        str(n) for n in range(1, 11)
    ]
    assert "分钟全部送完" in walked.stdout and "9栋1单元" in walked.stdout
    assert "看不到地址" in walked.stdout and "看到 4 户" in walked.stdout
    checked = flask(demo.env, "invariants")
    assert checked.returncode == 0, checked.stdout


def test_medicine_refused_at_the_door_costs_the_volunteer_nothing(demo):
    walked = flask(demo.env, "demo", "walk", "--story", "medicine", "--url", demo.server.url)
    assert walked.returncode == 0, walked.stdout + walked.stderr
    assert [line.split(".")[0] for line in walked.stdout.splitlines() if line[:1].isdigit()] == [
        str(n) for n in range(1, 13)
    ]
    assert "垫付了 236.80 元" in walked.stdout and "手里 ¥0.00" in walked.stdout
    assert "试算平衡：¥0.00" in walked.stdout
    checked = flask(demo.env, "invariants")
    assert checked.returncode == 0, checked.stdout


def test_skipping_ahead_is_refused_where_there_is_nothing_to_wait_for(demo):
    draft = next(c for c in demo.get("/campaigns?limit=100", "胡桂芳")["items"] if c["title"] == "惠民大米")
    answer = requests.post(f"{demo.server.url}/api/v1/demo/campaigns/{draft['id']}/skip-ahead", timeout=10)
    assert answer.status_code == 404, "a draft is missing to whoever is not in charge of it"
    done = demo.owner.execute("SELECT id FROM campaign WHERE status IN ('settled', 'closed')").fetchall()
    for (campaign_id,) in done:
        answer = requests.post(f"{demo.server.url}/api/v1/demo/campaigns/{campaign_id}/skip-ahead", timeout=10)
        assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_wait_for")


def test_the_desk_and_each_of_its_modules_is_served(demo):
    page = requests.get(demo.server.url, timeout=10).text
    assert all(person.name in page for person in PEOPLE)
    seen, wanted = set(), {"desk.js"}
    while wanted - seen:
        name = (wanted - seen).pop()
        answer = requests.get(f"{demo.server.url}/static/desk/{name}", timeout=10)
        assert answer.ok and "javascript" in answer.headers["Content-Type"], name
        wanted |= set(re.findall(r'from "\./(\w+\.js)"', answer.text))
        seen.add(name)
    assert {"campaigns.js", "orders.js", "handout.js", "organise.js", "books.js", "requests.js", "joining.js"} <= seen
    assert {"tasks.js", "team.js", "evening.js", "coverage.js", "assembly.js", "medicine.js", "trips.js"} <= seen


def test_without_demo_mode_there_is_no_demo(demo):
    env = {**demo.env, "DEMO_MODE": "0"}
    for command in ("load", "people", "walk"):
        refused = flask(env, "demo", command)
        assert refused.returncode == 1 and "DEMO_MODE" in refused.stderr, command
    with serving(env) as plain:
        for method, path in (("GET", "/api/v1/demo/people"), ("GET", "/app/"), ("GET", "/")):
            assert requests.request(method, plain.url + path, json={}, timeout=10).status_code == 404, path
        assert "/demo/" not in requests.get(f"{plain.url}/api/v1/openapi.json", timeout=10).text


def test_the_demo_refuses_production(demo):
    refused = flask({**demo.env, "APP_ENV": "production"}, "demo", "load")
    assert refused.returncode != 0 and "DEMO_MODE" in refused.stderr
