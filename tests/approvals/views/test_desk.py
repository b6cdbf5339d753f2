"""The queue and the desk by Django's client: who may, what changes, what is refused and what is
kept.
"""

import html
import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from approvals.decisions import claims
from approvals.desk import reading_proof
from approvals.models import Claim, Decision, Reading
from caio_project.lib.models import PersonalSettings
from leads.models import Company, Lead
from outreach.choices import Phase, Status
from outreach.control import phase
from outreach.models import Message, MessageText, MoveReason
from outreach.review import review_actions
from tests import factories
from tests.conftest import person

REASON = "She joined in April, not in May."
pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client, reviewer: User) -> Client:
    client.force_login(reviewer)
    return client


@pytest.fixture
def sam() -> User:
    return person("sam", "Reviewer")


def url(message: Message, what: str = "") -> str:
    return f"/sales/queue/{message.public_id}{'/' + what if what else ''}"


def proof_of(client: Client, message: Message, *, seconds: float = 60) -> str:
    """What the page of this person holds after so many seconds."""
    user = User.objects.get(pk=client.session["_auth_user_id"])
    return reading_proof.sign_proof(message, user, at=time.time() - seconds)


def read(client: Client, message: Message, version: int = 1, *, seconds: float = 60) -> Any:
    """As the desk does once the end of the text was on the screen."""
    shown = proof_of(client, message, seconds=seconds)
    return client.post(url(message, "read"), {"version": version, "shown": shown, "end": "1"})


def approve(client: Client, message: Message, **more: Any) -> Any:
    """Approve as the desk does, after a minute of reading."""
    proof = proof_of(client, message)
    return client.post(
        url(message, "approve"), {"version": message.version, "shown": proof, **more}
    )


def reject(client: Client, message: Message, **more: Any) -> Any:
    return client.post(
        url(message, "reject"),
        {"version": message.version, "tag": "weak_subject", "reason": REASON, **more},
    )


def body(response: Any) -> str:
    return html.unescape(" ".join(response.content.decode().split()))


# Who may


@pytest.mark.parametrize("path", ["", "/queue", "/sent", "/notices", "/phase"])
def test_pages_ask_for_a_login(client: Client, path: str) -> None:
    response = client.get(f"/sales{path}")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=/sales")


@pytest.mark.parametrize(
    "what", ["approve", "reject", "edit", "undo", "skip", "read", "withdraw", "settle"]
)
def test_a_viewer_decides_nothing(client: Client, viewer: User, what: str) -> None:
    message = factories.held_email()
    client.force_login(viewer)
    response = client.post(url(message, what), {"version": 1, "tag": "other", "reason": REASON})
    assert response.status_code == 403
    assert "You can read. Ask a Lead for the reviewer role to decide." in body(response)
    message.refresh_from_db()
    assert (message.status, Decision.objects.count(), Claim.objects.count()) == (Status.HELD, 0, 0)


def test_a_viewer_sees_the_sentence_and_no_buttons(client: Client, viewer: User) -> None:
    message = factories.held_email()
    client.force_login(viewer)
    page = body(client.get(url(message)))
    assert "You can read. Ask a Lead for the reviewer role to decide." in page
    assert "/approve" not in page and "/reject" not in page


def test_a_viewer_does_not_decide_in_batches(client: Client, viewer: User) -> None:
    message = factories.held_email()
    client.force_login(viewer)
    assert (
        client.post(
            "/sales/queue/batch", {"action": "approve", "selected": f"{message.public_id}.1"}
        ).status_code
        == 403
    )
    assert client.post("/sales/queue/next").status_code == 403


def test_forms_need_their_token(reviewer: User) -> None:
    message = factories.held_email()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(reviewer)
    assert approve(strict, message).status_code == 403
    message.refresh_from_db()
    assert message.status == Status.HELD


# A GET changes nothing


@pytest.mark.parametrize(
    "what", ["", "approve", "reject", "edit", "undo", "skip", "read", "withdraw", "settle"]
)
def test_a_get_changes_nothing(desk: Client, what: str) -> None:
    message = factories.held_email()
    before = Message.objects.filter(pk=message.pk).values().get()
    moves = message.moves.count()
    assert desk.get(url(message, what)).status_code in (200, 302)
    assert Message.objects.filter(pk=message.pk).values().get() == before
    assert (message.moves.count(), Claim.objects.count(), Reading.objects.count()) == (moves, 0, 0)


