"""Our way into GoHighLevel: the pair is renewed in time, by one at a time, and a pair that was lost
is told by name.
"""

import threading
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from caio_project.lib import http, sealed
from caio_project.lib.words.clock_words import stamp_words
from leads.integrations import ghl, ghl_oauth, ghl_tokens
from leads.integrations.ghl_refusals import Misconfigured
from leads.models import Alarm, GhlTokens, RateWindow
from tests.fakes.ghl import FakeGhl

pytestmark = pytest.mark.django_db

TOKEN, LOCATION_TOKEN, CONTACT = (
    "POST /oauth/token",
    "POST /oauth/locationToken",
    "GET /contacts/{id}",
)
REDIRECT = "https://caio.example.com/connected"


@pytest.fixture
def app(ghl: FakeGhl, settings: Any) -> FakeGhl:
    """GoHighLevel, which lets in by OAuth only."""
    ghl.configure(token="")
    settings.GHL_API_TOKEN, settings.GHL_CLIENT_ID, settings.GHL_CLIENT_SECRET = (
        "",
        "app-test",
        "app-secret",
    )
    return ghl


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(datetime(2026, 3, 3, 15, 0, tzinfo=UTC), tick=True) as traveller:
        yield traveller


def connect(*more: str, **options: Any) -> str:
    out = StringIO()
    call_command("connect_ghl", "--redirect-uri", REDIRECT, *more, stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def contact(app: FakeGhl, clock: Any) -> str:
    """A contact to ask for; connected as a location."""
    connect(f"--code={app.add_code()}")
    return app.add_contact("dana@northline.test")["id"]


def row() -> GhlTokens:
    return GhlTokens.objects.get()


def times(app: FakeGhl, route: str) -> int:
    return len(app.requests(route))


def open_alarms() -> list[str]:
    return list(Alarm.objects.filter(closed_at=None).values_list("key", flat=True))


# --- Connecting ---------------------------------------------------------------------------------


def test_without_code_prints_the_authorization_page(app: FakeGhl) -> None:
    said = connect()
    assert (
        "client_id=app-test&redirect_uri=https%3A%2F%2Fcaio.example.com%2Fconnected&scope=contacts.readonly+"
        in said
    )
    assert (app.requests(), GhlTokens.objects.count()) == ([], 0)


def test_code_becomes_a_sealed_working_pair(app: FakeGhl, contact: str) -> None:
    assert ghl.get_contact(contact).email == "dana@northline.test"
    (request,) = app.requests(TOKEN)
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    stored = row()
    given = app.requests(CONTACT)[0].headers["authorization"].removeprefix("Bearer ")
    assert sealed.decrypt_text(stored.access) == given
    for column in (stored.access, stored.refresh):
        assert given not in column and sealed.decrypt_text(stored.refresh) not in column
    assert stored.access_until - timezone.now() > timedelta(hours=23)


def test_company_code_becomes_a_location_token(app: FakeGhl, clock: Any) -> None:
    connect(f"--code={app.add_code('Company')}", "--user-type", "Company")
    contact = app.add_contact("dana@northline.test")["id"]
    assert ghl.get_contact(contact).id == contact
    assert (times(app, TOKEN), times(app, LOCATION_TOKEN)) == (1, 1)
    app.end_access()
    GhlTokens.objects.update(company_until=timezone.now(), access_until=timezone.now())
    assert ghl.get_contact(contact).id == contact
    assert (times(app, TOKEN), times(app, LOCATION_TOKEN), app.tokens.refreshes) == (2, 2, 1)


def test_early_location_expiry_uses_no_refresh_token(app: FakeGhl, clock: Any) -> None:
    connect(f"--code={app.add_code('Company')}", "--user-type", "Company")
    contact = app.add_contact("dana@northline.test")["id"]
    del app.tokens.access[sealed.decrypt_text(row().access)]
    assert ghl.get_contact(contact).id == contact
    assert (times(app, LOCATION_TOKEN), app.tokens.refreshes, row().spent_at) == (2, 0, None)


def test_code_is_read_from_stdin(app: FakeGhl, clock: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(app.add_code() + "\n"))
    assert "connected: location loc-test" in connect("--code", "-")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda app, settings: app.configure(client_secret="another"),
            "Invalid client credentials!",
        ),
        (lambda app, settings: app.tokens.once.clear(), "This token or code is invalid."),
        (
            lambda app, settings: app.configure(location_id="loc-other"),
            "That is location loc-other",
        ),
        (
            lambda app, settings: setattr(settings, "GHL_CLIENT_SECRET", ""),
            "GHL_CLIENT_SECRET are not both set",
        ),
        (
            lambda app, settings: setattr(settings, "GHL_LOCATION_ID", ""),
            "GHL_LOCATION_ID is not set",
        ),
    ],
)
def test_failed_connection_says_why_and_stores_nothing(
    app: FakeGhl, settings: Any, change: Any, said: str
) -> None:
    code = app.add_code()
    change(app, settings)
    with pytest.raises(CommandError, match=said):
        connect(f"--code={code}")
    assert GhlTokens.objects.count() == 0


