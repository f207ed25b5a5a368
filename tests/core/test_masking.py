"""What the public sees of a person: the family name, three and four digits, nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.masking import Masked, MaskedField, mask_name, mask_phone
from backend.core.schemas import Schema
from tests.cast import MACHIDUN
from tests.core import things


@pytest.mark.parametrize(
    ("name", "shown"), [("王建国", "王**"), ("王", "王**"), ("欧阳修", "欧**"), ("", "**"), ("Anna", "A**")]
)
def test_a_name_shows_its_first_sign(name, shown):
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("phone", "shown"),
    [("13812345678", "138****5678"), ("027-83210000", "027****0000"), ("123456789", "****"), ("", "****")],
)
def test_a_phone_shows_no_more_than_seven_digits(phone, shown):
    assert mask_phone(phone) == shown


@given(st.text(min_size=2), st.text(alphabet="0123456789", min_size=10, max_size=20))
def test_whatever_comes_the_middle_is_gone(name, phone):
    assert len(mask_name(name)) == 3 and len(mask_phone(phone)) == 11


def test_a_field_of_a_notice_takes_masked_text_alone():
    schema = Schema.from_dict({"who": MaskedField(allow_none=True)})()
    assert schema.dump({"who": mask_name("王建国")}) == {"who": "王**"} and schema.dump({"who": None}) == {"who": None}
    with pytest.raises(TypeError):
        schema.dump({"who": "王建国"})
    with pytest.raises(TypeError):
        schema.dump({"who": str.__add__(Masked("王"), "建国")})


def test_lists_are_masked_and_a_look_is_a_post_with_its_purpose_and_audited(world, app, owner):
    _, member = things.household(app)
    page = world.wang.get("/households", place=MACHIDUN)
    assert things.PHONE not in page.text and things.NAME not in page.text and "138****5678" in page.text
    look = f"/household-members/{member}/reveal"
    assert world.wang.get(look).status_code == 405
    assert world.wang.post(look, {"purpose": "curiosity"}).status_code == 422
    clear = world.wang.post(look, {"purpose": "deliver"})
    assert (clear.json["name"], clear.json["phone"]) == (things.NAME, things.PHONE)
    looks = owner.execute("SELECT subject_id, details->>'purpose' FROM audit_event WHERE action = 'reveal'").fetchall()
    assert looks == [(member, "deliver")]
    assert things.PHONE not in str(owner.execute("SELECT a::text FROM audit_event a").fetchall())