def test_the_lists_change_nothing_either(desk: Client) -> None:
    message = factories.held_email()
    before = Message.objects.filter(pk=message.pk).values().get()
    for path in ("/sales", "/sales/queue", "/sales/sent", "/sales/notices", "/sales/phase"):
        assert desk.get(path).status_code == 200, path
    assert desk.get("/sales/queue/next").status_code == 405
    assert Message.objects.filter(pk=message.pk).values().get() == before


# Deciding


def test_approving_goes_to_the_next_email_with_an_undo(desk: Client) -> None:
    first, second = factories.held_email(), factories.held_email()
    response = approve(desk, first)
    assert (response.status_code, response["Location"]) == (303, url(second))
    first.refresh_from_db()
    assert first.status == Status.CLEARED
    page = body(desk.get(response["Location"]))
    assert f"Approved: {first.lead}." in page
    assert url(first, "undo") in page


@pytest.mark.parametrize(("decide", "said"), [(approve, "Approved: "), (reject, "Rejected: ")])
def test_who_has_chosen_so_stays_on_the_decided_email(
    desk: Client, reviewer: User, decide: Any, said: str
) -> None:
    first, second = factories.held_email(), factories.held_email()
    PersonalSettings.objects.create(user=reviewer, stays_on_decided=True)
    response = decide(desk, first)
    assert (response.status_code, response["Location"]) == (303, url(first))
    page = body(desk.get(url(first)))
    assert f"{said}{first.lead}." in page and url(first, "undo") in page
    assert desk.post(url(second, "skip"))["Location"] != url(second), "skipping goes on"


def test_undo_puts_it_back_and_shows_it(desk: Client) -> None:
    message = factories.held_email()
    approve(desk, message)
    response = desk.post(url(message, "undo"), {"version": message.version})
    assert (response.status_code, response["Location"]) == (303, url(message))
    message.refresh_from_db()
    assert message.status == Status.HELD
    assert "It waits for a decision again." in body(desk.get(url(message)))


def test_undo_takes_a_rejection_back_too(desk: Client, settings: Any) -> None:
    settings.UNDO_SECONDS = 30
    message = factories.held_email()
    page = body(desk.get(reject(desk, message)["Location"]))
    assert f"Rejected: {message.lead}. Weak subject. Undo ends" in page
    assert page.count(f"Rejected: {message.lead}") == 1
    response = desk.post(url(message, "undo"), {"version": 1})
    assert (response.status_code, response["Location"]) == (303, url(message))
    message.refresh_from_db()
    assert (message.status, message.version) == (Status.HELD, 2)
    assert Claim.objects.get().message == message


def test_an_undo_of_nothing_says_so(desk: Client) -> None:
    message = factories.held_email()
    for typed, status, said in (
        ({}, 422, "The form was incomplete. Nothing was undone."),
        ({"version": 1}, 409, "It was undone already and waits for a decision."),
    ):
        response = desk.post(url(message, "undo"), typed)
        assert response.status_code == status
        assert said in body(response)
    message.refresh_from_db()
    assert (message.status, message.version) == (Status.HELD, 1)


def test_undo_comes_too_late_once_it_left(desk: Client, reviewer: User) -> None:
    message = factories.held_email()
    approve(desk, message)
    Message.objects.filter(pk=message.pk).update(status=Status.SENT, sent_at=timezone.now())
    response = desk.post(url(message, "undo"), {"version": message.version})
    assert response.status_code == 409
    assert "Too late to undo: it was sent at" in body(response)
    message.refresh_from_db()
    assert message.status == Status.SENT


