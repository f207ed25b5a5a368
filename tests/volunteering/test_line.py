"""The line of a mass distribution: on values, then over HTTP; 700 packs the first and the fifth time."""

import uuid
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from backend.core import clock
from backend.core.transaction import unit_of_work
from backend.extensions import db
from backend.volunteering.planning.line import WINDOW, Station, Tally, advice, beside, duration, see
from backend.volunteering.planning.models import LineCount
from tests.cast import UNIT
from tests.factories import evenings as e
from tests.factories import groupbuy as g
from tests.factories import households as h
from tests.factories import tasks as t
from tests.factories.claims import statements
from tests.factories.world import user_id

SORT, PACK, CARRY, FLOOR = Station
NINE = datetime(2020, 3, 8, 9, tzinfo=UTC)
TEN = NINE + timedelta(hours=1)


def tally(done, lately, since=NINE):
    """A station fed since `since` that counted so much in all, so much of it in the last quarter of an hour."""
    return Tally(done, lately, since, TEN)


def seen(counted, usual=None, now=TEN):
    return see(700, NINE, now, counted, usual or {})


def refused(answer, status, code):
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    return answer.json


# --- On values ----------------------------------------------------------------------------------------------------


def test_rates_queues_and_the_forecast_of_the_last_door():
    """At ten: sorting 400 an hour, packing 200, both carriers keep up with the packing."""
    line = seen({SORT: tally(400, 100), PACK: tally(200, 50), CARRY: tally(200, 50), FLOOR: tally(200, 50)})
    assert [pace.rate for pace in line.stations] == [400, 200, 200, 200]
    assert [pace.queue for pace in line.stations] == [300, 200, 0, 0]
    assert line.bottleneck == PACK
    assert advice(line) == "打包最慢，每小时 200 份，前面积压 200 份：请调人过去。"
    sort, pack, carry, floor = (pace.ends_at for pace in line.stations)
    assert sort == TEN + timedelta(minutes=45)
    assert pack == TEN + timedelta(hours=2.5)
    assert carry == pack + timedelta(hours=1 / 200) and line.ends_at == floor == carry + timedelta(hours=1 / 200)


@pytest.mark.parametrize(
    ("counted", "holds_up"),
    [
        # Slowest by rate, but nothing waits before it: it is fed slowly.
        ({SORT: tally(300, 25), PACK: tally(300, 20), CARRY: tally(300, 20), FLOOR: tally(300, 20)}, SORT),
        # A long queue before a fast station is not what holds up.
        ({SORT: tally(650, 25), PACK: tally(250, 150), CARRY: tally(240, 10), FLOOR: tally(240, 10)}, CARRY),
        # Who stands still with packs before them holds up whatever the others do.
        ({SORT: tally(300, 5), PACK: tally(200, 0), CARRY: tally(200, 0), FLOOR: tally(200, 0)}, PACK),
        # Of two who stand still, the one with more packs before it.
        ({SORT: tally(700, 50), PACK: tally(600, 0), CARRY: tally(300, 0), FLOOR: tally(300, 0)}, CARRY),
        # All sorted and packed: the stairs.
        ({SORT: tally(700, 0), PACK: tally(700, 0), CARRY: tally(500, 90), FLOOR: tally(480, 40)}, FLOOR),
    ],
)
def test_the_station_that_holds_everyone_up(counted, holds_up):
    assert seen(counted).bottleneck == holds_up


def test_all_done_ends_now():
    line = seen({station: tally(700, 0) for station in Station})
    assert line.bottleneck is None and line.ends_at == TEN and advice(line) == "没有积压，各站都跟得上。"


def test_before_anybody_has_counted_the_last_line_tells_how_fast_they_are():
    begun = seen({}, now=NINE)
    assert begun.ends_at is None and begun.bottleneck == SORT
    line = seen({}, {SORT: 350, PACK: 140, CARRY: 350, FLOOR: 350}, now=NINE)
    assert line.stations[1].ends_at == NINE + timedelta(hours=2) + timedelta(hours=1 / 140)
    assert line.stations[3].ends_at > line.stations[1].ends_at


def test_who_stands_still_has_no_forecast_whatever_the_last_line_was_like():
    line = seen({SORT: tally(300, 0)}, dict.fromkeys(Station, 300.0))
    assert line.ends_at is None
    assert advice(line) == "分拣停着，前面积压 400 份：请去看一看，或调人过去。"


def test_a_rate_counts_from_when_there_was_something_to_do():
    """Five minutes after the first sorted pack came to the packers, ten packs are 120 an hour and not 40."""
    line = seen({SORT: tally(100, 100, TEN - timedelta(minutes=5)), PACK: Tally(10, 10, TEN, TEN)})
    assert line.stations[1].rate == 120
    assert seen({SORT: tally(100, 100)}).stations[0].rate == 100 / (WINDOW / timedelta(hours=1))


