"""A trip from the plan to the evening: who sees what when, what is bought, and where every fen of it ends."""

import re
from urllib.parse import unquote

from sqlalchemy import select

from backend.extensions import db
from backend.volunteering.tasks.models import Task, TaskStop
from tests.cast import MACHIDUN
from tests.factories import groupbuy as g
from tests.factories import medicine as m
from tests.factories import tasks as t
from tests.factories import trips as trip
from tests.factories.groupbuy import ok


def test_from_the_plan_to_the_evening(world, app, home, qian, shop):
    request = m.checked(world, "he")
    planned = ok(world.li.post("/medicine-plans", {"place_code": MACHIDUN}), 201)
    assert [one["count"] for one in planned["trips"]] == [1] and not planned["unplaced"]
    made = ok(trip.step(world, "li", planned["trips"][0], "seal"))
    trip.set_out(world, "qian", made)
    ok(trip.advance(world, made, 5000), 201)
    ok(trip.step(world, "qian", made, "arrive"))
    seen = ok(world.qian.post(f"/medicine-trips/{made['id']}/reveal", {"purpose": "buy"}))
    assert seen["items"][0]["lines"][0]["name"] == m.PILLS["name"]
    trip.bought(world, "qian", made, request, 4200)
    made = trip.back(world, "qian", made)
    assert trip.show(world, made, "qian")["own_fen"] == 800
    handed = ok(trip.hand_over(world, "li", request, 4200))
    assert handed == {"handed_over": True, "tries_left": 5, "owed_fen": 4200, "refused": 0, "warm": 0}
    assert m.show(world, request)["status"] == "settled"
    refused = trip.reconcile(world, made)
    assert refused.json["code"] == "not_even" and "8.00 元" in refused.json["detail"]
    trip.even(world, made)
    assert ok(trip.reconcile(world, made))["status"] == "reconciled"
    assert not g.sound(app)


def test_a_sealed_list_does_not_change(world, app, home, neighbours, qian, shop):
    first, second = m.checked(world, "he"), m.checked(world, "wang", household_id=neighbours, consent="voice")
    made = trip.opened(world, shop, first, second)
    assert made["count"] == 2
    gone = {"request_id": second["id"], "revision": made["revision"]}
    made = ok(world.li.post(f"/medicine-trips/{made['id']}/removals", gone))
    assert made["count"] == 1 and m.show(world, second)["status"] == "checked"
    ok(trip.step(world, "li", made, "seal"))
    answer = trip.add(world, trip.show(world, made), second)
    assert (answer.status_code, answer.json["code"]) == (409, "sealed")
    assert not g.sound(app)


def test_only_who_is_on_the_way_reads_the_list(world, app, home, qian, shop):
    t.helper(app, "feng")
    made = trip.sealed(world, shop, m.checked(world, "he"))

    def look(who):
        return world.hand(who).post(f"/medicine-trips/{made['id']}/reveal", {"purpose": "buy"}).status_code

    assert [look(who) for who in ("qian", "other_grid", "li", "feng")] == [404, 404, 403, 403]
    trip.set_out(world, "qian", made)
    assert [look(who) for who in ("qian", "other_grid", "li", "feng")] == [200, 404, 403, 403]
    ok(trip.step(world, "qian", made, "arrive"))
    ok(trip.step(world, "qian", made, "leave"))
    assert look("qian") == 409


def test_each_look_at_the_list_is_written_down(world, app, home, qian, shop, owner):
    request = m.checked(world, "he")
    made = trip.at_the_counter(world, "qian", shop, request)
    ok(world.qian.post(f"/medicine-trips/{made['id']}/reveal", {"purpose": "buy"}))
    looks = owner.execute(
        "SELECT details FROM audit_event WHERE subject_type = 'medicine_trip' AND action = 'reveal'"
    ).fetchall()
    assert [look[0] for look in looks] == [{"purpose": "buy", "requests": [request["id"]]}]


def test_the_counter_asks_before_paying_more(world, app, home, qian, shop):
    request = m.checked(world, "he", {"ceiling_fen": 3000})
    made = trip.at_the_counter(world, "qian", shop, request)
    line = request["lines"][0]
    dear = trip.buy(world, "qian", made, line, 3600)
    assert (dear.status_code, dear.json["code"], dear.json["most_fen"]) == (409, "above_ceiling", 3000)
    assert "30.00 元" in dear.json["detail"]
    ask = {"line_id": line["id"], "kind": "price", "fen": 3600}
    asked = ok(world.qian.post(f"/medicine-trips/{made['id']}/questions", ask), 201)
    assert trip.buy(world, "qian", made, line, 2900).status_code == 409  # the household is thinking
    ok(world.he.post(f"/medicine-questions/{asked['id']}/answer", {"accept": True}))
    assert ok(trip.buy(world, "qian", made, line, 3600), 201)["fen"] == 3600
    assert not g.sound(app)


def test_nobody_stands_at_a_counter_for_longer_than_a_quarter_of_an_hour(world, app, home, qian, shop, owner):
    request = m.checked(world, "he", {}, {**m.PILLS, "name": "维生素C片"})
    made = trip.at_the_counter(world, "qian", shop, request)
    ask = {"line_id": request["lines"][0]["id"], "kind": "price", "fen": 9000}
    ok(world.qian.post(f"/medicine-trips/{made['id']}/questions", ask), 201)
    owner.execute("UPDATE medicine_question SET created_at = created_at - interval '16 minutes'")
    trip.tick(app, "stop_waiting")
    now = m.show(world, request)
    assert (now["status"], now["lines"][0]["status"]) == ("buying", "unavailable")
    ok(trip.buy(world, "qian", made, request["lines"][1], 1000), 201)
    trip.back(world, "qian", made)
    assert [line["status"] for line in m.show(world, request)["lines"]] == ["bought"]
    (rest,) = [one for one in ok(world.he.get("/medicine-requests"))["items"] if one["id"] != request["id"]]
    assert (rest["status"], [line["status"] for line in rest["lines"]]) == ("checked", ["wanted"])
    assert not g.sound(app)


