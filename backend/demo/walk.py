"""The main job through the HTTP API, step by step, as its people would do it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import requests

from backend.demo.people import Compound
from backend.demo.walking import Hand

PATIENCE_SECONDS = 60


def walk(url: str, compound: Compound, say: Callable[[str], Any]) -> None:
    """From the click to the certificate. Needs the server's NOTICE_SECONDS to be short."""
    grid, subdistrict, district = (Hand(url, name) for name in ("王秀英", "赵明", "周建华"))
    verdict = grid.get(f"/places/{compound.code}/readiness")
    say(f"1. 网格员王秀英查看 {compound.name}：{len(verdict['criteria'])} 项，符合={verdict['met']}")
    filed = grid.post("/certifications", {"unit": compound.code})
    say(f"2. 一键申报 → {filed['status_label']}")
    path = f"/certifications/{filed['id']}"
    approved = subdistrict.post(f"{path}/approve", {"revision": filed["revision"]})
    say(f"3. 街道赵明审核通过 → {approved['status_label']}")
    published = district.post(f"{path}/publish", {"revision": approved["revision"], "contact": "027-83210000"})
    say(f"4. 区指挥部周建华同意公示 → {published['status_label']}，至 {published['notice_ends_at']}")
    _wait_for_the_end(published["notice_ends_at"], say)
    certified = district.post(f"{path}/certify", {"revision": published["revision"]})
    say(f"5. 公示期满，复核通过 → {certified['status_label']}，第 {certified['batch']['number']} 批")
    page = requests.get(f"{url}/api/v1/public/places/{compound.code}", timeout=10).json()
    say(f"6. 公众页面：{page['name']} {page['status_label']}  {url}/p/{compound.code}")
    for event in grid.get(path)["history"]:
        say(f"   {event['at']}  {event['action']}  {event['old']} → {event['new']}  {event['by']}")


def _wait_for_the_end(ends_at: str, say: Callable[[str], Any]) -> None:
    left = (datetime.fromisoformat(ends_at) - datetime.now(UTC)).total_seconds()
    if left > PATIENCE_SECONDS:
        raise RuntimeError("the notice is too long to wait for: start the server with NOTICE_SECONDS=15")
    say(f"   等待公示期结束（{max(left, 0):.0f} 秒）…")
    time.sleep(max(left, 0) + 0.5)