def test_missing_connection_raises_alarm_without_a_call(app: FakeGhl) -> None:
    with pytest.raises(Misconfigured, match="not connected yet: manage.py connect_ghl"):
        ghl.get_contact("cnt_1")
    assert (app.requests(), open_alarms()) == ([], ["ghl:token"])


# --- Renewing -----------------------------------------------------------------------------------


def test_token_is_renewed_shortly_before_expiry(app: FakeGhl, contact: str, clock: Any) -> None:
    clock.shift(timedelta(seconds=86399) - ghl_tokens.RENEW_AHEAD - timedelta(minutes=1))
    ghl.get_contact(contact)
    assert app.tokens.refreshes == 0
    clock.shift(timedelta(minutes=2))
    ghl.get_contact(contact)
    assert (app.tokens.refreshes, row().spent_at, row().attempts, row().lease_until) == (
        1,
        None,
        0,
        None,
    )
    ghl.get_contact(contact)
    assert app.tokens.refreshes == 1


def test_early_expiry_renews_and_repeats_the_call(app: FakeGhl, contact: str) -> None:
    app.end_access()
    assert ghl.get_contact(contact).id == contact
    first, second = (request.headers["authorization"] for request in app.requests(CONTACT))
    assert (first != second, app.tokens.refreshes) == (True, 1)
    assert Alarm.objects.count() == 0


def test_acting_call_is_not_repeated_automatically(app: FakeGhl, contact: str) -> None:
    """It would start seconds later, and sending may be halted by then.

    What certainly did not act is Unavailable.
    """
    app.end_access()
    with pytest.raises(http.ServiceUnavailable, match="access token is invalid") as later:
        ghl.call_ghl("POST", "/conversations/messages", version="2021-04-15", json={})
    assert type(later.value) is http.ServiceUnavailable
    assert (times(app, "POST /conversations/messages"), times(app, TOKEN)) == (1, 1)
    with pytest.raises(http.ServiceUnavailable, match="being renewed"):
        ghl.call_ghl("POST", "/conversations/messages", version="2021-04-15", json={})
    assert times(app, "POST /conversations/messages") == 1
    assert ghl.get_contact(contact).id == contact
    assert app.tokens.refreshes == 1


def test_a_second_401_after_renewing_is_configuration(app: FakeGhl, contact: str) -> None:
    app.on(CONTACT).status(401, {"message": "Invalid token: access token is invalid"}, times=2)
    with pytest.raises(Misconfigured):
        ghl.get_contact(contact)
    assert (times(app, CONTACT), app.tokens.refreshes, open_alarms()) == (2, 1, ["ghl:token"])
    RateWindow.objects.update(paused_until=None)
    ghl.get_contact(contact)
    assert open_alarms() == []


def test_eight_workers_meet_an_ended_token_at_once(
    committed: None, app: FakeGhl, clock: Any
) -> None:
    connect(f"--code={app.add_code()}")
    contact = app.add_contact("dana@northline.test")["id"]
    app.end_access()
    app.on(TOKEN).delay(0.3, times=1)
    start, found = threading.Barrier(8), []

    def work() -> None:
        try:
            start.wait(10)
            found.append(ghl.get_contact(contact).id)
        except Exception as error:
            found.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [contact] * 8
    assert (app.tokens.refreshes, times(app, TOKEN)) == (1, 2)


def test_valid_token_is_used_during_renewal(app: FakeGhl, contact: str, clock: Any) -> None:
    clock.shift(timedelta(seconds=86399) - timedelta(minutes=1))
    GhlTokens.objects.update(lease_until=timezone.now() + timedelta(seconds=60))
    assert ghl.get_contact(contact).id == contact
    assert app.tokens.refreshes == 0


@pytest.mark.parametrize(
    "away",
    [
        lambda s: s.status(503, times=1),
        lambda s: s.close_before(times=1),
        lambda s: s.status(429, {}, times=1),
    ],
    ids=["503", "hangs up", "429"],
)
def test_failed_renewal_keeps_using_valid_token(
    app: FakeGhl, contact: str, clock: Any, away: Any
) -> None:
    clock.shift(timedelta(seconds=86399) - timedelta(minutes=3))
    away(app.on(TOKEN))
    assert ghl.get_contact(contact).id == contact
    assert row().error and row().not_before > timezone.now()
    ghl.get_contact(contact)
    assert times(app, TOKEN) == 2  # one try, not one for each call
    clock.shift(timedelta(seconds=30))
    ghl.get_contact(contact)
    assert (app.tokens.refreshes, row().error, row().spent_at) == (1, "", None)


