"""Writing to a segment on the page: counted first, confirmed with a reason, then drafted."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from leads.models import Lead
from leads.suppression import suppression
from outreach.drafting import drafts, manual_queue
from outreach.models import Message, Segment, SegmentRequest
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]
PAGE = "/sales/segments"
WHY = "They came to the trade fair."


def known(tier: str = "tier_1", score: int = 50, **fields: Any) -> Lead:
    lead = factories.LeadFactory(tier=tier, score=score, **fields)
    factories.AssessmentFactory(lead=lead, tier=tier, intent=score)
    return lead


@pytest.fixture
def lena(client: Client, lead_user: User) -> User:
    client.force_login(lead_user)
    return lead_user


def ask(client: Client, **typed: Any) -> Any:
    return client.post(PAGE, {"group": "tier_1", "limit": "25", **typed})


def confirm(client: Client, reason: str = WHY) -> Any:
    row = SegmentRequest.objects.get()
    return client.post(f"{PAGE}/{row.public_id}/confirm", {"reason": reason})


def shown(client: Client) -> str:
    return client.get(f"{PAGE}/{SegmentRequest.objects.get().public_id}").content.decode()


def test_a_tier_is_counted_then_queued_as_critical(client: Client, lena: User) -> None:
    known(), known(), known(tier="tier_2")
    stopped = known()
    suppression.suppress(stopped.email, "manual", "test", stopped)

    assert ask(client).status_code == 303
    assert "Counting." in shown(client)
    manual_queue.work_off_requests()
    page = shown(client)
    assert "2 of 3 leads can be emailed." in page
    assert SegmentRequest.objects.get().left_out[0][0] == "suppressed"
    assert not Message.objects.exists()

    assert confirm(client).status_code == 303
    manual_queue.work_off_requests()
    drafts.write_drafts()

    assert set(Message.objects.values_list("critical_reason", flat=True)) == {
        "Queued by hand, with others."
    }
    segment = Segment.objects.get()
    assert (segment.what, segment.looked_at, segment.queued, segment.by) == ("tier_1", 3, 2, lena)
    page = shown(client)
    assert "2 of 2\nemails queued" in page and WHY in page


def test_a_pasted_list_is_read_by_address_and_profile(client: Client, lena: User) -> None:
    one, other = known(), known(email="ana@northline.example")
    lines = f"{one.email}\n\nhttps://www.linkedin.com/{other.linkedin_key}\n"
    assert ask(client, group="list", people=lines).status_code == 303
    manual_queue.work_off_requests()
    assert SegmentRequest.objects.get().lead_ids == [one.pk, other.pk]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"group": "list", "people": "nobody@nowhere.example"}, "Line 1: nobody here is"),
        ({"group": "list", "people": " \n"}, "List at least one person"),
        ({"group": "list", "people": "just words"}, "Line 1: neither an address"),
        ({"group": "everybody"}, "Who:"),
        ({"limit": "0"}, "Emails at most:"),
        ({"limit": "2001"}, "Emails at most:"),
    ],
)
def test_what_cannot_be_a_segment_is_refused(
    client: Client, lena: User, typed: dict[str, str], said: str
) -> None:
    answer = ask(client, **typed)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not SegmentRequest.objects.exists()


def test_a_list_with_a_wrong_line_is_kept_as_typed(client: Client, lena: User) -> None:
    text = "nobody@nowhere.example"
    page = ask(client, group="list", people=text).content.decode()
    assert f"{text}</textarea>" in page


def test_without_a_reason_nothing_is_queued(client: Client, lena: User) -> None:
    known()
    ask(client)
    manual_queue.work_off_requests()
    assert confirm(client, " ").status_code == 422
    manual_queue.work_off_requests()
    assert not Message.objects.exists() and not Segment.objects.exists()


def test_it_is_not_queued_before_it_is_counted(client: Client, lena: User) -> None:
    known()
    ask(client)
    confirm(client)
    assert SegmentRequest.objects.get().state == "counting"


def test_confirming_twice_queues_once(client: Client, lena: User) -> None:
    known()
    ask(client)
    manual_queue.work_off_requests()
    confirm(client)
    manual_queue.work_off_requests()
    confirm(client, "Once more.")
    manual_queue.work_off_requests()
    assert Segment.objects.count() == 1 and Message.objects.count() == 1


def test_nobody_is_queued_who_was_stopped_meanwhile(client: Client, lena: User) -> None:
    lead, _ = known(), known()
    ask(client)
    manual_queue.work_off_requests()
    suppression.suppress(lead.email, "manual", "test", lead)
    confirm(client)
    manual_queue.work_off_requests()
    assert Message.objects.filter(lead=lead).count() == 0
    assert "The others were emailed or stopped" in shown(client)


@pytest.mark.parametrize("role", ["viewer", "reviewer"])
def test_only_leads_write_to_a_segment(
    client: Client, role: str, request: pytest.FixtureRequest, lead_user: User
) -> None:
    row = manual_queue.request_segment("tier_1", 5, lead_user)
    manual_queue.work_off_requests()
    client.force_login(request.getfixturevalue(role))
    assert ask(client).status_code == 403
    assert confirm(client).status_code == 403
    row.refresh_from_db()
    assert (row.state, SegmentRequest.objects.count()) == ("counted", 1)


class TestRestarts:
    def test_a_request_that_was_begun_is_taken_up_again(
        self, client: Client, lena: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        known()
        ask(client)
        with monkeypatch.context() as patch:
            patch.setattr(manual_queue, "select_tier", _die)
            with pytest.raises(KeyboardInterrupt):
                manual_queue.work_off_requests()
        assert manual_queue.work_off_requests() == 0  # it is leased
        SegmentRequest.objects.update(lease_until=None)
        assert manual_queue.work_off_requests() == 1
        assert SegmentRequest.objects.get().state == "counted"

    def test_it_is_queued_whole_or_not_at_all(
        self, client: Client, lena: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        known(), known()
        ask(client)
        manual_queue.work_off_requests()
        confirm(client)
        with monkeypatch.context() as patch:
            patch.setattr(manual_queue, "queue_selection", _queue_and_die)
            with pytest.raises(KeyboardInterrupt):
                manual_queue.work_off_requests()
        assert not Message.objects.exists()
        SegmentRequest.objects.update(lease_until=None)
        manual_queue.work_off_requests()
        assert Message.objects.count() == 2 and Segment.objects.count() == 1

    def test_after_three_tries_it_has_failed(self, client: Client, lena: User) -> None:
        known()
        ask(client)
        SegmentRequest.objects.update(attempts=3)
        manual_queue.work_off_requests()
        assert "This did not work after three tries." in shown(client)


queue_for_real = manual_queue.queue_selection


def _die(*_: Any) -> None:
    raise KeyboardInterrupt


def _queue_and_die(*args: Any) -> None:
    queue_for_real(*args)
    raise KeyboardInterrupt
