"""Photos: where one lies from the request that brings it to the day it is erased."""

import io
import uuid
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import create_engine, select, text

from backend.core import clock, photos
from backend.core.audit import AuditEvent
from backend.core.errors import Busy, DomainError, NotFound
from backend.core.photos import Photo, erase_due, read, store_waiting, take
from backend.core.settings import settings
from backend.core.storage import Folder, Missing, key_of, storage
from backend.core.transaction import unit_of_work
from backend.extensions import db
from tests.cast import READY
from tests.factories.world import actor

CLAIM = uuid.UUID(int=7)


@pytest.fixture(scope="session", autouse=True)
def table(app):
    """Until the migration has it."""
    engine = create_engine(app.config["MIGRATION_DATABASE_URL"])
    with engine.begin() as connection:
        if not engine.dialect.has_table(connection, "photo"):
            Photo.__table__.create(connection)
            connection.execute(text("GRANT ALL ON photo TO anlin_app"))
    engine.dispose()


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch, ctx):
    """A folder of the test's own, and a person at work."""
    folder = tmp_path / "files"
    monkeypatch.setitem(settings, "FILE_STORAGE", f"file:{folder}")
    return folder


@pytest.fixture
def down(files):
    """The store cannot be reached; `down()` brings it back."""
    files.write_bytes(b"where the folder should be")
    return files.unlink


def taken(**more):
    """The id of a photo, committed, and the JPEG that was kept."""
    out = io.BytesIO()
    Image.effect_noise((200, 100), 50).convert("RGB").save(out, "PNG")
    with unit_of_work():
        photo = take(actor("wang"), out.getvalue(), READY, "claim", CLAIM, **more)
        return photo.id, read(photo)


def fresh(photo_id):
    db.session.expire_all()
    return db.session.get_one(Photo, photo_id)


def run(work):
    with unit_of_work():
        work()


def lying(files):
    """What is in the store: names and bytes."""
    return {path.name: path.read_bytes() for path in files.rglob("*") if path.is_file()}


def due(owner, photo_id, days_ago=0):
    """Its day of erasure comes."""
    owner.execute("UPDATE photo SET erase_on = %s WHERE id = %s", [clock.today() - timedelta(days_ago), photo_id])


def test_a_photo_is_read_from_its_row_and_then_from_the_store(files):
    photo_id, jpeg = taken()
    photo = fresh(photo_id)
    assert read(photo) == jpeg and not files.exists()
    assert (photo.width, photo.height, photo.size) == (200, 100, len(jpeg))
    assert (photo.place_code, photo.subject_type, photo.subject_id) == (READY, "claim", CLAIM)
    run(store_waiting)
    photo = fresh(photo_id)
    assert photo.waiting_cipher is None and list(lying(files)) == [str(photo_id)]
    assert read(photo) == jpeg


def test_who_sent_what_is_on_record():
    photo_id, _ = taken()
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.subject_id == photo_id)).one()
    assert (event.subject_type, event.action, event.place_code) == ("photo", "take", READY)
    assert event.actor_id == fresh(photo_id).uploaded_by == actor("wang").id
    assert event.details == {"claim": str(CLAIM)}


def test_neither_the_row_nor_the_store_shows_the_picture(files, owner):
    photo_id, jpeg = taken()
    (in_row,) = owner.execute("SELECT waiting_cipher FROM photo WHERE id = %s", [photo_id]).fetchone()
    run(store_waiting)
    for sealed in (bytes(in_row), lying(files)[str(photo_id)]):
        assert b"JFIF" not in sealed and jpeg[100:120] not in sealed


def test_a_file_put_in_anothers_place_is_not_shown(files):
    (one, _), (other, _) = taken(), taken()
    run(store_waiting)
    storage().put(key_of("photo", one), storage().get(key_of("photo", other)))
    with pytest.raises(Exception, match=r"^$") as refusal:
        read(fresh(one))
    assert type(refusal.value).__name__ == "InvalidTag"


def test_a_refused_request_leaves_nothing_behind(files):
    with pytest.raises(DomainError, match="later"), unit_of_work():
        out = io.BytesIO()
        Image.new("RGB", (9, 9)).save(out, "JPEG")
        take(actor("wang"), out.getvalue(), READY, "claim", CLAIM)
        raise DomainError("later", "后来不行")
    run(store_waiting)
    assert not db.session.scalars(select(Photo)).all() and not files.exists()


def test_a_photo_is_taken_and_read_while_the_store_is_down(files, down):
    photo_id, jpeg = taken()
    with pytest.raises(Busy):
        run(store_waiting)
    assert read(fresh(photo_id)) == jpeg
    down()
    run(store_waiting)
    assert lying(files) and read(fresh(photo_id)) == jpeg


def test_reading_from_a_store_that_is_down_is_busy(files):
    photo_id, jpeg = taken()
    run(store_waiting)
    files.rename(files.with_name("away"))
    files.write_bytes(b"")
    with pytest.raises(Busy):
        read(fresh(photo_id))
    files.unlink()
    files.with_name("away").rename(files)
    assert read(fresh(photo_id)) == jpeg


