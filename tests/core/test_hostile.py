"""What a hostile or unlucky sender tried, and no longer gets: each of these was once a way in."""

import io

import pytest

from backend.core import clock, ratelimit
from backend.core.schemas import written
from tests.cast import MACHIDUN, READY, key
from tests.factories import groupbuy as g


def test_an_upload_that_hides_its_size_is_refused_whole(world, app):
    """Cut at the limit, half a spreadsheet would have been loaded with a cheerful 200."""
    headers = {"Authorization": f"Bearer {world.wang.token}", "Idempotency-Key": key(), "Content-Type": "text/csv"}
    answer = app.test_client().post(
        f"/api/v1/places/{READY}/households/import",
        input_stream=io.BytesIO(b"x" * 100),
        headers={**headers, "Transfer-Encoding": "chunked"},
    )
    assert (answer.status_code, answer.json["code"]) == (411, "length_required")


def test_a_heading_of_twenty_thousand_columns_is_refused_at_once(world):
    sheet = ",".join(f"h{n}" for n in range(20_000)).encode()
    answer = world.wang.upload(f"/places/{READY}/households/import", sheet)
    assert (answer.status_code, len(answer.json["errors"])) == (422, 1)


@pytest.mark.parametrize("name", ["马池苑\u200b", "\u202e苑池马", "  ", "a\nb", "\u200b"])
def test_no_name_looks_like_another_or_like_nothing(world, name):
    sent = {"parent_code": MACHIDUN, "kind": "compound", "name": name}
    assert world.wang.post("/places", sent).status_code == 422


def test_blanks_around_a_name_are_not_part_of_it(world):
    sent = {"parent_code": MACHIDUN, "kind": "compound", "name": " 马池苑 "}
    assert (world.wang.post("/places", sent).status_code, world.wang.post("/places", sent).json["code"]) == (
        409,
        "name_taken",
    )


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("阿莫西林\u3000胶囊", "阿莫西林 胶囊"),
        ("夜里\t有人\u00a0进出\r\n东门", "夜里 有人 进出\n东门"),
        ("\u3000好\u3000", "好"),
    ],
)
def test_every_blank_a_keyboard_makes_is_a_plain_one(typed, kept):
    assert written(500, lines=True).deserialize(typed) == kept


def test_an_objection_of_blanks_is_none(world):
    nowhere = "/public/notices/00000000-0000-7000-8000-000000000000/objections"
    assert world.public.post(nowhere, {"text": "     \n   "}).status_code == 422


def test_a_post_ends_within_what_the_database_can_read_back(world):
    until = "9999-12-31T23:59:59-12:00"
    me = world.nobody.get("/me").json["id"]
    post = {"user_id": me, "role": "gate_duty", "place_code": MACHIDUN, "until": until}
    answer = world.li.post("/role-assignments", post)
    assert (answer.status_code, answer.json["code"]) == (422, "until_too_far")


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"])
def test_a_campaign_is_of_our_days(world, at):
    """Neither a sum beyond the calendar, nor a date that the database could not be asked for again."""
    answers = [
        world.hu.post("/campaigns", g.body(opens_at=opens, cut_off_at=closes))
        for opens, closes in ((at, at), (at, "9999-12-31T23:59:59-12:00"), (clock.now().isoformat(), at))
    ]
    assert {(answer.status_code, answer.json["code"]) for answer in answers} == {(422, "invalid")}


def test_a_draft_written_anew_without_sense_is_refused_in_words(world):
    """It once reached the table's CHECK first, and was our defect."""
    draft = g.drafted(world)
    written = {name: value for name, value in g.body().items() if name != "place_code"} | {"revision": 1}
    answer = world.hu.patch(f"/campaigns/{draft['id']}", {**written, "cut_off_at": written["opens_at"]})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "/cut_off_at")


def test_a_case_has_a_date_of_this_epidemic(world):
    case = {"place": READY, "category": "fever", "effective_on": "0001-01-01", "source": "疾控通报"}
    assert world.chen.post("/cases", case).json["code"] == "before_the_epidemic"


def test_one_line_of_ipv6_is_one_client(app):
    with app.test_request_context(environ_base={"REMOTE_ADDR": "2001:db8:1:2:3::4"}):
        one = ratelimit.address()
    with app.test_request_context(environ_base={"REMOTE_ADDR": "2001:db8:1:2:ffff::1"}):
        assert ratelimit.address() == one == "2001:db8:1:2::/64"


def test_a_weakened_etag_is_still_ours(world, app):
    client, path = app.test_client(), f"/api/v1/public/places/{READY}"
    etag = client.get(path).headers["ETag"]
    for given in (etag, f"W/{etag}", f'"other", {etag}'):
        assert client.get(path, headers={"If-None-Match": given}).status_code == 304, given
