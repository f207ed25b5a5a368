"""Files outside the database, under keys of our own making: a local folder, or any S3-compatible store."""

import os
import re
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import structlog

from backend.core.errors import Busy
from backend.core.settings import settings

PROJECT = Path(__file__).resolve().parents[2]
# A kind and a UUID. No dot, no second slash, no capital letter: a key can name nothing outside its folder.
KEY = re.compile(r"[a-z]{1,20}/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CONNECT_SECONDS, READ_SECONDS = 1, 3


class Missing(Exception):
    """Nothing lies under that key."""


class Storage(Protocol):
    """Each call raises Busy (503) when the store cannot be reached, and ValueError for a key that is not ours."""

    def put(self, key: str, data: bytes) -> None:
        """All of it or nothing, and durable on return. The same key again replaces."""
        ...

    def get(self, key: str) -> bytes:
        """Raises Missing."""
        ...

    def delete(self, key: str) -> None:
        """Also of what is not there: to delete twice harms nothing."""
        ...


def key_of(kind: str, row_id: uuid.UUID) -> str:
    """The key of the file that belongs to a row."""
    return f"{kind}/{row_id}"


def storage() -> Storage:
    """The store that FILE_STORAGE names."""
    return _opened(settings["FILE_STORAGE"], settings["S3_ADDRESSING"])


@lru_cache(maxsize=2)
def _opened(where: str, addressing: str) -> Storage:
    if where.startswith("file:"):
        return Folder(PROJECT / where.removeprefix("file:"))
    bucket, _, prefix = where.removeprefix("s3://").partition("/")
    return S3(bucket, prefix.strip("/"), addressing)


def _checked(key: str) -> str:
    if not KEY.fullmatch(key):
        raise ValueError("that is no key of ours")
    return key


@contextmanager
def _reaching(*failures: type[Exception]) -> Iterator[None]:
    """A store that fails is load, not a defect: the same request may be sent again."""
    try:
        yield
    except failures as error:
        answer = getattr(error, "response", None) or {}  # S3's, where it gave one
        code = answer.get("Error", {}).get("Code") or getattr(error, "errno", None)
        structlog.get_logger().error("storage_unavailable", cause=type(error).__name__, code=code)
        raise Busy("storage_unavailable", "照片暂时无法存取，请稍后再试。") from error


class Folder:
    """Files below a folder, in 256 of their own so that none grows long; for one machine, or a mount that all share."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        with _reaching(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(unfinished, path)
            except BaseException:
                Path(unfinished).unlink(missing_ok=True)
                raise
            for folder in (path.parent, path.parent.parent, self.root):
                _sync(folder)

    def get(self, key: str) -> bytes:
        path = self._path(key)
        with _reaching(OSError):
            try:
                return path.read_bytes()
            except FileNotFoundError as error:
                raise Missing(key) from error

    def delete(self, key: str) -> None:
        """With it goes what a killed process left of it unfinished."""
        path = self._path(key)
        with _reaching(OSError):
            for found in (path, *path.parent.glob(f".{path.name}.*")):
                found.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        kind, name = _checked(key).split("/")
        return self.root / kind / name[-2:] / name


def _sync(folder: Path) -> None:
    """Makes the names in a folder as durable as the files they name."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class S3:
    """Any S3-compatible store. One try per call: whoever needs the file asks again, and the time-outs stay bounded."""

    def __init__(self, bucket: str, prefix: str, addressing: str) -> None:
        # Imported here, because whoever keeps files in a folder needs neither the package nor its 30 MB of memory.
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        self._bucket, self._prefix = bucket, prefix
        self._failures, self._refusal = (BotoCoreError, ClientError), ClientError
        options = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": 1},
            s3={"addressing_style": addressing},
            # Amazon's newer checksums are refused by many a compatible store.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        with _reaching(*self._failures):
            self._client = boto3.session.Session().client("s3", config=options)

    def put(self, key: str, data: bytes) -> None:
        with _reaching(*self._failures):
            self._client.put_object(**self._named(key), Body=data, ContentType="application/octet-stream")

    def get(self, key: str) -> bytes:
        with _reaching(*self._failures):
            try:
                return self._client.get_object(**self._named(key))["Body"].read()
            except self._refusal as error:
                if error.response["Error"]["Code"] == "NoSuchKey":
                    raise Missing(key) from error
                raise

    def delete(self, key: str) -> None:
        with _reaching(*self._failures):
            self._client.delete_object(**self._named(key))

    def _named(self, key: str) -> dict[str, Any]:
        return {"Bucket": self._bucket, "Key": f"{self._prefix}/{_checked(key)}".lstrip("/")}
