"""The page: twelve parts by what was seen, secrets that are never shown again, and the count."""

import logging
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from caio_project.lib.db.caches import process_cache
from caio_project.lib.models import SetUpChange, SetUpCount, SetUpProof, StoredSecret
from caio_project.lib.vendor_access import access
from caio_project.lib.words.check_states import CheckState
from caio_project.set_up import parts
from caio_project.set_up.part import Part
from leads.inbound import events
from leads.models import Alarm, Kind, PastEmployer
from tests import factories
from tests.caio_project.set_up.conftest import PATH, Act
from tests.fakes.ghl import FakeGhl
from tests.fakes.slack import FakeSlack

pytestmark = pytest.mark.django_db
SECRET = "pit-Zx81-never-shown-0123"
VISIT = b'{"LinkedIn URL": "https://www.linkedin.com/in/a", "First Name": "A", "Seen At": "%d"}'


def state_of(key: str) -> Part:
    return next(one for one in parts.read_parts() if one.key == key)


def store_visit(kind: Kind = Kind.LIVE) -> None:
    body = VISIT.replace(b"in/a", f"in/{kind}".encode())
    events.store_event("rb2b", body % timezone.now().timestamp(), kind=kind)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


# What is done


def test_twelve_parts_and_nothing_done_without_proof() -> None:
    found = parts.read_parts()
    assert len({one.key for one in found}) == 12
    assert all(one.state != CheckState.PASS or "Nothing" not in one.proof for one in found)
    assert state_of("rb2b").state == CheckState.NOT_KNOWN
    assert state_of("rb2b").missing[0].who == "whoever runs RB2B: paste the address there"


def test_rb2b_is_done_by_a_visitor_and_not_by_our_own_test() -> None:
    store_visit(Kind.TEST)
    assert state_of("rb2b").state == CheckState.NOT_KNOWN
    store_visit()
    part = state_of("rb2b")
    assert part.state == CheckState.PASS
    assert part.proof.startswith("The last event came ") and part.proof.endswith(" ago.")


def test_silence_of_rb2b_is_wrong_whatever_came_before() -> None:
    store_visit()
    Alarm.objects.create(key="rb2b:silent", text="No event from rb2b since noon.")
    part = state_of("rb2b")
    assert (part.state, part.words) == (CheckState.FAIL, "Wrong")
    assert "No event from rb2b since noon." in part.proof


def test_ghl_in_the_sandbox_is_never_done(ghl_there: FakeGhl, act: Act) -> None:
    for name, value in (
        ("GHL_API_TOKEN", "pit-right-0123456789"),
        ("GHL_LOCATION_ID", "loc-test"),
        ("GHL_FROM_EMAIL", "alex@mail.ours.example.com"),
    ):
        act("enter", name, value)
    act("test", "ghl")
    part = state_of("ghl")
    assert part.state == CheckState.NOT_KNOWN
    assert [one.what for one in part.missing] == ["going live: it is in the sandbox"]
    act("live", "ghl")
    assert state_of("ghl").state == CheckState.PASS


def test_a_changed_value_takes_the_proof_away(ghl_there: FakeGhl, act: Act) -> None:
    test_ghl_in_the_sandbox_is_never_done(ghl_there, act)
    act("enter", "GHL_API_TOKEN", "pit-another-0123456789")
    assert state_of("ghl").state == CheckState.FAIL
    assert "not tested with these values: emails wait" in state_of("ghl").proof
    assert not access.is_sandboxed("ghl")


def test_slack_with_a_right_and_a_wrong_token(settings: Any, act: Act) -> None:
    with FakeSlack(token="xoxb-right") as fake:
        settings.SLACK_BASE_URL = fake.api_url
        act("enter", "SLACK_BOT_TOKEN", "xoxb-wrong")
        wrong = text_of(act("test", "slack"))
        assert "SLACK_BOT_TOKEN is not a token that Slack knows." in wrong
        assert fake.posts() == [] and state_of("slack").state == CheckState.FAIL

        act("enter", "SLACK_BOT_TOKEN", "xoxb-right")
        act("enter", "SLACK_SIGNING_SECRET", "signing-0123456789")
        assert "Slack took a message for #sales-bot." in text_of(act("test", "slack"))
        [post] = fake.posts()
        assert "A test of the set-up, sent by lena." in str(post)
        assert state_of("slack").state == CheckState.PASS


