"""The pages of a Lead: steps, business calendar, order; the preview; what is refused."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from approvals.escalation import ladder_rows
from approvals.models import Absence, EscalationLadder, LadderStep
from leads.models import TeamMember
from outreach.choices import Band
from outreach.models import DayOff, TeamCalendar
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]
PAGE = "/sales/settings/escalation"
DAY = timedelta(days=1)


@pytest.fixture
def lead(client: Client, lead_user: User) -> Client:
    client.force_login(lead_user)
    return client


def said(response: Any) -> str:
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


def ladder_form(*steps: dict[str, Any], kept: int = 0, **more: Any) -> dict[str, Any]:
    """As the page posts it: the steps, and the empty one at the end."""
    usual = {"counts": "business", "who": "next", "person": "", "channel": "slack"}
    form: dict[str, Any] = {
        "band": "hot", "seen": "", "opened_extra_minutes": "10", "do": "save",
        "step-TOTAL_FORMS": len(steps) + 1, "step-INITIAL_FORMS": kept, **more,
    }  # fmt: skip
    for number, step in enumerate((*steps, {"after_minutes": ""})):
        for name, value in {**usual, **step}.items():
            form[f"step-{number}-{name}"] = value
    return form


def save(client: Client, *steps: dict[str, Any], **more: Any) -> Any:
    return client.post(f"{PAGE}/ladder", ladder_form(*steps, **more))


# The overview


def test_it_shows_who_is_told_and_who_is_on(client: Client, viewer: User) -> None:
    Absence.objects.create(
        member=factories.TeamMemberFactory(name="Sam", notice_order=2),
        until=timezone.now() + timedelta(days=1),
    )
    client.force_login(viewer)
    page = said(client.get(PAGE))
    for words in (
        "<b>Alex Moreno</b> is there",
        '<b>Sam</b>: <span class="error">this person is away and has no delegate</span>',
        "After 30 minutes of business time: next in order, by Slack",
        "As it came with the product",
        "Neither Slack nor email is connected",
        "Monday</dt><dd>08:00-18:00",
    ):
        assert words in page, words
    assert "Change the steps" not in page and "Change the order" not in page


def test_the_preview_is_what_the_sweep_would_do(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    page = said(client.get(PAGE, {"held": "2026-03-06T17:45"}))  # a Friday
    assert "Held <time" in page
    assert 'Mon <time datetime="2026-03-09T12:15:00+00:00">' in page


@pytest.mark.parametrize(
    "held", ["soon", "2026-99-99T99:99", "0001-01-01T00:00", "9999-12-31T23:59"]
)
def test_a_moment_that_is_none_is_no_error(client: Client, viewer: User, held: str) -> None:
    client.force_login(viewer)
    assert client.get(PAGE, {"held": held}).status_code == 200


def test_an_empty_team_is_said(client: Client, viewer: User) -> None:
    TeamMember.objects.update(notice_order=0)
    client.force_login(viewer)
    page = said(client.get(PAGE))
    assert "Nobody is in the order, so nobody is told" in page
    assert "nobody is in the order of people to tell" in page


# Steps


def test_a_lead_saves_steps(lead: Client, lead_user: User, sender: TeamMember) -> None:
    response = save(
        lead,
        {"after_minutes": "0", "channel": "email"},
        {"after_minutes": "120", "counts": "clock", "who": "person", "person": sender.pk},
        {"after_minutes": "240", "window_from": "07:00", "window_until": "22:00",
         "window_days": ["0", "5"]},
    )  # fmt: skip
    assert response.status_code == 303
    ladder = EscalationLadder.objects.get()
    assert (ladder.band, ladder.opened_extra_minutes, ladder.changed_by) == ("hot", 10, lead_user)
    assert list(ladder.steps.values_list("number", "after_minutes", "counts", "who")) == [
        (0, 0, "business", "next"),
        (1, 120, "clock", "person"),
        (2, 240, "business", "next"),
    ]
    last = ladder.steps.get(number=2)
    assert (last.window_days, last.window_from) == ("05", time(7))
    edit = said(lead.get(f"{PAGE}/ladder?band=hot"))
    assert 'name="step-2-window_from" value="07:00"' in edit
    assert 'value="5" id="id_step-2-window_days_5" checked' in edit


def test_a_step_is_removed_and_the_rest_keep_their_order(lead: Client) -> None:
    response = save(lead, {"after_minutes": "0", "DELETE": "on"}, {"after_minutes": "45"}, kept=2)
    assert response.status_code == 303
    assert list(LadderStep.objects.values_list("number", "after_minutes")) == [(0, 45)]


def test_a_band_without_steps_tells_nobody(lead: Client) -> None:
    save(lead, band="warm")
    assert ladder_rows.load_plan().ladders[Band.WARM].steps == ()


def test_the_preview_of_typed_steps_saves_nothing(lead: Client) -> None:
    page = said(save(lead, {"after_minutes": "7", "counts": "clock"}, do="preview"))
    assert "With these steps, in the coming week" in page and "Not saved yet." in page
    assert 'value="7"' in page
    assert not EscalationLadder.objects.exists()


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"after_minutes": "x"}, "Step 1: After minutes: write a whole number"),
        ({"after_minutes": "-1"}, "Step 1: Ensure this value is greater"),
        ({"after_minutes": "99999999"}, "Step 1: Ensure this value is less"),
        ({"after_minutes": "", "counts": "clock"}, "Step 1: After minutes: write a number"),
        ({"after_minutes": "5", "who": "person"}, "Step 1: Person: choose who is told"),
        ({"after_minutes": "5", "person": "999999"}, "Step 1: Select a valid choice"),
        ({"after_minutes": "5", "who": "boss"}, "Step 1: Select a valid choice"),
        ({"after_minutes": "5", "channel": "fax"}, "Step 1: Select a valid choice"),
        (
            {"after_minutes": "5", "window_from": "10:00", "window_until": "09:00"},
            "Step 1: Not after: it must be later",
        ),
        ({"after_minutes": "5", "window_days": ["9"]}, "Step 1: Select a valid choice"),
    ],
)
def test_a_wrong_step_is_named_and_nothing_is_saved(
    lead: Client, step: dict[str, Any], words: str
) -> None:
    response = save(lead, step)
    assert response.status_code == 422
    assert words in said(response)
    assert not EscalationLadder.objects.exists()


def test_too_many_steps_are_refused(lead: Client) -> None:
    response = save(lead, *[{"after_minutes": str(n)} for n in range(12)])
    assert response.status_code == 422 and not EscalationLadder.objects.exists()


def test_a_form_without_its_parts_is_refused(lead: Client) -> None:
    response = lead.post(f"{PAGE}/ladder", {"band": "hot"})
    assert response.status_code == 422 and not EscalationLadder.objects.exists()


def test_what_somebody_saved_meanwhile_is_not_overwritten(lead: Client) -> None:
    save(lead, {"after_minutes": "10"})
    response = save(lead, {"after_minutes": "20"})
    assert response.status_code == 409
    assert "Somebody saved another version meanwhile" in said(response)
    assert 'value="20"' in said(response)
    assert LadderStep.objects.get().after_minutes == 10


@pytest.mark.parametrize("path", ["ladder", "calendar", "order"])
def test_a_reviewer_changes_nothing(client: Client, reviewer: User, path: str) -> None:
    client.force_login(reviewer)
    assert client.post(f"{PAGE}/{path}", ladder_form({"after_minutes": "1"})).status_code == 403
    assert not EscalationLadder.objects.exists() and not TeamCalendar.objects.exists()


# The calendar

HOURS = {f"day_{n}": "09:00-17:00" if n < 5 else "" for n in range(7)}


def test_a_lead_saves_the_calendar(lead: Client, lead_user: User) -> None:
    typed = {**HOURS, "lunch": "12:00 - 13:00", "time_zone": "America/Chicago", "country": "us",
             "days_off": "2026-12-24 Christmas Eve\n\n2026-12-31"}  # fmt: skip
    assert lead.post(f"{PAGE}/calendar", typed).status_code == 303
    row = TeamCalendar.objects.get()
    assert (row.lunch, row.country, row.changed_by) == ("12:00-13:00", "US", lead_user)
    assert not row.keeps_public_holidays
    assert DayOff.objects.get(day=date(2026, 12, 24)).name == "Christmas Eve"
    page = said(lead.get(PAGE))
    assert "09:00-12:00, 13:00-17:00" in page and "Dec 24, 2026 (Christmas Eve)" in page
    edit = said(lead.get(f"{PAGE}/calendar"))
    assert 'value="09:00-17:00"' in edit and "2026-12-24 Christmas Eve" in edit
    response = lead.post(f"{PAGE}/calendar", {**typed, "lunch": ""})
    assert response.status_code == 409 and TeamCalendar.objects.get().lunch == "12:00-13:00"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"day_0": "nine to five"}, "Write it as 08:00-18:00"),
        ({"day_0": "18:00-08:00"}, "Write it as 08:00-18:00"),
        ({"lunch": "12:00"}, "Write it as 08:00-18:00"),
        ({"time_zone": "Mars/Olympus"}, "Time zone: “Mars/Olympus” is not known"),
        ({"country": "XX"}, "Country: no holidays are known of “XX”"),
        ({"days_off": "2026-12-24\nChristmas"}, "Days off, line 2: “Christmas” is no day"),
        (
            {"days_off": "\n".join(str(date(2026, 1, 1) + n * DAY) for n in range(201))},
            "Days off: at most 200.",
        ),
        ({f"day_{n}": "" for n in range(5)}, "at least one day needs working hours"),
    ],
)
def test_a_wrong_calendar_is_named_and_nothing_is_saved(
    lead: Client, typed: dict[str, str], words: str
) -> None:
    response = lead.post(f"{PAGE}/calendar", {**HOURS, **typed})
    assert response.status_code == 422
    assert words in said(response)
    assert not TeamCalendar.objects.exists() and not DayOff.objects.exists()


# The order


def test_a_lead_saves_the_order(lead: Client, sender: TeamMember) -> None:
    sam = factories.TeamMemberFactory(name="Sam")
    order = {f"order_{sender.pk}": "2", f"order_{sam.pk}": "1"}
    assert lead.post(f"{PAGE}/order", order).status_code == 303
    assert [one.name for one in ladder_rows.load_plan().people.in_order()] == ["Sam", "Alex Moreno"]


@pytest.mark.parametrize("typed", ["-1", "first", "100", "9" * 5000, "1"])
def test_a_wrong_order_is_refused_and_kept_on_the_page(
    lead: Client, sender: TeamMember, typed: str
) -> None:
    sam = factories.TeamMemberFactory(name="Sam")
    order = {f"order_{sender.pk}": "1", f"order_{sam.pk}": typed}
    response = lead.post(f"{PAGE}/order", order)
    assert response.status_code == 422
    assert "The order was not saved." in said(response)
    sam.refresh_from_db()
    assert sam.notice_order == 0
