"""What left and what waits, the notices, halt and resume."""

import html
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from approvals.decisions import claims
from approvals.models import Notice
from outreach.choices import MoveCode, Status
from outreach.control import phase
from outreach.drafting import drafts
from outreach.models import ControlChange, Message, SandboxEmail, SendIntent
from outreach.sending import send
from tests import factories
from tests.conftest import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client, reviewer: User) -> Client:
    client.force_login(reviewer)
    return client


def body(response: Any) -> str:
    return html.unescape(" ".join(response.content.decode().split()))


def uncertain(minutes: int) -> Message:
    message = factories.cleared_email()
    at = timezone.now() - timedelta(minutes=minutes)
    Message.objects.filter(pk=message.pk).update(
        status=Status.UNCERTAIN, uncertain_at=at, transport="ghl"
    )
    SendIntent.objects.create(
        message=message, transport="ghl", phase="parallel", day=at.date(),
        domain=message.domain, claimed_at=at,
        outcome=SendIntent.Outcome.UNCERTAIN,
    )  # fmt: skip
    message.refresh_from_db()
    return message


# Uncertain


def test_an_uncertain_email_says_what_is_known_and_offers_no_resend(desk: Client) -> None:
    message = uncertain(minutes=3)
    page = body(desk.get("/sales/sent"))
    assert (
        "We don't know whether this was sent." in page
        and "It will not be sent again by itself." in page
    )
    assert f"/sales/queue/{message.public_id}/settle" not in page


def test_nobody_settles_before_a_quarter_of_an_hour(desk: Client) -> None:
    message = uncertain(minutes=14)
    response = desk.post(
        f"/sales/queue/{message.public_id}/settle", {"was_sent": "yes", "reason": "I saw it there"}
    )
    assert response.status_code == 409
    message.refresh_from_db()
    assert message.status == Status.UNCERTAIN


@pytest.mark.parametrize(("answer", "status"), [("yes", Status.SENT), ("no", Status.HELD)])
def test_a_person_settles_with_a_reason(desk: Client, answer: str, status: str) -> None:
    message = uncertain(minutes=16)
    assert "It was not sent" in body(desk.get("/sales/sent"))
    response = desk.post(
        f"/sales/queue/{message.public_id}/settle", {"was_sent": answer, "reason": "I looked there"}
    )
    assert (response.status_code, response["Location"]) == (303, "/sales/sent")
    message.refresh_from_db()
    assert message.status == status
    assert message.moves.latest("pk").reason.text == "I looked there"


def test_settling_without_a_reason_changes_nothing(desk: Client) -> None:
    message = uncertain(minutes=16)
    response = desk.post(
        f"/sales/queue/{message.public_id}/settle", {"was_sent": "yes", "reason": " "}
    )
    assert response.status_code == 422
    message.refresh_from_db()
    assert message.status == Status.UNCERTAIN


# Waiting, withdrawn, kept


def test_a_waiting_email_names_the_limit_that_binds(desk: Client, lead_user: User) -> None:
    factories.cleared_email()
    phase.halt_sending(by=lead_user, reason="wrong footer")
    assert "Sending is halted." in body(desk.get("/sales/sent"))


def withdraw(desk: Client, message: Message, version: int | str = 1) -> Any:
    return desk.post(f"/sales/queue/{message.public_id}/withdraw", {"version": version})


def stays_as_it_is(message: Message) -> bool:
    now = Message.objects.get(pk=message.pk)
    return (now.status, now.version) == (message.status, message.version)


def test_the_page_names_the_version_that_it_withdraws(desk: Client) -> None:
    message = factories.cleared_email()
    Message.objects.filter(pk=message.pk).update(version=3, waiting_for="")
    phase.halt_sending(by=None, reason="so that it waits")
    form = body(desk.get("/sales/sent")).partition(f"{message.public_id}/withdraw")[2]
    assert 'name="version" value="3"' in form.partition("</form>")[0]