@pytest.mark.parametrize(
    ("hours", "words"),
    [(0.2, "12 分钟"), (5, "5 小时"), (23, "23 小时"), (24, "1 天"), (36, "1 天半"), (60, "2 天半"), (50, "2 天")],
)
def test_how_long_in_words(hours, words):
    assert duration(timedelta(hours=hours)) == words


def test_beside_the_last_one():
    said = beside(700, timedelta(hours=5), 700, timedelta(hours=60), 1)
    assert said == "第一次 700 份用了 2 天半，这次 700 份用 5 小时，每小时的份数快到 12.0 倍。"
    assert beside(350, timedelta(hours=5), 700, timedelta(hours=10), 2).endswith("差不多快。")
    assert beside(350, timedelta(hours=10), 700, timedelta(hours=10), 2).endswith("慢到 0.5 倍。")


# --- Over HTTP ----------------------------------------------------------------------------------------------------


def opened(cast, packs=700, **more):
    body = {"title": "爱心菜 700 份", "packs": packs, **more}
    return g.ok(cast.feng.post(f"/teams/{e.team_id(cast.app)}/lines", body), 201)


def count(cast, line, station, packs, who="qian"):
    return cast.hand(who).post(f"/lines/{line['id']}/counts", {"station": station, "packs": packs})


def counted(app, line, *counts):
    """Taps of earlier: (station, packs, when)."""
    with app.app_context(), unit_of_work():
        who = user_id("qian")
        for station, packs, at in counts:
            db.session.add(LineCount(line_id=line["id"], station=station, packs=packs, counted_by=who, at=at))


def past(cast, owner, hours, ago):
    """A line of 700 packs that took so many hours and ended so many hours ago."""
    line, ended = opened(cast), clock.now() - timedelta(hours=ago)
    begun = ended - timedelta(hours=hours)
    quarters = [begun + timedelta(hours=hours * quarter / 4) for quarter in range(1, 5)]
    counted(cast.app, line, *[(station, 175, at) for station in Station for at in quarters])
    g.ok(cast.feng.post(f"/lines/{line['id']}/close", {"revision": line["revision"]}))
    owner.execute("UPDATE assembly_line SET created_at = %s, closed_at = %s WHERE id = %s", [begun, ended, line["id"]])
    return line


@pytest.fixture
def crew(app, world):
    t.helper(app, "qian")
    return world


def test_seven_hundred_packs_the_first_and_the_fifth_time(app, crew, owner):
    """DOMAIN section 6: two and a half days the first time, less than half a day the fifth. Each time the team reads
    how it does beside the time before."""
    for hours, ago in ((60, 500), (36, 400), (24, 300), (14, 200)):
        line = past(crew, owner, hours, ago)
    fourth = g.ok(crew.qian.get(f"/lines/{line['id']}"))
    assert fourth["status"] == "closed" and fourth["bottleneck"] is None
    assert fourth["beside"] == "第三次 700 份用了 1 天，这次 700 份用 14 小时，每小时的份数快到 1.7 倍。"
    second = g.ok(crew.feng.get(f"/teams/{e.team_id(app)}/lines"))["items"][2]
    told = g.ok(crew.feng.get(f"/lines/{second['id']}"))["beside"]
    assert told == "第一次 700 份用了 2 天半，这次 700 份用 1 天半，每小时的份数快到 1.7 倍。"

    fifth = opened(crew)
    assert fifth["ends_at"] is not None, "the fourth line's rates foretell it before anyone has counted"
    owner.execute("UPDATE assembly_line SET created_at = now() - interval '3 hours' WHERE id = %s", [fifth["id"]])
    early, lately = (clock.now() - timedelta(minutes=minutes) for minutes in (180, 5))
    for station, packs in ((SORT, 600), (PACK, 500), (CARRY, 450), (FLOOR, 450)):
        counted(app, fifth, (station, packs - 50, early), (station, 50, lately))
    now = g.ok(crew.qian.get(f"/lines/{fifth['id']}"))
    assert [station["rate"] for station in now["stations"]] == [200, 200, 200, 200]
    assert [station["queue"] for station in now["stations"]] == [100, 100, 50, 0]
    assert now["bottleneck"] == "carry" and now["advice"].startswith("搬运最慢，每小时 200 份，前面积压 50 份")
    assert now["beside"] == "第四次 700 份用了 14 小时，这次 700 份用 4 小时，每小时的份数快到 3.3 倍。"
    assert g.sound(app) == {}