# --- Lost on the way ----------------------------------------------------------------------------


def test_lost_answer_without_new_pair_recovers(app: FakeGhl, contact: str, clock: Any) -> None:
    app.end_access()
    app.on(TOKEN).status(500, times=1)
    with pytest.raises(http.ServiceUnavailable):
        ghl.get_contact(contact)
    assert row().spent_at is not None
    clock.shift(timedelta(seconds=30))
    assert ghl.get_contact(contact).id == contact
    assert (row().spent_at, Alarm.objects.count()) == (None, 0)


def test_lost_pair_raises_alarm_and_calls_wait(app: FakeGhl, contact: str, clock: Any) -> None:
    app.end_access()
    app.on(TOKEN).act_then_close(times=1)
    with pytest.raises(http.ServiceUnavailable):
        ghl.get_contact(contact)
    lost_at = row().spent_at
    clock.shift(timedelta(seconds=30))
    with pytest.raises(
        Misconfigured, match="were lost on the way. Connect again: manage.py connect_ghl."
    ):
        ghl.get_contact(contact)
    assert stamp_words(lost_at) in Alarm.objects.get(closed_at=None).text
    RateWindow.objects.update(paused_until=None)
    with pytest.raises(http.ServiceUnavailable, match="were lost on the way"):
        ghl.get_contact(contact)
    assert times(app, TOKEN) == 3  # the code, the lost one, and the refusal: not one for each call
    connect(f"--code={app.add_code()}")
    RateWindow.objects.update(paused_until=None)
    assert ghl.get_contact(contact).id == contact
    assert open_alarms() == []


def test_death_after_renewal_call_raises_alarm(app: FakeGhl, contact: str, clock: Any) -> None:
    stored = row()
    app.end_access()
    GhlTokens.objects.update(access_until=timezone.now())
    stored.refresh_from_db()
    assert ghl_tokens._claim_renewal(stored, timezone.now())
    ghl_oauth.pair_by_refresh(sealed.decrypt_text(stored.refresh), "Location")  # and here it died
    clock.shift(ghl_tokens.RENEWAL_LEASE + timedelta(seconds=1))
    with pytest.raises(Misconfigured, match="lost on the way"):
        ghl.get_contact(contact)
    assert open_alarms() == ["ghl:token"]


def test_death_before_renewal_call_recovers(app: FakeGhl, contact: str, clock: Any) -> None:
    app.end_access()
    GhlTokens.objects.update(access_until=timezone.now())
    assert ghl_tokens._claim_renewal(row(), timezone.now())
    clock.shift(ghl_tokens.RENEWAL_LEASE + timedelta(seconds=1))
    assert ghl.get_contact(contact).id == contact
    assert Alarm.objects.count() == 0


def test_no_connection_leaves_the_refresh_token_unspent(
    app: FakeGhl, contact: str, clock: Any, settings: Any
) -> None:
    app.end_access()
    GhlTokens.objects.update(access_until=timezone.now())
    url, settings.GHL_BASE_URL = settings.GHL_BASE_URL, "http://127.0.0.1:9"
    with pytest.raises(http.ServiceUnavailable, match="no connection"):
        ghl.get_contact(contact)
    assert row().spent_at is None
    settings.GHL_BASE_URL = url
    clock.shift(timedelta(seconds=30))
    assert ghl.get_contact(contact).id == contact


def test_late_worker_does_not_undo_new_connection(app: FakeGhl, contact: str) -> None:
    stored = row()
    assert not ghl_tokens._claim_renewal(stored, timezone.now() - timedelta(hours=1))
    assert ghl_tokens._claim_renewal(stored, timezone.now())
    late = ghl_oauth.pair_by_refresh(sealed.decrypt_text(stored.refresh), "Location")
    connect(f"--code={app.add_code()}")
    kept = row().access
    ghl_tokens._store_pair(stored, late)
    assert row().access == kept


def test_other_secret_key_asks_to_connect_again(
    app: FakeGhl, contact: str, settings: Any, clock: Any
) -> None:
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another-" + "y" * 50
    with pytest.raises(Misconfigured, match="sealed under another SECRET_KEY"):
        ghl.get_contact(contact)
    assert open_alarms() == ["ghl:token"]
    settings.SECRET_KEY_FALLBACKS = [old]
    RateWindow.objects.update(paused_until=None)
    assert ghl.get_contact(contact).id == contact