def test_what_is_out_of_date_or_too_much_is_not_bought(world, app, home, qian, shop):
    request = m.checked(world, "he")
    made = trip.at_the_counter(world, "qian", shop, request)
    line = request["lines"][0]
    assert trip.buy(world, "qian", made, line, expires_on="2020-02-01").json["code"] == "out_of_date"
    assert trip.buy(world, "qian", made, line, quantity=3).json["code"] == "too_many"
    assert trip.buy(world, "qian", made, line, fen=-1).status_code == 422
    ok(trip.buy(world, "qian", made, line), 201)
    assert trip.buy(world, "qian", made, line).status_code == 409


def test_a_wrong_sum_is_mended_before_leaving(world, app, home, qian, shop):
    request = m.checked(world, "he")
    made = trip.at_the_counter(world, "qian", shop, request)
    (wrong,) = trip.bought(world, "qian", made, request, 300)
    ok(world.qian.patch(f"/medicine-purchases/{wrong['id']}", {"revision": wrong["revision"], "fen": 3000}))
    assert trip.show(world, made, "qian")["own_fen"] == -3000
    trip.back(world, "qian", made)
    late = world.qian.patch(f"/medicine-purchases/{wrong['id']}", {"revision": wrong["revision"] + 1, "fen": 1})
    assert late.status_code == 409
    assert not g.sound(app)


def test_the_pass_is_valid_on_the_way_only_and_tells_no_patient(world, app, home, qian, shop):
    made = trip.sealed(world, shop, m.checked(world, "he"))
    assert world.li.get(f"/medicine-trips/{made['id']}/pass").status_code == 409
    trip.set_out(world, "qian", made)
    page = world.qian.get(f"/medicine-trips/{made['id']}/pass")
    assert page.status_code == 200 and "qian" in page.text and shop["name"] in page.text
    assert "张三丰" not in page.text and m.PILLS["name"] not in page.text
    told = ok(world.qian.get(f"/medicine-trips/{made['id']}/pass", format="json"))
    assert (told["volunteer"], told["pharmacy"]) == ("qian", shop["name"]) and told["since"] < told["until"]
    drawn = unquote(told["picture"].removeprefix("data:image/svg+xml,"))
    assert re.search(r'<path d="[^"]+"/>', drawn).group() in page.text  # the same code
    assert "pass" in trip.show(world, made, "qian")["allowed_actions"]
    assert "reveal" in trip.show(world, made, "qian")["allowed_actions"]
    assert "reveal" not in trip.show(world, made, "li")["allowed_actions"]
    path = trip.pass_path(app, made)
    assert ok(world.public.get(path))["valid"] is True
    assert world.public.get(path[:-1] + ("0" if path[-1] != "0" else "1")).status_code == 404
    assert world.tang.get(f"/medicine-trips/{made['id']}/pass").status_code in (403, 404)
    ok(trip.step(world, "qian", made, "abort", reason="vehicle"))
    assert not {"pass", "reveal"} & set(trip.show(world, made, "qian")["allowed_actions"])
    assert ok(world.public.get(path)) == {
        "valid": False, "said": "这张出行证明已经失效。", "volunteer": None, "pharmacy": None, "valid_until": None,
    }  # fmt: skip


def test_who_must_stop_at_once_sees_nothing_more_and_another_takes_over(world, app, home, qian, shop):
    """A contact at noon, with the list and the float's money in hand."""
    request = m.checked(world, "he")
    made = trip.at_the_counter(world, "qian", shop, request)
    ok(trip.advance(world, made, 5000), 201)
    assert world.li.post(f"/volunteers/{qian}/stand-down", {"reason": "other"}).status_code == 204
    look = f"/medicine-trips/{made['id']}/reveal"
    assert world.qian.post(look, {"purpose": "buy"}).status_code == 403
    assert trip.buy(world, "qian", made, request["lines"][0]).status_code == 403
    t.helper(app, "feng")
    t.begun(world, "feng", trip.task_of(app, made["id"]))
    ok(world.feng.post(look, {"purpose": "buy"}))
    trip.bought(world, "feng", made, request)
    made = trip.back(world, "feng", made)
    ok(trip.hand_over(world, "li", request, 3000))
    held = {one["name"]: one["fen"] for one in trip.held(world)}
    assert held == {"qian": 5000, "feng": -3000, "li": 3000}  # each has what passed through their own hands
    trip.even(world, made)
    ok(trip.reconcile(world, made))
    assert not g.sound(app)


def test_refused_from_the_phone_before_anyone_comes(world, app, home, qian, shop):
    first, second = m.checked(world, "he"), m.checked(world, "he")
    made = trip.at_the_counter(world, "qian", shop, first, second)
    for request in (first, second):
        trip.bought(world, "qian", made, request)
    trip.photographed(world, "qian", made)
    ok(trip.step(world, "qian", made, "leave"))
    ok(trip.refuse(world, "he", first, "no_longer_needed"))
    ok(trip.step(world, "qian", made, "hand_out"))
    with app.app_context():
        stops = db.session.scalars(select(TaskStop.subject_id).join(Task).where(Task.kind == "medicine_delivery")).all()
    assert [str(stop) for stop in stops] == [second["id"]]
    assert not g.sound(app)