def test_rejecting_keeps_tag_and_reason(desk: Client) -> None:
    message = factories.held_email()
    assert reject(desk, message).status_code == 303
    message.refresh_from_db()
    decision = message.decisions.get()
    assert (message.status, decision.tag, decision.reason.text) == (
        Status.REJECTED,
        "weak_subject",
        REASON,
    )
    assert MoveReason.objects.get(move__message=message, move__to_status="rejected").text == REASON


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"reason": "too short"}, "11 more characters"),
        ({"reason": ""}, "20 characters or more"),
        ({"tag": ""}, "Choose why."),
        ({"tag": "ugly"}, "Select a valid choice"),
    ],
)
def test_a_reject_form_with_a_gap_keeps_what_was_typed(
    desk: Client, more: dict[str, str], said: str
) -> None:
    message = factories.held_email()
    response = reject(desk, message, **more)
    page = body(response)
    assert response.status_code == 422
    assert said in page
    assert {"reason": REASON, **more}["reason"] in page
    message.refresh_from_db()
    assert (message.status, Decision.objects.count()) == (Status.HELD, 0)


def test_an_email_changed_while_read_is_not_approved(desk: Client, sam: User) -> None:
    message = factories.held_email()
    shown, text = message.version, message.text
    assert text is not None
    review_actions.edit_text(message, 1, subject="Another subject here", body=text.body, by=sam)
    response = desk.post(url(message, "approve"), {"version": shown})
    page = body(response)
    assert response.status_code == 409
    assert "sam changed this email at" in page and "while you read it" in page
    assert "<ins>" in page and "<del>" in page
    message.refresh_from_db()
    assert (message.status, Decision.objects.count()) == (Status.HELD, 0)
    assert f'name="version" value="{message.version}"' in page


def test_a_reason_survives_an_email_that_changed(desk: Client, sam: User) -> None:
    message = factories.held_email()
    text = message.text
    assert text is not None
    review_actions.edit_text(message, 1, subject="Another subject here", body=text.body, by=sam)
    response = desk.post(
        url(message, "reject"), {"version": 1, "tag": "weak_subject", "reason": REASON}
    )
    page = body(response)
    assert response.status_code == 409
    assert REASON in page
    assert 'value="weak_subject"' in page.split("checked")[0].rpartition("<input")[2]
    message.refresh_from_db()
    assert message.status == Status.HELD


def test_the_second_of_two_deciders_is_told(desk: Client, sam: User) -> None:
    message = factories.held_email()
    other = Client()
    other.force_login(sam)
    reject(other, message)
    response = approve(desk, message)
    assert response.status_code == 409
    assert "sam rejected this email at" in body(response)
    assert Decision.objects.count() == 1


def test_what_somebody_else_has_on_the_desk_can_only_be_read(desk: Client, sam: User) -> None:
    message = factories.held_email()
    claims.claim_message(message, sam)
    page = body(desk.get(url(message)))
    assert "sam has this email until" in page
    assert url(message, "approve") not in page
    response = approve(desk, message)
    assert response.status_code == 409
    assert "sam has this email until" in body(response)
    message.refresh_from_db()
    assert message.status == Status.HELD


def test_a_blocked_email_says_why_and_has_no_approve(desk: Client) -> None:
    message = factories.held_email()
    text = message.text
    assert text is not None
    message = review_actions.edit_text(message, 1, subject="Re: hello", body=text.body, by=None)
    assert message.status == Status.BLOCKED
    page = body(desk.get(url(message)))
    assert (
        'aria-disabled="true"' in page
        and "Can't be approved: The subject pretends to be an answer." in page
    )
    response = desk.post(url(message, "approve"), {"version": message.version})
    assert response.status_code == 409
    message.refresh_from_db()
    assert message.status == Status.BLOCKED


def test_an_approval_without_a_version_is_refused(desk: Client) -> None:
    message = factories.held_email()
    assert desk.post(url(message, "approve")).status_code == 422
    message.refresh_from_db()
    assert message.status == Status.HELD


def test_what_a_visitor_typed_is_text(desk: Client) -> None:
    lead = factories.LeadFactory(last_name="<script>alert(1)</script>")
    message = factories.held_email(lead)
    for path in ("/sales", "/sales/queue", url(message)):
        page = desk.get(path).content.decode()
        assert "<script>alert" not in page, path


# Edit


