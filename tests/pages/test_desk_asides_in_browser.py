"""What stands beside the decision: a shorter text, snooze, notes, find. By key, and for axe."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from approvals.decisions import claims
from approvals.models import Note, Notice
from outreach.drafting.language_model import rewrite
from outreach.models import Message, ModelDraft
from tests import factories
from tests.fakes.language_model import FakeLanguageModel, shorter
from tests.pages.rules_of_axe import FOUR_STATES, show, violations
from tests.pages.test_desk_in_browser import held, open_desk, seeded

pytestmark = [pytest.mark.browser]


def axe_finds_nothing(page: Page) -> None:
    """Wide and narrow, light and dark, as the page stands."""
    for state, rules in FOUR_STATES:
        show(page, state)
        assert violations(page, rules) == [], state
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, state


def test_h_asks_for_a_shorter_text_which_replaces_the_page(
    page: Page, sam: User, model: FakeLanguageModel
) -> None:
    seeded()
    lead = factories.LeadFactory(company=factories.CompanyFactory())
    message = factories.held_email(lead, topic="what we build")
    ModelDraft.objects.all().delete()
    model.answer = shorter
    open_desk(page, message)
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("A shorter text")
    page.keyboard.press("Escape")

    page.keyboard.press("h")
    expect(page.locator("#shorter")).to_contain_text("is writing a shorter text")
    axe_finds_nothing(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    assert rewrite.ask_due_requests() == 1

    expect(page.locator("aside")).to_contain_text("Shortened by test-model", timeout=15_000)
    current = Message.objects.get(pk=message.pk)
    assert current.version == 2 and current.text
    expect(page.locator("article")).to_contain_text(current.text.body.split("\n\n")[-1])
    page.keyboard.press("a")
    page.wait_for_timeout(300)
    assert Message.objects.get(pk=message.pk).status == "held"
    assert not claims.has_read(current, sam, 2)


def test_a_refused_answer_is_said_and_h_asks_again(page: Page, model: FakeLanguageModel) -> None:
    seeded()
    message = factories.held_email(topic="what we build")
    ModelDraft.objects.all().delete()
    model.answer = lambda question: "Sure!"
    open_desk(page, message)
    page.keyboard.press("h")
    expect(page.locator("#shorter")).to_contain_text("is writing a shorter text")
    rewrite.ask_due_requests()
    expect(page.locator("#shorter-refused")).to_contain_text("no JSON", timeout=15_000)
    axe_finds_nothing(page)
    model.answer = shorter
    page.keyboard.press("h")
    expect(page.locator("#shorter")).to_contain_text("is writing a shorter text")
    rewrite.ask_due_requests()
    expect(page.locator("aside")).to_contain_text("Shortened by test-model", timeout=15_000)


def test_snooze_by_keyboard(page: Page) -> None:
    [message, other] = held(2)
    open_desk(page, message)
    page.locator(".snooze summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#id_day")).to_be_visible()
    axe_finds_nothing(page)
    page.keyboard.press("Escape")
    expect(page.locator("#id_day")).to_be_hidden()
    page.keyboard.press("Enter")
    day = timezone.localdate() + timedelta(days=3)
    page.locator("#id_day").fill(day.isoformat())
    page.get_by_role("button", name="Snooze until that day").click()
    expect(page.locator("h1")).to_contain_text(str(other.lead))
    message.refresh_from_db()
    assert message.snoozed_until is not None and message.status == "held"


def test_a_day_in_the_past_is_said_in_place(page: Page) -> None:
    [message] = held()
    open_desk(page, message)
    page.locator(".snooze summary").click()
    page.locator("#id_day").fill((timezone.localdate() - timedelta(days=1)).isoformat())
    page.get_by_role("button", name="Snooze until that day").click()
    expect(page.locator("#page")).to_contain_text("Choose a day after today")
    axe_finds_nothing(page)
    message.refresh_from_db()
    assert message.snoozed_until is None


def test_a_note_tells_a_colleague_and_letters_stay_letters(page: Page) -> None:
    [message] = held()
    lena = factories.TeamMemberFactory(name="Lena Brandt", active=True)
    open_desk(page, message)
    page.locator(".notes summary").click()
    page.locator("#id_note").focus()
    page.keyboard.type("@Lena are these ours? az")
    axe_finds_nothing(page)
    page.get_by_role("button", name="Save the note").click()
    expect(page.locator(".notes")).to_contain_text("@Lena are these ours? az")
    assert Note.objects.get().message == message
    assert Notice.objects.get().to == lena
    message.refresh_from_db()
    assert message.status == "held"


def test_a_note_to_nobody_keeps_what_was_typed(page: Page) -> None:
    [message] = held()
    open_desk(page, message)
    page.locator(".notes summary").click()
    page.locator("#id_note").fill("@Nobody look at this")
    page.get_by_role("button", name="Save the note").click()
    expect(page.locator("#id_note_error")).to_contain_text("Nobody on the team is called")
    expect(page.locator("#id_note")).to_have_value("@Nobody look at this")
    axe_finds_nothing(page)
    assert not Note.objects.exists()


def test_find_opens_over_any_page_and_its_list_passes_axe(page: Page) -> None:
    [message] = held()
    page.goto("/sales/queue")
    page.keyboard.press("Control+k")
    box = page.locator("#find-box")
    expect(box).to_be_focused()
    page.keyboard.type(message.lead.last_name)
    expect(page.locator("#find .found li").first).to_be_visible()
    axe_finds_nothing(page)
    box.fill("zzzzqq")
    expect(page.locator("#find [role=status]")).not_to_be_empty()
    axe_finds_nothing(page)
    page.keyboard.press("Escape")
    expect(page.locator("#find")).to_be_hidden(timeout=5_000)