def test_email_reaches_whoever_asked(settings: Any, act: Act, lead_user: User) -> None:
    assert "EMAIL_URL is not set." in text_of(act("test", "email"))
    settings.EMAIL_URL = "smtp://mail.example.com"
    act("test", "email")
    assert [one.to for one in mail.outbox] == [[lead_user.email]]
    assert state_of("email").state == CheckState.PASS


@pytest.mark.parametrize("part", ["team", "nobody", ""])
def test_what_has_no_test_is_refused(act: Act, part: str) -> None:
    assert "There is no test of it. Nothing was sent." in text_of(act("test", part))
    assert not SetUpProof.objects.exists()


# Secrets


def test_a_secret_is_nowhere_after_it_was_entered(
    act: Act, page: Client, ghl_there: FakeGhl, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [act("enter", "GHL_API_TOKEN", SECRET), act("test", "ghl"), page.get(PATH)]
    answers += [
        page.get(path) for path in ("/api/queue-status", "/api/health", "/sales", "/admin/")
    ]
    boss = User.objects.create_superuser("boss", "", "a-long-password")
    page.force_login(boss)
    answers += [page.get(PATH), page.get("/admin/"), page.get("/admin/lib/")]

    assert access.vendor_value("GHL_API_TOKEN") == SECRET
    assert all(SECRET not in one.content.decode() for one in answers)
    assert SECRET not in caplog.text
    rows = [
        *StoredSecret.objects.values(),
        *SetUpChange.objects.values(),
        *SetUpProof.objects.values(),
    ]
    assert rows and SECRET not in str(rows)
    assert "begins with pit-…" in text_of(answers[-3])


def test_who_entered_and_removed_it_is_recorded(act: Act, lead_user: User) -> None:
    act("enter", "GHL_WORKFLOW_TOKEN", "aB3-workflow-token-0123")
    act("remove", "GHL_WORKFLOW_TOKEN")
    assert "Nothing was entered for it." in text_of(act("remove", "GHL_WORKFLOW_TOKEN"))

    rows = SetUpChange.objects.values_list("what", "about", "by__username")
    assert list(rows) == [
        ("removed", "GHL_WORKFLOW_TOKEN", "lena"),
        ("entered", "GHL_WORKFLOW_TOKEN", "lena"),
    ]
    assert access.vendor_value("GHL_WORKFLOW_TOKEN") == ""


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("GHL_API_TOKEN", "", "it is empty"),
        ("GHL_API_TOKEN", "two words-0123456789", "without spaces"),
        ("GHL_API_TOKEN", "x" * 501, "at most 500"),
        ("GHL_FROM_EMAIL", "nobody", "it is no email address"),
        ("GHL_WORKFLOW_TOKEN", "short", "it can be guessed"),
        ("CLAY_CALLBACK_TOKEN", "aaaaaaaaaaaaaaaaaaaaaaaa", "it can be guessed"),
        ("SLACK_SIGNING_SECRET", "short", "it can be guessed"),
        ("SLACK_BOT_TOKEN", "token-0123456789", "it must begin with xoxb-"),
        (
            "CLAY_WORKBOOK_WEBHOOK_URL",
            "https://collect.example.com/x",
            "an https address at clay.com",
        ),
        ("CLAY_WORKBOOK_WEBHOOK_URL", "http://api.clay.com/x", "an https address at clay.com"),
        ("CLAY_WORKBOOK_WEBHOOK_URL", "https://clay.com@evil.example.com/", "an https address"),
        ("CLAY_WORKBOOK_WEBHOOK_URL", "https://notclay.com/x", "an https address at clay.com"),
        ("CLAY_WORKBOOK_WEBHOOK_URL", "https://example.com\\.clay.com/x", "an https address"),
        ("CLAY_WORKBOOK_WEBHOOK_URL", "https://api.clay.com:99999/x", "it is not an address"),
        ("CLAY_WORKBOOK_WEBHOOK_URL", "http://127.0.0.1:9/x", "an https address at clay.com"),
        ("SECRET_KEY", "another-0123456789", "There is no such setting on this page."),
        ("RB2B_WEBHOOK_TOKENS", "another-0123456789", "There is no such setting on this page."),
        ("", "x", "There is no such setting on this page."),
    ],
)
def test_bad_values_are_refused_by_name(act: Act, name: str, value: str, says: str) -> None:
    answer = text_of(act("enter", name, value))
    assert says in answer and "Nothing was changed." in answer
    assert not value or len(value) < 20 or value not in answer
    assert not StoredSecret.objects.exists() and not SetUpChange.objects.exists()