def test_what_a_colleague_reviews_again_is_not_withdrawn(desk: Client) -> None:
    message = drafts.hold_for_review(factories.cleared_email(), MoveCode.MORE_KNOWN)
    assert "It waits for a decision again" in body(withdraw(desk, message))
    claims.claim_message(message, person("olga", "Reviewer"))

    response = withdraw(desk, message)

    assert response.status_code == 409
    assert f"Not withdrawn: {message.lead}. olga has this email until" in body(response)
    assert stays_as_it_is(message)


@pytest.mark.parametrize(("version", "code"), [(2, 409), (0, 409), ("", 422), ("x", 422)])
def test_another_version_is_not_withdrawn(desk: Client, version: int | str, code: int) -> None:
    message = factories.cleared_email()
    response = withdraw(desk, message, version)
    assert response.status_code == code
    assert "withdrawn" in body(response).lower()
    assert stays_as_it_is(message)


def test_withdrawing_ends_it(desk: Client) -> None:
    message = factories.cleared_email()
    response = withdraw(desk, message)
    assert (response.status_code, response["Location"]) == (303, "/sales/sent")
    message.refresh_from_db()
    assert message.status == Status.WITHDRAWN


def test_withdrawing_what_has_left_says_so(desk: Client) -> None:
    message = factories.cleared_email()
    Message.objects.filter(pk=message.pk).update(status=Status.SENT, sent_at=timezone.now())
    page = body(withdraw(desk, message))
    assert f"Not withdrawn: {message.lead}. Too late to withdraw it: it was sent" in page
    message.refresh_from_db()
    assert message.status == Status.SENT


def test_the_sandbox_keeps_exactly_what_would_have_been_sent(desk: Client, loose: None) -> None:
    message = factories.cleared_email()
    assert send.send_due() == 1
    kept, text = SandboxEmail.objects.get(), message.text
    assert text is not None
    assert text.subject in body(desk.get("/sales/sent"))
    page = desk.get(f"/sales/sent/kept/{kept.pk}")
    shown = body(page)
    assert (
        message.to_address in shown and text.subject in shown and text.body.split("\n")[0] in shown
    )
    assert 'href="http' not in page.content.decode()


def test_sandbox_emails_are_not_listed_as_sent(desk: Client, loose: None) -> None:
    factories.cleared_email()
    send.send_due()
    assert desk.get("/sales/sent").context["sent"] == []


# Notices


def test_notices_say_what_was_told_by_which_way_and_what_failed(desk: Client) -> None:
    told = {"told_at": timezone.now(), "channel": "email"}
    Notice.objects.create(
        key="1",
        message=factories.held_email(),
        text="A HOT email waits.",
        error="slack: 429",
        **told,
    )
    page = body(desk.get("/sales/notices"))
    assert "A HOT email waits." in page and "by Email" in page and "slack: 429" in page


def test_notices_come_fifty_a_page(desk: Client) -> None:
    Notice.objects.bulk_create(Notice(key=str(n), text=f"Notice {n}") for n in range(60))
    first = desk.get("/sales/notices")
    second = desk.get("/sales/notices", {"before": first.context["older"]})
    assert [len(page.context["notices"]) for page in (first, second)] == [50, 10]
    assert second.context["older"] is None


# Halt and resume


def test_halting_is_one_click_and_comes_back(desk: Client) -> None:
    response = desk.post("/sales/halt", {"next": "/sales/queue?show=hot"})
    assert (response.status_code, response["Location"]) == (303, "/sales/queue?show=hot")
    row = phase.current_control()
    assert (row.halted, row.halt_reason, row.halted_by) == (True, "Halted from the page", "rita")


def test_halting_does_not_redirect_elsewhere(desk: Client) -> None:
    assert desk.post("/sales/halt", {"next": "https://evil.example.com/"})["Location"] == "/sales"


@pytest.mark.parametrize("path", ["/sales/halt", "/sales/resume"])
def test_a_viewer_neither_halts_nor_resumes(client: Client, viewer: User, path: str) -> None:
    client.force_login(viewer)
    assert client.post(path, {"reason": "because"}).status_code == 403
    assert ControlChange.objects.count() == 0


