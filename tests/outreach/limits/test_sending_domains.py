"""People say whether a sending domain is established; the change is logged with their name."""

from collections.abc import Iterator
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from outreach.choices import Phase
from outreach.control import phase
from outreach.limits import sending_domains
from outreach.models import ControlChange, Message, SendingDomain, SendIntent
from outreach.sending import send_slots
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.conftest import WORKING

DOMAIN = "mail.ours.example.com"  # of the fake's GHL_FROM_EMAIL
TODAY = date(2026, 3, 3)


def left_before(
    count: int, *, outcome: str = "sent", domain: str = DOMAIN, day: date = TODAY
) -> None:
    """So many of today's emails, an hour and more ago."""
    for _ in range(count):
        lead = factories.LeadFactory()
        SendIntent.objects.create(
            message=Message.objects.create(lead=lead, status="sent", to_address=lead.email),
            transport="ghl",
            phase="parallel",
            day=day,
            domain="elsewhere.test",
            from_domain=domain,
            outcome=outcome,
            claimed_at=timezone.now() - timedelta(hours=2),
        )


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(WORKING, tick=False) as traveller:
        yield traveller


def run(*args: str) -> str:
    out = StringIO()
    call_command("warm_up", *args, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
class TestSaying:
    def test_a_lead_establishes_and_starts_by_command(self, ghl: FakeGhl, lead_user: User) -> None:
        said = run(
            "--domain",
            DOMAIN.upper(),
            "--established",
            "--as",
            "lena",
            "--reason",
            "Ten years old.",
        )
        assert said == f"{DOMAIN}: Established: the phase alone limits how many emails leave.\n"
        assert sending_domains.current_warm_up(timezone.now()) is None
        said = run("--domain", DOMAIN, "--start", "--as", "lena", "--reason", "Complaints.")
        assert "week 1 of 5, at most 20 emails a day" in said
        row = SendingDomain.objects.get()
        assert (row.warm_up_since, row.set_by, row.reason) == (TODAY, "lena", "Complaints.")
        changes = ControlChange.objects.order_by("pk").values_list("before", "after", "by")
        assert list(changes) == [
            ("new", "established", lead_user.pk),
            ("established", "from 2026-03-03", lead_user.pk),
        ]

    def test_other_domains_are_named_as_such(self, ghl: FakeGhl, lead_user: User) -> None:
        said = run(
            "--domain", "later.example.com", "--start", "--as", "lena", "--reason", "Bought it."
        )
        assert f"We do not send from there: GHL_FROM_EMAIL is at {DOMAIN}." in said

    @pytest.mark.parametrize(
        "name", ["alex@mail.example.com", "example", "-.com", "mail..com", "a b.com", "\x00.com"]
    )
    def test_what_is_no_domain_is_refused(self, lead_user: User, name: str) -> None:
        with pytest.raises(CommandError, match="is not a domain"):
            run(f"--domain={name}", "--established", "--as", "lena", "--reason", "x")
        assert (SendingDomain.objects.count(), ControlChange.objects.count()) == (0, 0)

    def test_a_reviewer_may_not(self, reviewer: User) -> None:
        with pytest.raises(CommandError, match="does not have"):
            run("--domain", DOMAIN, "--established", "--as", "rita", "--reason", "x")
        assert SendingDomain.objects.count() == 0

    def test_a_lead_establishes_on_the_page(
        self, ghl: FakeGhl, client: Client, lead_user: User
    ) -> None:
        client.force_login(lead_user)
        assert "New: its first email begins" in client.get("/sales/phase").content.decode()
        assert client.get("/sales/phase/domain").status_code == 200
        answer = client.post(
            "/sales/phase/domain", {"warm_up": "no", "reason": "Ten years old."}, follow=True
        )
        assert "Established: the phase alone limits" in answer.content.decode()
        assert SendingDomain.objects.get().warm_up_since is None

    def test_no_from_address_means_no_domain(
        self, client: Client, lead_user: User, settings: Any
    ) -> None:
        settings.GHL_FROM_EMAIL = ""
        client.force_login(lead_user)
        page = client.get("/sales/phase/domain").content.decode()
        assert "No sending address yet. Set one up" in page and "id_reason" not in page
        answer = client.post(
            "/sales/phase/domain", {"warm_up": "no", "reason": "Ten years old."}, follow=True
        )
        assert "names no domain. Nothing was changed." in answer.content.decode()
        assert (SendingDomain.objects.count(), ControlChange.objects.count()) == (0, 0)
        said = run(
            "--domain", "later.example.com", "--start", "--as", "lena", "--reason", "Bought it."
        )
        assert "We do not send from there: GHL_FROM_EMAIL is not set." in said

    @pytest.mark.parametrize(
        "typed", [{}, {"warm_up": "no"}, {"reason": "x"}, {"warm_up": "perhaps", "reason": "x"}]
    )
    def test_without_a_choice_and_a_reason_nothing_changes(
        self, ghl: FakeGhl, client: Client, lead_user: User, typed: dict[str, str]
    ) -> None:
        client.force_login(lead_user)
        assert client.post("/sales/phase/domain", typed).status_code == 422
        assert SendingDomain.objects.count() == 0

    def test_a_reviewer_may_not_on_the_page(
        self, ghl: FakeGhl, client: Client, reviewer: User
    ) -> None:
        client.force_login(reviewer)
        assert (
            client.post("/sales/phase/domain", {"warm_up": "no", "reason": "x"}).status_code == 403
        )
        assert SendingDomain.objects.count() == 0
        assert "Warm-up…" not in client.get("/sales/phase").content.decode()

    def test_every_page_shows_the_stricter_limit(
        self, ghl: FakeGhl, client: Client, lead_user: User
    ) -> None:
        client.force_login(lead_user)
        left_before(3)
        send_slots.DailySlots.objects.create(day=TODAY, used=3)
        assert client.get("/api/queue-status").json()["daily_limit"] == {
            "date": "2026-03-03",
            "limit": 20,
            "used": 3,
            "remaining": 17,
        }
        found = client.get("/api/phase").json()["limits"]
        assert (found["daily"], found["warm_up"]) == (
            20,
            {"domain": DOMAIN, "since": None, "week": 1, "daily": 20},
        )
        assert "17 of 20" in client.get("/sales").content.decode()
        sending_domains.mark_established(DOMAIN, by=lead_user, reason="x")
        found = client.get("/api/phase").json()["limits"]
        assert (found["daily"], found["warm_up"]) == (25, None)
        assert "22 of 25" in client.get("/sales").content.decode()
        phase.change_phase(Phase.AUTONOMOUS, by=None, reason="test")
        sending_domains.start_warm_up(DOMAIN, by=lead_user, reason="x")
        assert client.get("/api/phase").json()["limits"]["daily"] == 20
