"""Fixtures of every test: fakes of the vendors, users with roles, databases with their triggers."""

import gc
import itertools
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, User
from django.core.cache import caches
from django.db import connection
from django.test import SimpleTestCase, TransactionTestCase, override_settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from caio_project import roles
from caio_project.lib.db import append_only
from caio_project.lib.logs import correlation
from caio_project.lib.vendor_access import access
from caio_project.lib.webhooks_out import outbox
from caio_project.operations import releases
from leads.inbound import receive
from leads.integrations import ghl as ghl_client
from leads.integrations import rates
from leads.models import Switch
from outreach.drafting.language_model import rewrite_requests
from outreach.email_templates import seeding
from tests import chromium, migrated, order, pristine
from tests.fakes.clay import FakeClay
from tests.fakes.ghl import FakeGhl
from tests.fakes.language_model import FakeLanguageModel
from tests.fakes.slack import FakeSlack

TOKEN = "test-token-0123456789"

# Property tests try the same examples in every run, so that a red one is always the change's own;
# a busy machine pauses for longer than hypothesis allows one example. To look for new ones:
# --hypothesis-profile=explore.
hypothesis_settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.register_profile("explore", deadline=None, max_examples=500, print_blob=True)
hypothesis_settings.load_profile("steady")

REQUIRE_ALL = os.environ.get("CAIO_REQUIRE_ALL") == "1"
ONLY_WITH_SERVICES = os.environ.get("CAIO_ONLY_WITH_SERVICES") == "1"
POSTGRES_FOLLOWS = os.environ.get("CAIO_POSTGRES_FOLLOWS") == "1"
LEFT_OUT = pytest.StashKey[list[str]]()


def find_nginx() -> str:
    """The nginx that the site is tested in; "" where there is none. Debian's is in root's path."""
    names = (os.environ.get("NGINX", ""), "nginx", "/usr/sbin/nginx")
    return next((found for name in names if name and (found := shutil.which(name))), "")


def missing() -> dict[str, str]:
    """Marker: what its tests need and this run has not."""
    on_postgres = django_settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    wanted = {
        "postgres": ("PostgreSQL (DATABASE_URL)", on_postgres),
        "redis": ("Redis (REDIS_URL)", bool(django_settings.REDIS_URL)),
        "browser": ("Chromium (CHROMIUM)", bool(chromium.find_chromium())),
        "nginx": ("nginx (NGINX)", bool(find_nginx())),
    }
    return {marker: need for marker, (need, there) in wanted.items() if not there}