def test_a_move_cut_off_after_the_file_is_simply_done_again(files, monkeypatch):
    photo_id, jpeg = taken()
    put = Folder.put

    def put_and_die(store, key, data):
        put(store, key, data)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Folder, "put", put_and_die)
        run(store_waiting)
    assert lying(files) and fresh(photo_id).waiting_cipher is not None
    run(store_waiting)
    assert fresh(photo_id).waiting_cipher is None and read(fresh(photo_id)) == jpeg


def test_no_transaction_is_open_while_the_store_is_written_to(files, monkeypatch, owner):
    taken()
    seen, put = [], Folder.put
    open_ones = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%%' AND datname = current_database()"

    def watched(store, key, data):
        seen.extend(owner.execute(open_ones).fetchone())
        put(store, key, data)

    db.session.remove()
    monkeypatch.setattr(Folder, "put", watched)
    run(store_waiting)
    assert seen == [0]


def test_a_file_that_is_lost_is_a_missing_photo(files):
    photo_id, _ = taken()
    run(store_waiting)
    storage().delete(key_of("photo", photo_id))
    with pytest.raises(NotFound):
        read(fresh(photo_id))


@pytest.mark.parametrize("moved", [True, False])
def test_from_its_day_on_a_photo_is_gone(files, owner, moved):
    photo_id, _ = taken(erase_after_days=7)
    kept, jpeg = taken(erase_after_days=8)
    for_ever, _ = taken()
    assert fresh(photo_id).erase_on == clock.today() + timedelta(days=7)
    if moved:
        run(store_waiting)
    run(erase_due)
    assert fresh(photo_id).erased_at is None
    due(owner, photo_id)
    run(erase_due)
    photo = fresh(photo_id)
    assert photo.erased_at is not None and photo.waiting_cipher is None and str(photo_id) not in lying(files)
    with pytest.raises(DomainError) as refusal:
        read(photo)
    assert (refusal.value.status, refusal.value.code) == (410, "photo_erased")
    assert read(fresh(kept)) == jpeg and fresh(kept).erased_at is None and fresh(for_ever).erased_at is None


def test_the_erasure_is_on_record_once(owner):
    photo_id, _ = taken()
    due(owner, photo_id)
    for _ in range(2):
        run(erase_due)
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "erase")).one()
    assert (event.subject_type, event.actor_id, event.details) == ("photo", None, {"photos": [str(photo_id)]})


def test_nothing_counts_as_erased_while_the_store_is_down(files, owner):
    photo_id, jpeg = taken()
    run(store_waiting)
    due(owner, photo_id)
    files.rename(files.with_name("away"))
    files.write_bytes(b"")
    run(erase_due)
    assert fresh(photo_id).erased_at is None
    files.unlink()
    files.with_name("away").rename(files)
    assert read(fresh(photo_id)) == jpeg
    run(erase_due)
    assert fresh(photo_id).erased_at is not None and lying(files) == {}


def test_one_that_cannot_be_deleted_does_not_keep_the_others(files, owner, monkeypatch):
    (stuck, _), (other, _) = taken(), taken()
    run(store_waiting)
    due(owner, stuck, days_ago=1)
    due(owner, other)
    delete = Folder.delete

    def sticking(store, key):
        if str(stuck) in key:
            raise Busy("storage_unavailable", "")
        delete(store, key)

    monkeypatch.setattr(Folder, "delete", sticking)
    run(erase_due)
    assert fresh(stuck).erased_at is None and fresh(other).erased_at is not None and list(lying(files)) == [str(stuck)]


def test_a_move_that_comes_after_the_erasure_brings_nothing_back_for_long(files, owner, monkeypatch):
    """The move has read the row, the photo is erased, the move writes: the next round deletes it again."""
    photo_id, _ = taken()
    put = Folder.put

    def erased_meanwhile(store, key, data):
        due(owner, photo_id)
        run(erase_due)
        put(store, key, data)

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "put", erased_meanwhile)
        run(store_waiting)
    assert fresh(photo_id).erased_at is not None and lying(files)
    run(erase_due)
    assert lying(files) == {}
    with pytest.raises(Missing):
        storage().get(key_of("photo", photo_id))


def test_what_is_deleted_once_more_never_stands_in_the_way_of_the_rest(owner, monkeypatch):
    monkeypatch.setattr(photos, "ROUND", 1)
    both = [taken()[0], taken()[0]]
    for photo_id in both:
        due(owner, photo_id)
        run(erase_due)
    assert all(fresh(photo_id).erased_at is not None for photo_id in both)


def test_what_was_erased_long_ago_is_left_alone(files, owner, monkeypatch):
    photo_id, _ = taken()
    due(owner, photo_id)
    run(erase_due)
    owner.execute("UPDATE photo SET erased_at = erased_at - interval '4 hours'")
    monkeypatch.setattr(photos, "_deleted", lambda _: pytest.fail("deleted once more"))
    run(erase_due)


def test_a_list_of_photos_does_not_load_their_bytes():
    taken()
    db.session.expunge_all()
    photo = db.session.scalars(select(Photo)).one()
    assert "waiting_cipher" not in photo.__dict__ and photo.waiting_cipher
