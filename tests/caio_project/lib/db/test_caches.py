"""Counters are shared by processes: in Redis, else in the database."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.cache import caches
from django.test import Client

from caio_project.lib.db.caches import SharedCache
from leads.models import SharedValue
from tests.conftest import SHARED_CACHES

REDIS = pytest.param("redis", marks=pytest.mark.redis)


def shared(redis_url: str = "") -> SharedCache:
    return SharedCache("leads_sharedvalue", {"KEY_PREFIX": "test", "OPTIONS": {"redis": redis_url}})


@pytest.fixture(params=["database", "redis away", REDIS])
def cache(request: pytest.FixtureRequest, db: None) -> Iterator[SharedCache]:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    url = {
        "database": "",
        "redis away": f"redis://127.0.0.1:{port}/0",
        "redis": django_settings.REDIS_URL,
    }[request.param]
    found = shared(url)
    yield found
    for name in ("a", "b", "list"):
        found.delete(name)


def test_what_one_process_sets_another_reads(cache: SharedCache) -> None:
    other = shared(cache._redis._servers[0] if cache._redis else "")
    assert other.get("a") is None and other.get("a", 7) == 7
    cache.set("a", [1.5, 2.5], 60)
    assert other.get("a") == [1.5, 2.5]
    assert other.add("a", 1, 60) is False and other.add("b", 1, 60) is True
    assert cache.get("b") == 1
    assert other.delete("a") is True and cache.get("a") is None


@pytest.mark.django_db
def test_without_redis_it_is_a_row_that_expires() -> None:
    shared().set("a", 1, 60)
    assert SharedValue.objects.count() == 1
    shared().set("b", 1, -1)
    assert shared().get("b") is None


def test_a_redis_that_hangs_costs_seconds_once_asked(db: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        threading.Thread(target=lambda: [silent.accept() for _ in range(1)], daemon=True).start()
        cache = shared(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        cache.set("a", 1, 60)
    assert shared().get("a") == 1


@pytest.mark.django_db
def test_failures_to_sign_in_are_counted_for_all_processes(settings: Any) -> None:
    settings.CACHES = {
        **SHARED_CACHES,
        "default": {**SHARED_CACHES["default"], "OPTIONS": {"redis": ""}},
    }
    User.objects.create_user("anna", password="right-horse-battery-staple")
    wrong = {"login": "anna", "password": "wrong"}
    for _ in range(5):
        Client().post("/accounts/login/", wrong)
        caches["process"].clear()  # as another process has it
    answer = Client().post("/accounts/login/", {**wrong, "password": "right-horse-battery-staple"})
    assert b"Too many failed login attempts" in answer.content
    assert SharedValue.objects.exists()
