"""A person at their phone, for the demo's walks."""

import uuid
from typing import Any

import requests


class Hand:
    """One person at their phone."""

    def __init__(self, url: str, name: str) -> None:
        self.url, self.name = f"{url}/api/v1", name
        tokens = requests.post(f"{self.url}/demo/sessions", json={"name": name}, timeout=10)
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
