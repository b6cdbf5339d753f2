"""Each API key may ask so often a minute, and is told how often it still may."""

from typing import Any

import pytest
import redis
from django.test import Client

from caio_project.lib.api import rate_limits
from caio_project.lib.models import ApiKeyMinute
from outreach.control import phase
from tests.caio_project.test_api import key

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_database(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL, settings.API_RATE_PER_MINUTE = "", 2
    monkeypatch.setattr(rate_limits.time, "time", lambda: 1_800_000_010.0)


def test_over_the_limit_is_429_with_headers_and_nothing_happens(client: Client) -> None:
    mine, other = key("outreach:halt", "metrics:read"), key("metrics:read")
    answers = [client.get("/api/phase", headers=mine) for _ in range(2)]
    answers.append(
        client.post(
            "/api/halt", {"reason": "Stop it."}, content_type="application/json", headers=mine
        )
    )

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert [one.headers["RateLimit-Remaining"] for one in answers] == ["1", "0", "0"]
    assert answers[2].headers["RateLimit-Limit"] == "2"
    assert answers[2].headers["Retry-After"] == answers[2].headers["RateLimit-Reset"]
    assert answers[2].json()["status"] == 429 and not phase.current_control().halted
    assert client.get("/api/phase", headers=other).status_code == 200


def test_a_refused_request_counts_and_a_new_minute_is_a_new_count(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = key("metrics:read")
    codes = [client.get("/api/leads", headers=mine).status_code for _ in range(3)]
    monkeypatch.setattr(rate_limits.time, "time", lambda: 1_800_000_070.0)

    assert codes == [403, 403, 429]
    assert client.get("/api/phase", headers=mine).status_code == 200


def test_the_database_counts_while_redis_is_away(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def away(key: str, _minute: int) -> int:
        asked.append(key)
        raise redis.ConnectionError

    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(rate_limits, "_count_in_redis", away)
    monkeypatch.setattr(rate_limits, "_counter", rate_limits._Counter())
    mine = key("metrics:read")

    assert [client.get("/api/phase", headers=mine).status_code for _ in range(3)] == [200, 200, 429]
    assert len(asked) == 1 and ApiKeyMinute.objects.get().used == 3
