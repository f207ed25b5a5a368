"""A person at their phone, for the demo's walks."""

import uuid
from typing import Any

import requests


class Hand:
    """One person at their phone."""

    def __init__(self, url: str, name: str) -> None:
        self.url, self.name = f"{url}/api/v1", name
        tokens = requests.post(f"{self.url}/sessions", json={"code": f"console-{name}"}, timeout=10)
        tokens.raise_for_status()
        self.headers = {"Authorization": f"Bearer {tokens.json()['access_token']}"}

    def get(self, path: str) -> Any:
        answer = requests.get(f"{self.url}{path}", headers=self.headers, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        headers = {**self.headers, "Idempotency-Key": uuid.uuid4().hex}
        answer = requests.post(f"{self.url}{path}", json=body, headers=headers, timeout=10)
        if not answer.ok:
            raise RuntimeError(f"{self.name} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def send(self, path: str, photo: bytes) -> Any:
        """A photo: the body is the image itself."""
        headers = {**self.headers, "Idempotency-Key": uuid.uuid4().hex, "Content-Type": "image/jpeg"}
        answer = requests.post(f"{self.url}{path}", data=photo, headers=headers, timeout=10)
        if not answer.ok:
            raise RuntimeError(f"{self.name} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def look(self, path: str, body: dict[str, Any]) -> bytes:
        """A picture that only a recorded look may show."""
        answer = requests.post(f"{self.url}{path}", json=body, headers=self.headers, timeout=10)
        answer.raise_for_status()
        return answer.content

    def refused(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """What must not be possible: the refusal."""
        headers = {**self.headers, "Idempotency-Key": uuid.uuid4().hex}
        answer = requests.post(f"{self.url}{path}", json=body or {}, headers=headers, timeout=10)
        if answer.ok:
            raise RuntimeError(f"{self.name} {path} was not refused")
        return answer.json()