def test_saving_shows_the_same_email_with_its_new_text(desk: Client) -> None:
    message = factories.held_email()
    text = message.text
    assert text is not None
    response = desk.post(
        url(message, "edit"), {"version": 1, "subject": "A calmer subject", "body": text.body}
    )
    assert (response.status_code, response["Location"]) == (303, url(message))
    page = body(desk.get(url(message)))
    assert "A calmer subject" in page and "Approve (edited)" in page and "Saved." in page


def has_read(message: Message, version: int) -> bool:
    return Reading.objects.filter(message=message, version=version).exists()


def test_saving_without_a_change_is_no_reading(desk: Client) -> None:
    message = factories.held_email()
    text = message.text
    assert text is not None
    same = {"version": 1, "subject": text.subject, "body": text.body}

    desk.post(url(message, "edit"), {**same, "shown": proof_of(desk, message)})
    batch = {"selected": f"{message.public_id}.1", "action": "approve"}
    desk.post("/sales/queue/batch", batch)

    assert not has_read(message, 1)
    assert Message.objects.get(pk=message.pk).status == Status.HELD


@pytest.mark.parametrize(
    ("seconds", "had_read", "is_read"), [(60, False, True), (2, False, False), (2, True, True)]
)
def test_a_saved_text_is_read_by_who_had_the_whole_email_before_them(
    desk: Client, seconds: float, had_read: bool, is_read: bool
) -> None:
    message = factories.held_email()
    assert message.text is not None
    if had_read:
        read(desk, message)
    form = {"version": 1, "subject": "A calmer subject", "body": message.text.body}

    desk.post(url(message, "edit"), {**form, "shown": proof_of(desk, message, seconds=seconds)})

    assert has_read(message, 2) is is_read
    assert Claim.objects.get().message == message


def test_comparing_keeps_the_time_on_the_screen(desk: Client) -> None:
    message = factories.held_email()
    proof = proof_of(desk, message)
    form = {"version": 1, "subject": "Calmer", "body": "Hi.", "shown": proof, "do": "compare"}
    assert f'name="shown" value="{proof}"' in body(desk.post(url(message, "edit"), form))


def test_saving_a_text_that_is_blocked_says_so_first(desk: Client) -> None:
    message = factories.held_email()
    assert message.text is not None
    typed = {"version": 1, "subject": "Re: hello", "body": message.text.body}
    desk.post(url(message, "edit"), typed)
    page = body(desk.get(url(message)))
    said = "Saved, but it can't be approved: The subject pretends to be an answer."
    assert said in page.replace("&#x27;", "'") and "word removed" not in page


def test_what_editing_cannot_clear_says_what_can(desk: Client) -> None:
    message = factories.held_email()
    row = {"guard": "country", "passed": False, "text": "DE is not in ALLOWED_COUNTRIES."}
    row["clear"] = "Reject it, or allow the country."
    Message.objects.filter(pk=message.pk).update(
        status="blocked", blocked_by="country", error=row["text"], guards=[row]
    )
    page = " ".join(body(desk.get(url(message))).split())
    told = page.partition('id="blocked"')[2].partition("</p>")[0]
    assert row["clear"] in told and "Edit it" not in told


def test_facts_name_their_source_and_day_as_people_do(desk: Client, clock: Any) -> None:
    message = factories.held_email()
    assert message.text is not None
    phrase = {"text": "Northline", "field": "company", "source": "rb2b, 2025-11-30"}
    MessageText.objects.filter(pk=message.text.pk).update(phrases=[phrase])
    page = " ".join(body(desk.get(url(message))).replace("\u00a0", " ").split())
    assert "company: RB2B, Nov 30, 2025" in page and "rb2b" not in page


def test_an_empty_filter_says_what_waits_in_all(desk: Client) -> None:
    factories.held_email()
    page = " ".join(body(desk.get("/sales/queue", {"show": "overdue"})).split())
    assert "None is overdue. 1 waits in all." in page


def test_comparing_saves_nothing(desk: Client) -> None:
    message = factories.held_email()
    response = desk.post(
        url(message, "edit"), {"version": 1, "subject": "Calmer", "body": "Hi.", "do": "compare"}
    )
    assert response.status_code == 200
    assert "removed" in body(response) and "<ins>" in body(response)
    message.refresh_from_db()
    assert message.version == 1


