"""What is told of an application: to those who file, each step of others; to those who live there, the outcome."""

from tests.cast import READY, SECOND
from tests.factories import applications as a
from tests.factories import groupbuy as g
from tests.factories.inbox import item, page, told

FILES = "certification."


def kinds(cast, who):
    return [kind.removeprefix(FILES) for kind, _ in told(cast, who)]


def test_what_was_returned_waits_for_whoever_files_until_it_is_mended(world):
    returned = a.returned(world)
    for who in ("wang", "li"):
        assert told(world, who) == [("certification.return", True)]
    sent_back = item(world, "wang", "certification.return")
    assert (sent_back["title"], sent_back["detail"]) == ("马池苑", "要补正 1 项，改好后重新提交。")
    assert (sent_back["subject_type"], sent_back["subject_id"]) == ("certification", returned["id"])
    assert told(world, "other_grid") == told(world, "he") == told(world, "zhao") == []
    a.act(world, "wang", returned, "resubmit")
    assert told(world, "wang") == [("certification.return", False)]


def test_everyone_who_lives_there_is_told_when_it_is_certified_suspended_and_restored(world, app, owner):
    g.home(app, "101", "tang")
    a.certified(world, owner)
    event = a.case(world, "suspected")
    assert kinds(world, "he") == kinds(world, "tang") == ["suspend", "certify"]
    a.resolve(world, event)
    assert kinds(world, "he") == ["restore", "suspend", "certify"]
    assert kinds(world, "wang") == ["restore", "suspend", "certify", "publish"]
    told_of = item(world, "he", "certification.suspend")
    assert (told_of["subject_type"], told_of["subject_id"], told_of["label"]) == ("place", READY, "认定已暂停")
    assert kinds(world, "other_grid") == kinds(world, "nobody") == []


def test_of_another_compound_one_is_told_nothing(world, app, owner):
    a.certified(world, owner, SECOND)
    assert told(world, "he") == [] and kinds(world, "wang") == ["certify", "publish"]


def test_an_objection_is_told_to_whoever_files_without_a_word_of_it(world):
    published = a.published(world)
    raised = a.objection(world, published)
    assert kinds(world, "wang")[0] == "objection.raise"
    words = str(page(world, "wang"))
    assert raised["id"] in words and "夜里" not in words
    a.answer(world, raised, "admit", reason="受理")
    assert kinds(world, "wang")[0] == "freeze"