def test_only_a_lead_resumes_and_says_why(client: Client, reviewer: User, lead_user: User) -> None:
    phase.halt_sending(by=reviewer, reason="wrong footer")
    client.force_login(reviewer)
    assert client.post("/sales/resume", {"reason": "fixed"}).status_code == 403
    client.force_login(lead_user)
    assert client.get("/sales/resume").status_code == 200
    assert client.post("/sales/resume", {"reason": " "}).status_code == 422
    assert phase.current_control().halted
    assert client.post("/sales/resume", {"reason": "The footer is right again"}).status_code == 303
    assert not phase.current_control().halted
    assert ControlChange.objects.latest("pk").reason.text == "The footer is right again"


# Overview and phase


def test_all_caught_up_only_when_every_stage_was_seen(desk: Client) -> None:
    from caio_project.lib.models import Heartbeat
    from caio_project.schedule import SWEEPS

    page = body(desk.get("/sales"))
    assert "No email waits for you, but" in page and "All caught up" not in page
    for name in SWEEPS:
        Heartbeat.beat(name, worked=True)
    assert "No visitor has arrived yet." in body(desk.get("/sales"))
    factories.VisitFactory()
    assert "All caught up. Every stage was seen working in the last hour." in body(
        desk.get("/sales")
    )


def test_the_overview_leads_to_the_next_email(desk: Client) -> None:
    factories.held_email()
    page = body(desk.get("/sales"))
    assert "1 email waits for you" in page and "Review the next email" in page


def test_the_phase_page_says_what_is_missing(desk: Client) -> None:
    page = body(desk.get("/sales/phase"))
    assert (
        "Phase 2: Parallel" in page
        and "Not enough yet" in page
        and "about 50 more settled requests" in page
    )


# Frame


def test_pages_stay_within_their_budget() -> None:
    import gzip
    from pathlib import Path

    from django.conf import settings

    static = Path(settings.BASE_DIR) / "templates" / "static" / "caio"
    assert len(gzip.compress((static / "sales.css").read_bytes())) < 10_000
    scripts = {one.name: len(gzip.compress(one.read_bytes())) for one in static.glob("*.js")}
    on_every_page = ("sales.js", "desk.js", "pulse.js", "find.js")
    assert max(scripts.values()) < 5_000
    assert sum(scripts[name] for name in on_every_page) < 10_200


def test_the_desk_takes_at_most_50_kb(desk: Client) -> None:
    import gzip

    from django.contrib.staticfiles import finders

    message = factories.held_email()
    page = desk.get(f"/sales/queue/{message.public_id}").content
    files = re.findall(r'(?:href|src)="/static/([^"]+)"', page.decode())
    assert len(files) >= 6
    parts = [page]
    for name in files:
        path = finders.find(re.sub(r"\.[0-9a-f]{12}(?=\.\w+$)", "", name))
        assert isinstance(path, str), name
        parts.append(Path(path).read_bytes())
    assert sum(len(gzip.compress(one)) for one in parts) < 50_000


def test_our_pages_have_no_inline_script_or_style(desk: Client) -> None:
    message = factories.held_email()
    for path in ("/sales", "/sales/queue", "/sales/sent", f"/sales/queue/{message.public_id}"):
        response = desk.get(path)
        page = response.content.decode()
        assert (
            "style=" not in page
            and "<style" not in page
            and "<script>" not in page
            and " onclick" not in page
        ), path
        assert "'unsafe-inline'" not in response["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/", "/no-such-page"])
def test_pages_for_strangers_look_like_ours(client: Client, path: str) -> None:
    assert "caio/sales.css" in client.get(path).content.decode()


def test_account_pages_look_like_ours(desk: Client) -> None:
    for path in (
        "/accounts/logout/",
        "/accounts/password/change/",
        "/accounts/email/",
        "/accounts/2fa/",
    ):
        response = desk.get(path, follow=True)
        assert "caio/sales.css" in response.content.decode(), path