def test_an_edit_of_a_text_that_changed_keeps_both(desk: Client, sam: User) -> None:
    message = factories.held_email()
    text = message.text
    assert text is not None
    review_actions.edit_text(message, 1, subject="Sam's subject", body=text.body, by=sam)
    response = desk.post(
        url(message, "edit"), {"version": 1, "subject": "My subject", "body": text.body}
    )
    page = body(response)
    assert response.status_code == 409
    assert "sam saved another text at" in page and "Yours is still below and is not saved." in page
    assert 'value="My subject"' in page and "Save mine instead" in page
    message.refresh_from_db()
    assert message.version == 2
    assert (
        desk.post(
            url(message, "edit"), {"version": 2, "subject": "My subject", "body": text.body}
        ).status_code
        == 303
    )


@pytest.mark.parametrize("gone", ["subject", "body"])
def test_an_empty_edit_keeps_the_rest(desk: Client, gone: str) -> None:
    message = factories.held_email()
    typed = {"version": 1, "subject": "My subject", "body": "My text", gone: " "}
    response = desk.post(url(message, "edit"), typed)
    assert response.status_code == 422
    assert ("My text" if gone == "subject" else "My subject") in body(response)
    message.refresh_from_db()
    assert message.version == 1


# The words of each state


def test_in_shadow_the_buttons_and_the_answer_say_that_nothing_is_sent(
    desk: Client, lead_user: User
) -> None:
    phase.change_phase(Phase.SHADOW, by=lead_user, reason="A look first")
    message = factories.held_email()
    page = body(desk.get(url(message)))
    assert "Phase 1: Shadow. Nothing is sent. What you would do is recorded." in page
    assert "Would approve (shadow)" in page and "Would reject (shadow)" in page
    response = approve(desk, message)
    assert "Recorded: you would approve. Nothing is sent." in body(desk.get(response["Location"]))
    message.refresh_from_db()
    assert message.status == Status.WITHDRAWN


def test_while_halted_the_button_says_that_it_waits(desk: Client, lead_user: User) -> None:
    message = factories.held_email()
    phase.halt_sending(by=lead_user, reason="wrong footer")
    page = body(desk.get(url(message)))
    assert "Approve, hold while halted" in page
    assert (
        "by lena: wrong footer. You can go on; approved emails wait and are checked again" in page
    )
    assert page.count("data-banner=") == 1


def test_one_banner_and_the_rest_as_chips(desk: Client, lead_user: User) -> None:
    phase.change_phase(Phase.SHADOW, by=lead_user, reason="A look first")
    page = body(desk.get("/sales/queue"))
    assert page.count("data-banner=") == 1 and 'data-banner="shadow"' in page
    assert "Test mode: nothing is sent</span>" in page


# Reading, taking, skipping


def test_reading_takes_it_and_remembers_the_text(desk: Client, reviewer: User) -> None:
    message = factories.held_email()
    assert read(desk, message).status_code == 204
    message.refresh_from_db()
    assert message.opened_at is not None
    assert Reading.objects.filter(user=reviewer, message=message, version=1).exists()
    assert Claim.objects.get(message=message).user == reviewer


def test_what_was_shown_too_shortly_is_taken_not_read(desk: Client, reviewer: User) -> None:
    message = factories.held_email()
    assert read(desk, message, seconds=4).status_code == 204
    without_its_end = {"version": 1, "shown": proof_of(desk, message)}
    assert desk.post(url(message, "read"), without_its_end).status_code == 204
    assert (Claim.objects.get().user, Reading.objects.count()) == (reviewer, 0)
    assert "Approved 0." in body(batch(desk, "approve", message))
    message.refresh_from_db()
    assert message.status == Status.HELD


def test_a_second_for_every_eight_words_and_five_at_least() -> None:
    assert reading_proof.reading_seconds("word " * 10) == 5
    assert reading_proof.reading_seconds("word " * 120) == 15


