"""What was tried on the later parts of the group buy: each was a hole once."""

from datetime import datetime, timedelta

from backend.core import clock
from tests.factories import groupbuy as g
from tests.factories import handout as h
from tests.groupbuy.test_handout import call, calls, stairs


def test_one_helper_does_not_call_and_skip_through_all_numbers_in_a_minute(world, app, owner):
    """Called three times in ten seconds, nobody of twelve could have come, and all of it would have gone to others."""
    campaign = stairs(world, app, 4, batch_size=2, at_once=4)
    assert call(world, campaign) == [1, 2]
    first, second = h.listed(world, campaign, called="true")
    hasty = h.act(world, "qian", first, "skip")
    assert (hasty.status_code, hasty.json["code"]) == (409, "just_called")
    waits = datetime.fromisoformat(hasty.json["skip_from"]) - clock.now()
    assert timedelta(minutes=2) < waits <= timedelta(minutes=3)
    g.ok(h.act(world, "qian", second, "collect"))  # who comes is served at once
    assert calls(world, campaign).json["code"] == "too_soon"
    h.minutes_pass(owner, campaign, 3)
    g.ok(h.act(world, "qian", first, "skip"))
    assert call(world, campaign) == [3, 4] and not g.sound(app)