def uses_services(item: pytest.Item) -> bool:
    """Whether a test reads the database or another service, and could differ between them."""
    fixtures = {"db", "transactional_db", "live_server", "django_db_setup"}
    markers = ("django_db", "postgres", "redis", "browser", "nginx")
    if item.get_closest_marker("sqlite_is_enough"):
        return False
    is_case = (
        isinstance(item, pytest.Function) and item.cls and issubclass(item.cls, SimpleTestCase)
    )
    return bool(
        is_case
        or fixtures.intersection(getattr(item, "fixturenames", ()))
        or any(item.get_closest_marker(marker) for marker in markers)
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEFT_OUT] = []
    if REQUIRE_ALL and (needs := missing()):
        pytest.exit(
            f"CAIO_REQUIRE_ALL is set, and there is no {', no '.join(needs.values())}.",
            returncode=1,
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What needs a service that is not there is left out by name here, and listed at the end."""
    if ONLY_WITH_SERVICES:
        leave_to_the_other_run(config, items, uses_services)
    if POSTGRES_FOLLOWS:
        leave_to_the_other_run(config, items, order.LeftToPostgres(uses_services).is_wanted)
    absent = missing()
    left_out = [item for item in items if any(item.get_closest_marker(marker) for marker in absent)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
        config.stash[LEFT_OUT] = [item.nodeid for item in left_out]
    items[:] = order.start_with_the_longest(
        items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    )
    if (output := getattr(config, "workeroutput", None)) is not None:
        output["left_out"] = config.stash[LEFT_OUT]


def leave_to_the_other_run(
    config: pytest.Config, items: list[pytest.Item], is_wanted: Callable[[pytest.Item], bool]
) -> None:
    wanted = [is_wanted(item) for item in items]
    left = [item for item, is_kept in zip(items, wanted, strict=True) if not is_kept]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item, is_kept in zip(items, wanted, strict=True) if is_kept]


def pytest_collection_finish() -> None:
    """Half a million objects of nine thousand tests live to the end: not looked through again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Each worker of pytest-xdist has left out the same."""
    node.config.stash[LEFT_OUT] = (
        node.workeroutput.get("left_out", []) if hasattr(node, "workeroutput") else []
    )


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if REQUIRE_ALL and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if names := config.stash.get(LEFT_OUT, []):
        terminalreporter.section(
            f"left out {len(names)}: no {', no '.join(missing().values())} (.ci/run runs them)"
        )
        for name in names:
            terminalreporter.line(name)
    if REQUIRE_ALL and terminalreporter.stats.get("skipped"):
        terminalreporter.section("CAIO_REQUIRE_ALL is set: skipping is failing")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: Any,
) -> None:
    """SQLite in a file, as in the product: in memory, threads lock each other's tables.

    On both databases a copy of a migrated one.
    """
    database = django_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
    with django_db_blocker.unblock():
        migrated.begin_migrated(connection)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """On PostgreSQL, rows are restored after a transactional test instead of flushed."""
    with pytest.MonkeyPatch.context() as patch:
        with django_db_blocker.unblock():
            restores = connection.vendor == "postgresql" and pristine.remember_rows()
        if restores:
            patch.setattr(
                TransactionTestCase, "_fixture_teardown", lambda case: pristine.restore_rows()
            )
        yield
        if connection.vendor == "postgresql":
            with django_db_blocker.unblock():
                pristine.end_other_sessions()


@pytest.fixture(scope="session", autouse=True)
def unnoted_release() -> Iterator[None]:
    """Which commit runs here is stored by no page or task, so that each takes as many statements.

    Its own tests store it.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(releases.noted, "due", lambda part: "")
        yield


@pytest.fixture(scope="session")
def live_server(django_db_setup: None, live_server: Any) -> Any:
    """Started once the database is a file; in memory, server and test would share a connection."""
    return live_server


@pytest.fixture(scope="session")
def spools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Names for spools; a `tmp_path` for each test would cost more than most tests."""
    folder = tmp_path_factory.mktemp("spools")
    return (folder / str(number) for number in itertools.count())


DRAIN_EVERY = receive.DRAIN_EVERY
COMMITTING = {"transactional_db", "live_server", "flushable", "committed"}


def commits(item: pytest.Item) -> bool:
    """Whether the rows of other connections are taken away after the test."""
    marker = item.get_closest_marker("django_db")
    by_marker = marker is not None and bool(marker.kwargs.get("transaction"))
    return by_marker or bool(COMMITTING.intersection(getattr(item, "fixturenames", ())))


@pytest.fixture(autouse=True)
def own_spool(
    request: pytest.FixtureRequest, settings: Any, spools: Iterator[Path]
) -> Iterator[None]:
    """No test sees the spool of a running server, nor the drainer or pause of an earlier test.

    The drainer commits by a connection of its own: it begins by itself only in tests that commit.
    """
    receive.DRAIN_EVERY = DRAIN_EVERY if commits(request.node) else 600.0
    settings.SPOOL_DIR = next(spools)
    settings.ERASURES_FILE = Path(f"{settings.SPOOL_DIR}.erasures")
    receive._process_state.away_until = 0.0
    yield
    receive._process_state.away_until = 0.0
    end_the_drainer()


def end_the_drainer() -> None:
    """What a test has left in the spool is not to come into the database of the next."""
    for drainer in [one for one in threading.enumerate() if one.name == receive.THREAD]:
        shutil.rmtree(django_settings.SPOOL_DIR, ignore_errors=True)
        receive._process_state.hurry.set()
        drainer.join(30)
    # One that was ending did not take it: it would hurry the next one into the database.
    receive._process_state.hurry.clear()


SHARED_CACHES = django_settings.CACHES


@pytest.fixture(scope="session", autouse=True)
def quick_settings() -> Iterator[None]:
    """Unhashed static files, fast passwords, and shared values in memory, so that a test without a
    database may read them. What shares them for real is tested with SHARED_CACHES.

    Set once: a change of CACHES leaves a variable in the context for ever, and each line of the log
    looks through all of them.
    """
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    memory = SHARED_CACHES["process"]
    with override_settings(
        STORAGES={**django_settings.STORAGES, "staticfiles": plain},
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        CACHES={"default": {**memory, "LOCATION": "shared"}, "process": memory},
    ):
        yield


@pytest.fixture(autouse=True)
def clean_cache() -> None:
    for one in caches.all(initialized_only=False):
        one.clear()
    outbox.assume_no_endpoints()
    access.assume_no_rows()
    correlation.forget()


@pytest.fixture
def flushable(transactional_db: None) -> Iterator[None]:
    """SQLite ends a transactional test by deleting all rows, which append-only triggers forbid."""
    yield
    end_the_drainer()  # before everything is flushed
    if connection.vendor == "sqlite":
        _set_guards(append_only.allow_changes)


def _set_guards(change: Any) -> None:
    with connection.schema_editor() as editor:
        for table in GUARDED:
            change(editor, table)


GUARDED = (
    "metrics_dmarcreport",
    "metrics_dmarcsource",
    "lib_accessevent",
    "lib_webhookchange",
    "lib_setupchange",
    "leads_ownerchange",
    "leads_erasure",
    "leads_erasurerun",
    "outreach_move",
    "outreach_controlchange",
    "outreach_segment",
    "outreach_sellerversion",
    "outreach_emailevent",
    "outreach_healthverdict",
    "outreach_guardrailbreach",
    "outreach_historyitem",
    "outreach_assignment",
    "approvals_decision",
    "approvals_decisionundo",
    "approvals_snooze",
    "approvals_takeover",
    "approvals_qualityscore",
    "approvals_trainingemail",
    "approvals_edittag",
    "approvals_rereadingdraw",
    "approvals_rereading",
    "metrics_gateevaluation",
    "metrics_baseline",
    "metrics_signoff",
    "metrics_monthlytarget",
    "metrics_unitprice",
    "metrics_incidentmove",
)


@pytest.fixture
def standing_guards(db: None) -> None:
    """On SQLite a transactional test before this one has left the tables without triggers."""
    if connection.vendor == "sqlite" and not append_only.append_only_tables():
        with connection.cursor() as cursor:
            editor = SimpleNamespace(connection=connection, execute=cursor.execute)
            for table in GUARDED:
                append_only.forbid_changes(editor, table)


@pytest.fixture
def committed(flushable: None) -> Iterator[None]:
    """Commits are real and triggers stand: for tests with several connections or a server."""
    if connection.vendor == "sqlite":
        _set_guards(append_only.allow_changes)
        _set_guards(append_only.forbid_changes)
    if not pristine.are_rows_restored():  # else a flush before this test took them away
        roles.make_roles()
        seeding.seed_after_migration()
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
def roomy_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """GoHighLevel's rate binds none of the emails that a test sends at one moment."""
    monkeypatch.setattr(ghl_client, "PACE", rates.Pace(1_000, 0.01))


@pytest.fixture
def loose(settings: Any, roomy_rate: None) -> None:
    """No pacing: only the daily cap and what a test sets itself."""
    settings.UNDO_SECONDS = settings.SEND_GAP_SECONDS = 0
    settings.HOURLY_LIMIT = settings.DOMAIN_HOURLY_LIMIT = 1000
    settings.WORKING_HOURS = "00:00-24:00"


@pytest.fixture
def clay(settings: Any) -> Iterator[FakeClay]:
    with FakeClay(auth_token="clay-auth", callback_token="clay-callback-token") as fake:
        settings.CLAY_WORKBOOK_WEBHOOK_URL = fake.source_url("src-1")
        settings.CLAY_WEBHOOK_AUTH_TOKEN, settings.CLAY_CALLBACK_TOKEN = (
            "clay-auth",
            "clay-callback-token",
        )
        settings.SANDBOXED = [vendor for vendor in settings.SANDBOXED if vendor != "clay"]
        yield fake


@pytest.fixture
def slack(settings: Any) -> Iterator[FakeSlack]:
    with FakeSlack(token="xoxb-test") as fake:
        settings.SLACK_BOT_TOKEN, settings.SLACK_BASE_URL = "xoxb-test", fake.api_url
        yield fake


@pytest.fixture
def model(settings: Any, db: None) -> Iterator[FakeLanguageModel]:
    """A language model on loopback, switched on."""
    with FakeLanguageModel(key="llm-test-key") as fake:
        settings.LLM_BASE_URL, settings.LLM_API_KEY, settings.LLM_MODEL = (
            fake.base_url,
            "llm-test-key",
            "test-model",
        )
        settings.LLM_TIMEOUT_SECONDS = 5
        Switch.objects.update_or_create(name=rewrite_requests.SWITCH_NAME, defaults={"on": True})
        yield fake


def person(name: str, role: str) -> User:
    user = User.objects.create_user(
        name, f"{name}@ours.example.com", "a-long-password", is_staff=True
    )
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


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One headless Chromium for all tests of pages."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=60_000)  # a busy machine is no fault of the page
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium.find_chromium(), args=chromium.ARGUMENTS
        )
        yield launched
        launched.close()