def test_approving_before_it_can_be_read_is_refused(desk: Client) -> None:
    message = factories.held_email()
    text = message.text
    assert text is not None
    needed = reading_proof.reading_seconds(f"{text.subject} {text.body}")
    shown = proof_of(desk, message, seconds=needed - 1)
    response = approve(desk, message, shown=shown)
    assert response.status_code == 422
    assert "Not approved: read this version to the end first" in body(response)
    assert f'name="shown" value="{shown}"' in body(response)  # its time goes on
    message.refresh_from_db()
    assert (message.status, Decision.objects.count()) == (Status.HELD, 0)


def test_whoever_has_read_it_waits_no_second_time(desk: Client, reviewer: User) -> None:
    message = factories.held_email()
    claims.record_reading(message, reviewer)
    approve(desk, message, shown=proof_of(desk, message, seconds=2))
    message.refresh_from_db()
    assert message.status == Status.CLEARED


def test_going_on_gives_the_last_one_back(desk: Client, reviewer: User) -> None:
    first, second = factories.held_email(), factories.held_email()
    for message in (first, second):
        read(desk, message)
    assert list(Claim.objects.filter(user=reviewer).values_list("message", flat=True)) == [
        second.pk
    ]


def test_reading_an_old_text_is_no_reading(desk: Client, sam: User) -> None:
    message = factories.held_email()
    text = message.text
    assert text is not None
    review_actions.edit_text(message, 1, subject="Another subject", body=text.body, by=sam)
    response = read(desk, message)
    assert response.status_code == 409
    assert "sam changed this email at" in response.content.decode()
    assert Reading.objects.count() == 0


def test_the_desk_stays_in_filter_and_search(desk: Client) -> None:
    lead = factories.LeadFactory(first_name="Zelda")
    first, second = factories.held_email(lead), factories.held_email()
    Message.objects.filter(pk=second.pk).update(rank=first.rank)
    view = "?show=hot&search=Zelda"
    page = body(desk.get(url(first) + view))
    assert "1 of 1 HOT “Zelda”" in page
    assert f'action="{url(first, "approve")}{view}"' in page
    response = desk.post(
        url(first, "approve") + view, {"version": 1, "shown": proof_of(desk, first)}
    )
    assert response["Location"] == "/sales/queue" + view
    second.refresh_from_db()
    assert second.status == Status.HELD


def test_a_view_of_blocked_drafts_goes_through_them(desk: Client) -> None:
    blocked = []
    for _ in range(3):
        message = factories.held_email()
        body_ = message.text.body
        blocked.append(
            review_actions.edit_text(message, 1, subject="Re: hello", body=body_, by=None)
        )
    page = body(desk.get(url(blocked[1]) + "?show=blocked"))
    assert "2 of 3 Blocked" in page
    assert f'href="{url(blocked[2])}?show=blocked" data-key="j"' in page
    assert f'href="{url(blocked[0])}?show=blocked" data-key="k"' in page


def test_a_reason_used_before_fills_the_form_in(desk: Client) -> None:
    reject(desk, factories.held_email())
    message = factories.held_email()
    assert REASON in body(desk.get(url(message, "reject")))
    typed = {"version": 1, "tag": "weak_subject", "use": REASON}
    response = desk.post(url(message, "reject"), typed)
    assert response.status_code == 200
    page = body(response)
    assert f">{REASON}</textarea>" in page.replace("\n", "").replace("> ", ">")
    message.refresh_from_db()
    assert message.status == Status.HELD


def test_a_script_of_somebody_signed_out_gets_401(client: Client) -> None:
    message = factories.held_email()
    for what in ("approve", "reject", "edit", "undo", "skip", "read"):
        answer = client.post(url(message, what), {"version": 1}, headers={"HX-Request": "true"})
        assert (answer.status_code, answer.content) == (
            401,
            b"You are signed out. Nothing was changed.",
        )
    message.refresh_from_db()
    assert message.status == Status.HELD


def test_the_next_email_is_taken_and_shown(desk: Client, reviewer: User, sam: User) -> None:
    first, second = factories.held_email(), factories.held_email()
    claims.claim_message(first, sam)
    response = desk.post("/sales/queue/next")
    assert (response.status_code, response["Location"]) == (303, url(second))
    assert Claim.objects.get(message=second).user == reviewer


