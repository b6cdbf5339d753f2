"""What every test may use: fakes of the vendors, people with roles, a clock, and databases that keep their triggers."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.db import connection

from caio_project.lib import append_only
from tests.fakes.clay import FakeClay
from tests.fakes.ghl import FakeGhl
from tests.fakes.slack import FakeSlack

TOKEN = "test-token-0123456789"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What SQLite and Python alone cannot run is left out by name here, and listed by `make test`."""
    on_postgres = django_settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    missing = {"postgres": not on_postgres, "redis": not django_settings.REDIS_URL}
    left_out = [item for item in items if any(absent and item.get_closest_marker(m) for m, absent in missing.items())]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
        config.stash[LEFT_OUT] = [item.nodeid for item in left_out]


LEFT_OUT = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if names := config.stash.get(LEFT_OUT, []):
        terminalreporter.section("left out: these need PostgreSQL or Redis (.ci/run runs them)")
        for name in names:
            terminalreporter.line(name)


@pytest.fixture(autouse=True)
def plain_files(settings: Any) -> None:
    """Unhashed static files, and fast passwords."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def clean_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def flushable(transactional_db: None) -> Iterator[None]:
    """A transactional test on SQLite ends in DELETE FROM every table, which the append-only triggers forbid."""
    yield
    if connection.vendor == "sqlite":
        _set_guards(append_only.unguard)


def _set_guards(change: Any) -> None:
    with connection.schema_editor() as editor:
        for table in GUARDED:
            change(editor, table)


GUARDED = ("outreach_move", "outreach_controlchange", "approvals_decision", "metrics_gateevaluation")


@pytest.fixture
def committed(flushable: None) -> Iterator[None]:
    """A database in which commits are real, with its triggers, for tests with several connections or a server."""
    if connection.vendor == "sqlite":
        _set_guards(append_only.unguard)
        _set_guards(append_only.guard)
    yield


@pytest.fixture
def ghl(settings: Any) -> Iterator[FakeGhl]:
    """GoHighLevel connected, at a fake on loopback, with limits loose enough to send at once."""
    with FakeGhl(token="pit-test", location_id="loc-test", rate_limit=None) as fake:
        settings.GHL_BASE_URL, settings.GHL_API_TOKEN = fake.url, "pit-test"
        settings.GHL_LOCATION_ID, settings.GHL_FROM_EMAIL = "loc-test", "alex@mail.ours.example.com"
        settings.SANDBOXED = [vendor for vendor in settings.SANDBOXED if vendor != "ghl"]
        yield fake


@pytest.fixture
def loose(settings: Any) -> None:
    """No pacing: only the daily cap and what a test sets itself."""
    settings.UNDO_SECONDS = settings.SEND_GAP_SECONDS = 0
    settings.HOURLY_LIMIT = settings.DOMAIN_HOURLY_LIMIT = 1000
    settings.WORKING_HOURS = "00:00-24:00"


@pytest.fixture
def clay(settings: Any) -> Iterator[FakeClay]:
    with FakeClay(auth_token="clay-auth", callback_token="clay-callback-token") as fake:
        settings.CLAY_WORKBOOK_WEBHOOK_URL = fake.source_url("src-1")
        settings.CLAY_WEBHOOK_AUTH_TOKEN, settings.CLAY_CALLBACK_TOKEN = "clay-auth", "clay-callback-token"
        settings.SANDBOXED = [vendor for vendor in settings.SANDBOXED if vendor != "clay"]
        yield fake


@pytest.fixture
def slack(settings: Any) -> Iterator[FakeSlack]:
    with FakeSlack(token="xoxb-test") as fake:
        settings.SLACK_BOT_TOKEN, settings.SLACK_BASE_URL = "xoxb-test", fake.api_url
        yield fake


def person(name: str, role: str) -> User:
    user = User.objects.create_user(name, f"{name}@ours.example.com", "a-long-password", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def viewer(db: None) -> User:
    return person("vera", "Viewer")


@pytest.fixture
def reviewer(db: None) -> User:
    return person("rita", "Reviewer")


@pytest.fixture
def lead_user(db: None) -> User:
    return person("lena", "Lead")
