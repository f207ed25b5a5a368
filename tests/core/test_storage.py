"""Both stores: the same promises, kept by a folder and by a real S3 server over HTTP."""

import importlib.util
import os
import socket
import subprocess
import sys
import time
import uuid

import boto3
import pytest
from flask import Blueprint
from moto.server import ThreadedMotoServer

from backend import config
from backend.config import Misconfigured
from backend.core import storage as module
from backend.core.errors import Busy
from backend.core.settings import settings
from backend.core.storage import S3, Folder, Missing, key_of, storage
from tests.core import things

KEY = key_of("photo", uuid.UUID("019a0000-0000-7000-8000-0000000000ab"))
OTHER = key_of("photo", uuid.UUID("019a0000-0000-7000-8000-0000000000ac"))
NOT_OURS = [
    "",
    "photo",
    "../photo",
    f"../{KEY}",
    f"/{KEY}",
    f"{KEY}/..",
    f"{KEY}\n",
    f"{KEY}.jpg",
    KEY.upper(),
    KEY.replace("photo", ".."),
    KEY.replace("photo", ""),
    KEY.replace("/", "/../"),
    KEY.replace("/", "\\"),
    KEY.replace("a", "\u0430"),
    "photo/../../../../etc/passwd",
]


@pytest.fixture(scope="module")
def s3_server():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def amazon(s3_server, monkeypatch):
    """The environment that boto3 reads, and a bucket."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "anlin")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "for-tests-only")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_server)
    client = boto3.session.Session().client("s3")
    client.create_bucket(Bucket="anlin")
    return client


@pytest.fixture(params=["folder", "s3"])
def store(request, tmp_path):
    if request.param == "folder":
        return Folder(tmp_path / "files")
    request.getfixturevalue("amazon")
    return S3("anlin", uuid.uuid4().hex, "auto")


def test_what_is_put_is_got_and_replaced_and_deleted(store):
    store.put(KEY, b"\x00first\xff")
    store.put(OTHER, b"")
    assert (store.get(KEY), store.get(OTHER)) == (b"\x00first\xff", b"")
    store.put(KEY, b"second" * 100_000)
    assert store.get(KEY) == b"second" * 100_000
    store.delete(KEY)
    with pytest.raises(Missing):
        store.get(KEY)
    assert store.get(OTHER) == b""


def test_what_was_never_there_is_missing_and_may_be_deleted(store):
    with pytest.raises(Missing):
        store.get(KEY)
    store.delete(KEY)
    store.put(KEY, b"x")
    store.delete(KEY)
    store.delete(KEY)


@pytest.mark.parametrize("key", NOT_OURS, ids=repr)
def test_no_key_leads_out_of_the_store(store, key):
    for act in (lambda: store.put(key, b"x"), lambda: store.get(key), lambda: store.delete(key)):
        with pytest.raises(ValueError, match="no key of ours"):
            act()


def test_keys_in_the_bucket_stand_below_the_prefix(amazon):
    S3("anlin", "wuhan/east", "path").put(KEY, b"below")
    S3("anlin", "", "path").put(KEY, b"at the root")
    assert amazon.get_object(Bucket="anlin", Key=f"wuhan/east/{KEY}")["Body"].read() == b"below"
    assert amazon.get_object(Bucket="anlin", Key=KEY)["Body"].read() == b"at the root"


def everything_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_folder_has_the_old_file_or_the_new_one(tmp_path, monkeypatch, moment):
    """The disk fills up while the second is written."""
    store = Folder(tmp_path)
    store.put(KEY, b"old")
    with monkeypatch.context() as patch:
        patch.setattr(module.os, moment, full)
        with pytest.raises(Busy):
            store.put(KEY, b"new")
    assert store.get(KEY) == b"old" and len(everything_in(tmp_path)) == 1


def full(*_):
    raise OSError(28, "No space left on device")


KILLED = """
import os, signal, sys
from pathlib import Path
from backend.core import storage
storage.os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
storage.Folder(Path(sys.argv[1])).put(sys.argv[2], b"new")
"""


def test_a_killed_process_leaves_the_old_file_and_nothing_that_outlives_it(tmp_path):
    store = Folder(tmp_path)
    store.put(KEY, b"old")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), KEY], cwd=module.PROJECT)
    assert killed.returncode == -9 and len(everything_in(tmp_path)) == 2
    assert store.get(KEY) == b"old"
    store.delete(KEY)
    assert everything_in(tmp_path) == []


def test_only_the_application_may_look_into_the_folder(tmp_path):
    Folder(tmp_path / "files").put(KEY, b"x")
    (file,) = everything_in(tmp_path)
    assert (file.stat().st_mode & 0o077, file.parent.stat().st_mode & 0o077) == (0, 0)


def all_refused(store):
    for act in (lambda: store.put(KEY, b"x"), lambda: store.get(KEY), lambda: store.delete(KEY)):
        with pytest.raises(Busy) as refusal:
            act()
        assert refusal.value.code == "storage_unavailable"


def test_a_folder_that_cannot_be_reached_is_busy(tmp_path):
    (tmp_path / "files").write_bytes(b"not a folder")
    all_refused(Folder(tmp_path / "files"))


def test_a_server_that_is_down_is_busy(amazon, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{port}")
    all_refused(S3("anlin", "", "auto"))


def test_so_is_one_that_never_answers_and_not_for_long(amazon, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{silent.getsockname()[1]}")
        store, began = S3("anlin", "", "auto"), time.monotonic()
        with pytest.raises(Busy):
            store.get(KEY)
        assert time.monotonic() - began < module.CONNECT_SECONDS + module.READ_SECONDS + 1


def test_a_bucket_that_is_not_there_is_no_missing_file(amazon):
    store = S3("never-made", "", "auto")
    for act in (lambda: store.put(KEY, b"x"), lambda: store.get(KEY)):
        with pytest.raises(Busy):
            act()


def test_without_keys_the_store_is_busy(amazon, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    all_refused(S3("anlin", "", "auto"))


def test_a_request_that_needs_it_is_told_to_come_again(app, tmp_path, monkeypatch):
    (tmp_path / "files").write_bytes(b"not a folder")
    monkeypatch.setitem(settings, "FILE_STORAGE", f"file:{tmp_path / 'files'}")
    routes = Blueprint("files", __name__)
    routes.add_url_rule("/file", "get", lambda: storage().get(KEY))
    with things.plain_app(app, routes) as bare:
        answer = bare.test_client().get("/file")
    assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
    assert answer.headers["Retry-After"] and str(tmp_path) not in answer.text


def test_the_setting_names_the_store(amazon, tmp_path, monkeypatch):
    monkeypatch.setitem(settings, "FILE_STORAGE", f"file:{tmp_path}")
    storage().put(KEY, b"in the folder")
    monkeypatch.setitem(settings, "FILE_STORAGE", "s3://anlin/chosen/")
    storage().put(KEY, b"in the bucket")
    assert Folder(tmp_path).get(KEY) == b"in the folder"
    assert amazon.get_object(Bucket="anlin", Key=f"chosen/{KEY}")["Body"].read() == b"in the bucket"


def test_a_relative_folder_is_the_projects(monkeypatch):
    monkeypatch.setitem(settings, "FILE_STORAGE", config.load({})["FILE_STORAGE"])
    assert storage().root == module.PROJECT / "var" / "files" and (module.PROJECT / "wsgi.py").exists()


WRONG = ["", "var/files", "file:", "s3://", "s3:///photos", "s3://Anlin", "https://bucket.example", "s3://b ucket"]


@pytest.mark.parametrize("where", WRONG)
def test_a_store_that_cannot_be_is_named_at_the_start(where):
    with pytest.raises(Misconfigured, match="FILE_STORAGE"):
        config.load({"FILE_STORAGE": where})


@pytest.mark.parametrize("there", [True, False])
def test_s3_needs_its_package(monkeypatch, there):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: there or None)
    if there:
        assert config.load({"FILE_STORAGE": "s3://anlin"})["FILE_STORAGE"] == "s3://anlin"
        return
    with pytest.raises(Misconfigured, match=r"FILE_STORAGE.*pip install boto3"):
        config.load({"FILE_STORAGE": "s3://anlin"})


def test_a_folder_needs_no_package_of_amazons():
    alone = "import sys, backend.core.storage, backend.core.photos; sys.exit('boto3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", alone], cwd=module.PROJECT, env={**os.environ}).returncode == 0