def test_a_skipped_email_comes_last_and_is_no_no(desk: Client) -> None:
    first, second = factories.held_email(), factories.held_email()
    assert desk.post(url(first, "skip"))["Location"] == url(second)
    assert desk.post("/sales/queue/next")["Location"] == url(second)
    assert approve(desk, second)["Location"] == url(first)
    assert Decision.objects.filter(message=first).count() == 0


def test_next_without_emails_says_so(desk: Client) -> None:
    response = desk.post("/sales/queue/next", follow=True)
    assert "No email waits for review." in body(response)


# Batch


def batch(client: Client, action: str, *messages: Message, **more: str) -> Any:
    selected = [f"{message.public_id}.{message.version}" for message in messages]
    return client.post(
        "/sales/queue/batch", {"action": action, "selected": selected, **more}, follow=True
    )


def test_a_batch_approves_only_what_this_person_has_read(
    desk: Client, reviewer: User, sam: User
) -> None:
    read, unread, critical, changed, taken = (factories.held_email() for _ in range(5))
    Message.objects.filter(pk=critical.pk).update(
        critical_reason="This person has answered before."
    )
    for message in (read, critical, changed):
        claims.record_reading(message, reviewer)
    claims.record_reading(unread, sam)
    text = changed.text
    assert text is not None
    review_actions.edit_text(
        Message.objects.get(pk=changed.pk), 1, subject="Another subject", body=text.body, by=sam
    )
    claims.claim_message(taken, sam)
    page = body(batch(desk, "approve", read, unread, critical, changed, taken))
    assert "Approved 1. Not approved 4." in page
    assert f"{unread.lead}: read this version to the end first" in page
    assert f"{critical.lead}: is CRITICAL and needs its own look" in page
    assert f"{changed.lead}: sam changed this email" in page
    assert f"{taken.lead}: sam has this email until" in page
    cleared = Message.objects.filter(status=Status.CLEARED)
    assert list(cleared) == [read]


def test_a_batch_takes_at_most_fifty(desk: Client, reviewer: User) -> None:
    factories.create_many_held(51)
    messages = list(Message.objects.all())
    for message in messages:
        claims.record_reading(message, reviewer)
    page = body(batch(desk, "approve", *messages))
    assert "At most 50 emails at once; 51 were selected. Nothing was decided." in page
    assert Decision.objects.count() == 0


def test_a_batch_of_rejections_asks_once_why(desk: Client) -> None:
    messages = [factories.held_email() for _ in range(3)]
    asked = batch(desk, "reject", *messages)
    assert asked.status_code == 200
    assert "What should be different?" in body(asked)
    assert Decision.objects.count() == 0
    refused = batch(desk, "reject", *messages, tag="other", reason="too short")
    assert refused.status_code == 422
    assert "too short" in body(refused)
    done = batch(desk, "reject", *messages, tag="other", reason=REASON)
    assert "Rejected 3." in body(done)
    assert Message.objects.filter(status=Status.REJECTED).count() == 3


# The list


@pytest.mark.parametrize("path", ["/sales/queue", "/sales/queue?show=hot", "/sales", "/sales/sent"])
def test_the_number_of_queries_does_not_grow(desk: Client, path: str) -> None:
    def counted(rows: int) -> int:
        for model in (MessageText, Message, Lead, Company):
            model.objects.all().delete()
        factories.create_many_held(rows)
        with CaptureQueriesContext(connection) as found:
            assert desk.get(path).status_code == 200
        return len(found)

    counted(5)
    assert counted(200) == counted(5) < 60


def test_pages_follow_each_other_without_gap_or_repeat(desk: Client) -> None:
    factories.create_many_held(120)
    # Many share one due time, as after an import, and scores differ.
    Message.objects.filter(rank=1).update(due_at=timezone.now() + timedelta(hours=1))
    for turn in range(4):
        some = [pk for pk in Message.objects.values_list("pk", flat=True) if pk % 5 == turn]
        Message.objects.filter(pk__in=some).update(queue_turn=20 * turn)
    seen: list[str] = []
    after = ""
    for _ in range(3):
        page = desk.get("/sales/queue", {"after": after}).context["page"]
        seen += [row.public_id for row in page.rows]
        after = page.next
    assert after == ""
    assert seen == list(
        Message.objects.order_by("rank", "queue_turn", "due_at", "pk").values_list(
            "public_id", flat=True
        )
    )


