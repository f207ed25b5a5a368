"""Encrypted fields (AES-256-GCM) and blind indexes (HMAC-SHA256) for personal data.

The associated data of a field is its table, column, row id and key version, so that a ciphertext copied to
another row or column does not decrypt. The key of the blind index is its own: whoever holds the one that
searches cannot read.
"""

import base64
import hashlib
import hmac
import os
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backend.config import Misconfigured

NONCE_BYTES = 12


class Keyring:
    """The data keys by version (the newest encrypts, all decrypt) and the key of the blind index."""

    def __init__(self) -> None:
        self._keys: dict[int, AESGCM] = {}
        self._newest = 0
        self._index_key = b""

    def load(self, data_keys: str, index_key: str) -> None:
        """`data_keys` is `version:base64,…`; versions are 1 to 255. Raises Misconfigured."""
        try:
            pairs = [pair.split(":", 1) for pair in data_keys.split(",")]
            keys = {int(version): base64.b64decode(key, validate=True) for version, key in pairs}
            self._index_key = base64.b64decode(index_key, validate=True)
        except ValueError as error:
            raise Misconfigured("DATA_KEYS is `version:base64,…` and BLIND_INDEX_KEY is base64.") from error
        if any(len(key) != 32 for key in [*keys.values(), self._index_key]) or not all(0 < v < 256 for v in keys):
            raise Misconfigured("DATA_KEYS and BLIND_INDEX_KEY are 32 bytes each; versions are 1 to 255.")
        self._keys = {version: AESGCM(key) for version, key in keys.items()}
        self._newest = int(pairs[-1][0])

    def encrypt(self, text: str, where: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        version = self._newest
        sealed = self._keys[version].encrypt(nonce, text.encode(), f"{where}:{version}".encode())
        return bytes([version]) + nonce + sealed

    def decrypt(self, sealed: bytes, where: str) -> str:
        version, nonce, body = sealed[0], sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        return self._keys[version].decrypt(nonce, body, f"{where}:{version}".encode()).decode()

    def blind_index(self, text: str, where: str) -> bytes:
        """The same text in the same column has the same index; nothing else can be read from it."""
        return hmac.new(self._index_key, f"{where}:{text}".encode(), hashlib.sha256).digest()


keyring = Keyring()


class Encrypted:
    """`phone = Encrypted()` reads and writes the column `phone_cipher` of a row that already has its id."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._column, self._name = f"{name}_cipher", name

    def _where(self, row: Any) -> str:
        return f"{row.__tablename__}.{self._name}:{row.id}"

    def __get__(self, row: Any, owner: type) -> Any:
        if row is None:
            return self
        sealed = getattr(row, self._column)
        return None if sealed is None else keyring.decrypt(sealed, self._where(row))

    def __set__(self, row: Any, text: str | None) -> None:
        setattr(row, self._column, None if text is None else keyring.encrypt(text, self._where(row)))
