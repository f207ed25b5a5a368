"""Two homes in one stairwell: he's, who has a phone, and the neighbours', who have none."""

import pytest

from backend.core.settings import settings
from tests.factories import groupbuy as g
from tests.factories import tasks as t
from tests.factories import trips as trip


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    monkeypatch.setitem(settings, "FILE_STORAGE", f"file:{tmp_path / 'files'}")


@pytest.fixture
def home(world, app):
    return g.home(app, "101", "he")


@pytest.fixture
def neighbours(world, app):
    return g.home(app, "102", no_smartphone=True)


@pytest.fixture
def shop(world):
    return trip.pharmacy(world)


@pytest.fixture
def qian(world, app):
    return t.helper(app, "qian")