@pytest.mark.parametrize("cursor", ["x", "1_2", "9_1_9999999999999999999999_1", "a_b_c_d", "'; --"])
def test_a_cursor_that_is_not_ours_shows_the_first_page(desk: Client, cursor: str) -> None:
    factories.held_email()
    assert len(desk.get("/sales/queue", {"after": cursor}).context["page"].rows) == 1


def test_filters_count_and_show(desk: Client, reviewer: User) -> None:
    factories.create_many_held(6)
    Message.objects.update(due_at=timezone.now() + timedelta(hours=1))
    late = Message.objects.filter(rank=2).first()
    assert late is not None
    Message.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(minutes=3))
    claims.claim_message(late, reviewer)
    response = desk.get("/sales/queue", {"show": "overdue"})
    assert {chip.name: chip.count for chip in response.context["chips"]} == {
        "": 6, "overdue": 1, "hot": 2, "warm": 2, "low": 2, "mine": 1,
    }  # fmt: skip
    assert [row.pk for row in response.context["page"].rows] == [late.pk]


def test_search_finds_name_company_and_address(desk: Client) -> None:
    message = factories.held_email(factories.LeadFactory(last_name="Whitfieldson"))
    factories.held_email(factories.LeadFactory(first_name="Luis", last_name="Ortega"))
    found = desk.get("/sales/queue", {"search": "whitfieldson northline"}).context["page"].rows
    assert [row.pk for row in found] == [message.pk]
    assert "No waiting email matches" in body(desk.get("/sales/queue", {"search": "nobody at all"}))


def test_an_empty_queue_does_not_claim_to_be_caught_up(desk: Client) -> None:
    page = body(desk.get("/sales/queue"))
    assert "No email waits for review." in page and 'href="/sales"' in page
    assert "All caught up" not in page


@pytest.mark.parametrize("proof", ["", "x", None])
def test_what_was_not_shown_is_not_approved(desk: Client, proof: str | None) -> None:
    message = factories.held_email()
    response = approve(
        desk, message, shown=proof_of(desk, message, seconds=0) if proof is None else proof
    )
    assert response.status_code == 422
    assert "Not approved: read this version to the end first" in body(response)
    message.refresh_from_db()
    assert (message.status, Decision.objects.count()) == ("held", 0)


def test_a_reason_that_came_while_it_was_read_has_to_be_read_too(desk: Client) -> None:
    message = factories.held_email()
    proof = proof_of(desk, message)
    Message.objects.filter(pk=message.pk).update(
        critical_reason="GoHighLevel shows an open deal: Northline pilot."
    )
    response = approve(desk, message, shown=proof)
    assert response.status_code == 422
    assert "read this version to the end" in body(
        response
    ) and "an open deal: Northline pilot" in body(response)
    message.refresh_from_db()
    assert (message.status, Decision.objects.count()) == ("held", 0)
    approve(desk, message)
    message.refresh_from_db()
    assert message.status == "cleared"


@pytest.mark.parametrize(
    ("sandboxed", "said"),
    [
        ([], "Not checked at GoHighLevel yet."),
        (["ghl"], "GoHighLevel is in the sandbox: not checked."),
    ],
)
def test_the_desk_says_whether_gohighlevel_was_asked(
    desk: Client, settings: Any, sandboxed: list[str], said: str
) -> None:
    settings.SANDBOXED = sandboxed
    message = factories.held_email()
    assert said in body(desk.get(url(message)))
    message = review_actions.approve_email(message, 1, by=None)
    assert said not in body(desk.get(url(message)))


def test_the_proof_of_another_email_or_text_is_none(desk: Client, reviewer: User) -> None:
    message, other = factories.held_email(), factories.held_email()
    proof = proof_of(desk, other)
    assert approve(desk, message, shown=proof).status_code == 422
    message.refresh_from_db()
    assert message.status == "held"