def test_the_environment_wins_and_is_said_so(settings: Any, act: Act, page: Client) -> None:
    act("enter", "GHL_WORKFLOW_TOKEN", "aB3-workflow-token-0123")
    settings.GHL_WORKFLOW_TOKEN = "of-the-environment-0123"
    shown = text_of(page.get(PATH))
    assert "The environment sets it, which wins over what was entered here." in shown
    refused = text_of(act("enter", "GHL_WORKFLOW_TOKEN", "aB3-other-token-012345"))
    assert "GHL_WORKFLOW_TOKEN is set in the environment, which wins." in refused
    assert "of-the-environment-0123" not in shown + refused


def test_address_with_its_token_is_for_a_lead(client: Client, page: Client, reviewer: User) -> None:
    address = "http://localhost/webhooks/rb2b?token="
    assert f"{address}next-token-0123456789" in page.get(PATH).content.decode()
    client.force_login(reviewer)
    shown = client.get(PATH).content.decode()
    assert f"{address}…" in shown and "next-token" not in shown
    assert '<button name="act"' not in shown


# Past employers


def upload(page: Client, text: str) -> Any:
    file = SimpleUploadedFile("past.csv", text.encode())
    return page.post(PATH, {"act": "employers", "file": file}, follow=True)


def test_past_employers_from_a_file(page: Client) -> None:
    member = factories.TeamMemberFactory(name="Priya Raman", email="priya@ours.example.com")
    text = "Member,Company,Domain,From,To\nPriya Raman,Acme,acme.com,2015,2019\n"
    text += "PRIYA@ours.example.com,Initech,,,\n"
    assert "2 lines read: 2 new, 0 known before." in text_of(upload(page, text))
    assert "2 lines read: 0 new, 2 known before." in text_of(upload(page, text))
    rows = PastEmployer.objects.order_by("pk").values_list("member", "company_name", "to_year")
    assert list(rows) == [(member.pk, "Acme", 2019), (member.pk, "Initech", None)]


def test_wrong_lines_are_named_and_nothing_is_stored(page: Client) -> None:
    factories.TeamMemberFactory(name="Priya Raman")
    answer = upload(
        page,
        "Member,Company,Domain,From,To\nPriya Raman,Acme,,2015,2019\nNobody,Acme,,,\n"
        "Priya Raman,,,,\nPriya Raman,Acme,no domain,,\nPriya Raman,Acme,,MMXV,\n"
        "Priya Raman,Acme,,2019,2015\n",
    )
    text = text_of(answer)
    assert answer.status_code == 422 and "5 of 6 lines are wrong. Nothing was stored." in text
    for line, says in (
        (3, "member: “Nobody” is no active team member."),
        (4, "company_name: This field cannot be blank."),
        (5, "domain: “no domain” is no domain of one company."),
        (6, "from: “MMXV” is no year."),
        (7, "to_year: It is before 2019."),
    ):
        assert f"Line {line}: {says}" in text
    assert not PastEmployer.objects.exists()


@pytest.mark.parametrize("text", ["", "Name,Firm\nx,y\n", "Member,Company\n"])
def test_a_file_of_something_else_is_refused(page: Client, text: str) -> None:
    assert upload(page, text).status_code == 422
    assert page.post(PATH, {"act": "employers"}).status_code == 422
    assert not PastEmployer.objects.exists()


# The count in the top bar


def test_count_stands_in_the_top_bar_for_a_lead(page: Client, client: Client, viewer: User) -> None:
    assert "Set-up:" not in page.get("/sales").content.decode()
    parts.count_done()
    row = SetUpCount.objects.get()
    assert row.parts == 12 and row.done < 12
    process_cache.clear()
    assert f"</span>{row.done} of 12<span" in page.get("/sales/leads").content.decode()
    client.force_login(viewer)
    assert "Set-up:" not in client.get("/sales/leads").content.decode()


def test_nothing_stands_there_when_all_are_done(page: Client) -> None:
    SetUpCount.objects.create(done=12, parts=12)
    assert "Set-up:" not in page.get("/sales/leads").content.decode()


def test_an_unknown_button_changes_nothing(act: Act) -> None:
    assert "Choose what to do. Nothing was changed." in text_of(act("drop", "ghl"))
    assert not SetUpChange.objects.exists()


def test_a_look_writes_nothing(page: Client) -> None:
    page.get(PATH)
    assert not SetUpCount.objects.exists() and not SetUpProof.objects.exists()