def test_whoever_stands_there_taps_and_takes_back(app, crew):
    line = opened(crew, packs=20)
    line = g.ok(count(crew, line, "sort", 15), 201)
    assert line["stations"][0]["done"] == 15 and line["stations"][1]["queue"] == 15
    refused(count(crew, line, "sort", 6), 422, "miscounted")
    refused(count(crew, line, "pack", -1), 422, "miscounted")
    refused(count(crew, line, "pack", 0), 422, "invalid")
    refused(count(crew, line, "roof", 1), 422, "invalid")
    assert g.ok(count(crew, line, "sort", -5), 201)["stations"][0]["done"] == 10
    assert g.ok(count(crew, line, "pack", 20), 201)["stations"][1]["queue"] == 0, "packed faster than sorted was tapped"


def test_one_tap_sent_twice_counts_once(crew):
    line = opened(crew, packs=20)
    for _ in range(2):
        sent = crew.qian.post(
            f"/lines/{line['id']}/counts", {"station": "sort", "packs": 5}, idempotency_key="one-tap-sent-twice"
        )
        g.ok(sent, 201)
    assert g.ok(crew.qian.get(f"/lines/{line['id']}"))["stations"][0]["done"] == 5


def test_what_was_counted_is_never_rewritten(app, crew, owner):
    g.ok(count(crew, opened(crew), "sort", 5), 201)
    for statement in ("UPDATE line_count SET packs = 6", "DELETE FROM line_count"):
        with pytest.raises(psycopg.errors.RestrictViolation):
            owner.execute(statement)


def test_a_closed_line_is_counted_at_no_more(crew):
    line = opened(crew)
    closed = g.ok(crew.li.post(f"/lines/{line['id']}/close", {"revision": line["revision"]}))
    assert closed["status"] == "closed" and closed["ends_at"] == closed["closed_at"]
    refused(count(crew, line, "sort", 1), 409, "line_closed")
    refused(crew.li.post(f"/lines/{line['id']}/close", {"revision": closed["revision"]}), 409, "not_now")


@pytest.mark.parametrize(
    ("who", "sees", "opens"),
    [("qian", 200, 403), ("wang", 200, 201), ("feng", 200, 201), ("he", 404, 403), ("liu", 404, 403),
     ("other_secretary", 404, 404), ("nobody", 404, 403)],
)  # fmt: skip
def test_the_team_and_those_in_charge_stand_there(app, crew, who, sees, opens):
    line = opened(crew)
    assert crew.hand(who).get(f"/lines/{line['id']}").status_code == sees
    assert crew.hand(who).get(f"/teams/{e.team_id(app)}/lines").status_code == sees
    assert count(crew, line, "sort", 1, who).status_code == {200: 201}.get(sees, sees)
    answer = crew.hand(who).post(f"/teams/{e.team_id(app)}/lines", {"title": "菜", "packs": 7})
    assert answer.status_code == opens, answer.text


def test_doors_gone_to_count_by_themselves(app, crew):
    """With a campaign behind it the last station is what volunteers say at the doors; nobody has to tap it."""
    g.ok(h.send(crew, h.sheet(h.rows(4))), 200)
    homes = [home["id"] for home in g.ok(crew.wang.get("/households", place=UNIT))["items"]]
    origin = uuid.uuid4()
    team, body = e.team_id(app), {"title": "菜", "packs": 4, "origin_id": str(origin)}
    refused(crew.feng.post(f"/teams/{team}/lines", body), 404, "not_found")
    task = t.task(app, UNIT, tuple(homes), origin_type="test", origin_id=origin, origin_key="carry:1")
    line = opened(crew, packs=4, origin_id=str(origin))
    refused(count(crew, line, "floor", 1), 409, "counts_itself")
    again = crew.feng.post(f"/teams/{team}/lines", body)
    refused(again, 409, "line_exists")
    claim = t.begun(crew, "qian", task)
    for position, outcome in ((1, "done"), (2, "not_home"), (3, "done")):
        door = f"/task-claims/{claim['id']}/doors/{position}/settle"
        settled = crew.qian.post(door, {"outcome": outcome})
        assert settled.status_code == 200, settled.text
    assert g.ok(crew.qian.get(f"/lines/{line['id']}"))["stations"][3]["done"] == 2


def test_a_line_is_seen_in_as_many_queries_after_forty_taps_as_after_four(app, crew):
    line = opened(crew)
    seen_in = []
    for taps in (4, 36):
        for _ in range(taps):
            g.ok(count(crew, line, "sort", 1), 201)
        with statements(app) as said:
            g.ok(crew.qian.get(f"/lines/{line['id']}"))
        seen_in.append(len(said))
    assert seen_in[0] == seen_in[1] < 12
