"""What people do with keys, fingers and eyes, in a real browser."""

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from approvals.decisions import claims, decisions
from approvals.decisions.decisions import Decider
from approvals.desk import reading_proof
from approvals.models import Claim, Decision, Reading
from leads.models import field_source
from outreach.choices import Status, Tag
from outreach.models import Message
from outreach.review import review_actions
from tests import factories
from tests.conftest import person
from tests.pages.rules_of_axe import COLOURS, violations

pytestmark = [pytest.mark.browser]
DEAF = 1100  # ms; A, E and R are deaf for 1000 after a new email


def seeded() -> None:
    """A flush took the templates away with everything else."""
    from outreach.email_templates import seeding

    seeding.seed_after_migration()


def held(count: int = 1) -> list[Message]:
    seeded()
    made = []
    for n in range(count):
        company = factories.CompanyFactory(
            sources={"name": field_source("rb2b"), "industry": field_source("clay")}
        )
        sources = {"first_name": field_source("rb2b"), "title": field_source("rb2b")}
        made.append(factories.held_email(factories.LeadFactory(company=company, sources=sources)))
        Message.objects.filter(pk=made[n].pk).update(
            due_at=timezone.now() + timedelta(minutes=60 + n)
        )
    return made


def open_desk(page: Page, message: Message) -> None:
    page.goto(f"/sales/queue/{message.public_id}")
    page.wait_for_timeout(DEAF)


def with_its_clock_in_hand(page: Page) -> None:
    """The page's clock stands still, but for `page.clock.run_for`: no slow machine makes a moment
    long.
    """
    page.clock.install(time=timezone.now())
    page.clock.pause_at(timezone.now() + timedelta(seconds=60))


def status(message: Message) -> str:
    message.refresh_from_db()
    return message.status


def test_a_approves_once_goes_on_and_z_takes_it_back(page: Page) -> None:
    first, second = held(2)
    open_desk(page, first)
    page.keyboard.press("a")
    expect(page.locator("h1")).to_contain_text(str(second.lead))
    expect(page.locator("h1")).to_be_focused()
    expect(page.locator("[data-undo]")).to_contain_text(f"Approved: {first.lead}.")
    expect(page.locator("#status")).to_contain_text(f"Approved: {first.lead}.")
    assert page.url.endswith(f"/sales/queue/{second.public_id}")
    assert status(first) == Status.CLEARED
    page.keyboard.press("z")
    expect(page.locator("h1")).to_contain_text(str(first.lead))
    assert (status(first), status(second)) == (Status.HELD, Status.HELD)


def test_keys_are_deaf_just_after_a_new_email(page: Page) -> None:
    first, second = held(2)
    with_its_clock_in_hand(page)
    open_desk(page, first)  # the server has its own clock for how long an email was on the screen
    page.clock.run_for(DEAF)
    page.keyboard.press("a")
    expect(page.locator("h1")).to_contain_text(str(second.lead))
    page.clock.run_for(900)
    page.keyboard.press("a")
    page.wait_for_timeout(200)
    assert (status(first), status(second)) == (Status.CLEARED, Status.HELD)
    page.clock.run_for(DEAF - 900)
    page.wait_for_timeout(DEAF)
    page.keyboard.press("a")
    page.wait_for_url("**/sales/queue")
    assert status(second) == Status.CLEARED


def test_a_held_down_key_decides_nothing(page: Page) -> None:
    message = held()[0]
    open_desk(page, message)
    page.evaluate(
        "document.body.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'a', repeat: true, bubbles: true}))"
    )
    for more in ("ctrlKey", "metaKey", "altKey"):
        page.evaluate(
            "document.body.dispatchEvent("
            f"new KeyboardEvent('keydown', {{key: 'a', {more}: true, bubbles: true}}))"
        )
    page.wait_for_timeout(200)
    assert status(message) == Status.HELD


def test_the_first_a_goes_to_the_end_of_a_long_email(page: Page, sam: User) -> None:
    message = held()[0]
    text = message.text
    assert text is not None
    long = text.body + "\n\n" + "\n\n".join(f"Paragraph {n} of a long email." for n in range(40))
    message = review_actions.edit_text(message, 1, subject=text.subject, body=long, by=sam)
    open_desk(page, message)
    page.keyboard.press("a")
    expect(page.locator("#told")).to_have_text("Read to the end, then press A again.")
    assert status(message) == Status.HELD
    expect(page.locator("[data-end]")).to_be_in_viewport()
    for _ in range(3):
        page.wait_for_timeout(300)
        page.keyboard.press("a")  # the key that scrolled does not approve a moment later
    assert status(message) == Status.HELD
    page.wait_for_timeout(DEAF)
    page.keyboard.press("a")
    page.wait_for_url("**/sales/queue")
    assert status(message) == Status.CLEARED


def test_rejecting_takes_a_digit_and_a_reason(page: Page) -> None:
    message = held()[0]
    open_desk(page, message)
    page.keyboard.press("r")
    page.wait_for_url("**/reject")
    expect(page.locator("[name=tag]").first).to_be_focused()
    page.keyboard.press("3")
    expect(page.locator("#id_reason")).to_be_focused()
    page.keyboard.type("A short 1")
    expect(page.locator("#id_reason")).to_have_value("A short 1")
    expect(page.locator("#least")).to_have_text("11 more characters.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".errors")).to_be_visible()
    expect(page.locator("#id_reason")).to_be_focused()
    assert status(message) == Status.HELD
    page.keyboard.press("Escape")
    expect(page.locator("[name=tag]").nth(2)).to_be_focused()
    page.keyboard.press("-")
    page.keyboard.press("End")
    page.keyboard.type(": she joined in April, not in May.")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/sales/queue")
    assert status(message) == Status.REJECTED
    decision = Decision.objects.get()
    assert (decision.tag, decision.reason.text) == (
        Tag.values[10],
        "A short 1: she joined in April, not in May.",
    )


def test_what_is_typed_before_the_form_is_there_is_not_lost(page: Page) -> None:
    [message] = held()
    open_desk(page, message)
    page.route("**/reject*", lambda route: (page.wait_for_timeout(700), route.continue_())[1])
    page.keyboard.press("r")
    page.keyboard.type("3not a fit")
    expect(page.locator("#id_reason")).to_have_value("not a fit")
    expect(page.locator("#id_reason")).to_be_focused()
    page.keyboard.type(" for what we sell")
    assert page.locator("[name=tag]").nth(2).is_checked()
    page.keyboard.press("Control+Enter")
    expect(page.locator("form[data-reject]")).to_have_count(0)
    assert status(message) == "rejected"
    reason = Decision.objects.get(message=message).reason.text
    assert reason == "not a fit for what we sell"


def test_esc_before_the_form_is_there_forgets_the_digit(page: Page) -> None:
    [message] = held()
    open_desk(page, message)
    page.route("**/reject*", lambda route: (page.wait_for_timeout(700), route.continue_())[1])
    page.keyboard.press("r")
    page.keyboard.press("3")
    page.keyboard.press("Escape")
    expect(page.locator("form[data-reject]")).to_be_visible()
    page.wait_for_timeout(100)
    assert page.locator("[name=tag]:checked").count() == 0
    assert status(message) == "held"


def test_each_digit_chooses_its_tag(page: Page) -> None:
    message = held()[0]
    page.goto(f"/sales/queue/{message.public_id}/reject")
    for digit, tag in zip("1234567890-", Tag.values, strict=True):
        page.keyboard.press(digit)
        expect(page.locator(f"[name=tag][value={tag}]")).to_be_checked()
        page.keyboard.press("Escape")


def test_what_was_written_before_is_offered(page: Page, sam: User) -> None:
    first, second = held(2)
    reason = "It reads like a newsletter to me."
    decisions.reject(first, 1, Decider(sam, "desk"), tag="weak_subject", reason=reason)
    page.goto(f"/sales/queue/{second.public_id}/reject")
    page.keyboard.press("2")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#id_reason")).to_have_value(reason)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/sales/queue")
    assert status(second) == Status.REJECTED


def test_z_takes_back_the_last_rejection_not_an_approval(page: Page) -> None:
    first, second, third = held(3)
    open_desk(page, first)
    page.keyboard.press("a")
    expect(page.locator("h1")).to_contain_text(str(second.lead))
    page.wait_for_timeout(DEAF)
    page.keyboard.press("r")
    expect(page.locator("[name=tag]").first).to_be_focused()
    page.keyboard.press("1")
    page.keyboard.type("The first line is about us.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).to_contain_text(str(third.lead))
    expect(page.locator("[data-undo]")).to_contain_text(f"Rejected: {second.lead}.")
    page.keyboard.press("z")
    expect(page.locator("h1")).to_contain_text(str(second.lead))
    assert (status(first), status(second)) == (Status.CLEARED, Status.HELD)
    page.keyboard.press("z")
    expect(page.locator("h1")).to_contain_text(str(first.lead))
    assert (status(first), status(second)) == (Status.HELD, Status.HELD)


def test_unsaved_changes_hold_back_the_approval(page: Page) -> None:
    message = held()[0]
    open_desk(page, message)
    page.keyboard.press("e")
    page.locator("#id_body").fill("Another text, not saved.")
    page.keyboard.press("Escape")
    expect(page.locator("#unsaved")).to_be_visible()
    page.wait_for_timeout(DEAF)
    page.keyboard.press("a")
    expect(page.locator("#told")).to_have_text(
        "You have unsaved changes: save or discard them first."
    )
    assert status(message) == Status.HELD
    page.get_by_role("link", name="Open them").click()
    expect(page.locator("#id_body")).to_have_value("Another text, not saved.")
    page.keyboard.press("Escape")
    page.locator("[data-discard]").click()
    page.wait_for_timeout(DEAF)
    page.keyboard.press("a")
    page.wait_for_url("**/sales/queue")
    assert status(message) == Status.CLEARED


def test_typed_over_a_colleagues_change_is_not_saved(page: Page, sam: User) -> None:
    message = held()[0]
    page.goto(f"/sales/queue/{message.public_id}/edit")
    page.locator("#id_body").fill("Mine.")
    page.keyboard.press("Escape")
    expect(page.locator("#unsaved")).to_be_visible()
    lena = person("lena", "Reviewer")
    review_actions.edit_text(message, 1, subject="Hers, for now", body="Hers.", by=lena)
    page.get_by_role("link", name="Open them").click()
    page.get_by_role("button", name="Save changes").click()
    expect(page.locator(".notice.warn").first).to_contain_text("lena saved another text")
    expect(page.locator("#id_body")).to_have_value("Mine.")
    message.refresh_from_db()
    assert (message.version, message.text.body if message.text else "") == (2, "Hers.")


def test_reading_takes_its_time(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_proof, "LEAST_SECONDS", 4.0)
    message = held()[0]
    open_desk(page, message)
    page.keyboard.press("a")
    expect(page.locator("#told")).to_contain_text("Read it first: A works in")
    assert status(message) == Status.HELD
    expect(page.locator("#told")).to_have_text("Read. A approves it.")
    page.wait_for_timeout(300)
    assert Reading.objects.count() == 1
    page.keyboard.press("a")
    page.wait_for_url("**/sales/queue")
    assert status(message) == Status.CLEARED


def test_signed_out_nothing_typed_is_lost(page: Page, context: BrowserContext) -> None:
    message = held()[0]
    open_desk(page, message)
    page.keyboard.press("r")
    expect(page.locator("[name=tag]").first).to_be_focused()
    page.keyboard.press("1")
    page.keyboard.type("She joined in April, not in May.")
    cookies = context.cookies()
    context.clear_cookies()
    context.add_cookies([one for one in cookies if one["name"] == "csrftoken"])  # type: ignore[misc]
    page.keyboard.press("Control+Enter")
    expect(page.locator("#told")).to_contain_text("You are signed out, so nothing was decided.")
    assert status(message) == Status.HELD
    context.add_cookies(cookies)  # type: ignore[arg-type]
    page.reload()
    expect(page.locator("#id_reason")).to_have_value("She joined in April, not in May.")
    expect(page.locator("[name=tag]").first).to_be_checked()


def test_g_and_a_letter_go_to_pages(page: Page) -> None:
    held()
    page.goto("/sales")
    for letter, path in (("q", "queue"), ("s", "sent"), ("l", "leads"), ("p", "phase")):
        page.keyboard.press("g")
        page.keyboard.press(letter)
        page.wait_for_url(f"**/sales/{path}")
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.wait_for_url("**/sales")


def test_ctrl_k_finds_people_and_pages(page: Page) -> None:
    message = held()[0]
    page.goto("/sales")
    page.keyboard.press("Control+k")
    page.keyboard.type(message.lead.last_name)
    expect(page.locator(".found a").first).to_have_text(str(message.lead))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/sales/queue/{message.public_id}")
    page.keyboard.press("Control+k")
    page.keyboard.type("phase")
    expect(page.locator(".found a")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sales/phase")


def test_ctrl_k_opens_what_was_typed_and_not_what_stood_there(page: Page) -> None:
    """Enter is pressed before the answer to the typed word is there."""
    page.goto("/sales")
    page.keyboard.press("Control+k")
    expect(page.locator(".found a").first).to_be_visible()
    page.route("**/sales/find?q=phase", lambda route: (time.sleep(0.5), route.continue_()))
    page.keyboard.type("phase")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sales/phase")


def test_ctrl_k_closed_before_the_answer_opens_nothing(page: Page) -> None:
    page.goto("/sales")
    page.keyboard.press("Control+k")
    page.keyboard.type("phase")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.wait_for_timeout(600)
    assert page.url.endswith("/sales")


def test_a_page_says_what_is_new_and_who_decided(page: Page, sam: User) -> None:
    message = held()[0]
    with_its_clock_in_hand(page)
    page.goto(f"/sales/queue/{message.public_id}")
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    before = page.locator(".sheet").bounding_box()
    held()
    lena = person("lena", "Reviewer")
    decisions.approve(message, 1, Decider(lena, "desk"))
    with page.expect_response("**/sales/pulse*"):
        page.clock.run_for(31_000)
    expect(page.locator("#fresh")).to_contain_text("1 new")
    expect(page.locator("#moved")).to_contain_text("lena approved this just now.")
    assert page.locator(".sheet").bounding_box() == before


def test_the_email_fits_a_small_laptop(page: Page) -> None:
    message = held()[0]
    page.set_viewport_size({"width": 1366, "height": 657})
    page.goto(f"/sales/queue/{message.public_id}")
    expect(page.locator("[data-end]")).to_be_in_viewport()
    assert page.evaluate("scrollY") == 0


def test_on_a_phone_the_email_has_most_of_the_screen(page: Page) -> None:
    first, second = held(2)
    page.set_viewport_size({"width": 390, "height": 844})
    open_desk(page, first)
    page.locator("[data-key=a]").click()
    page.wait_for_timeout(DEAF)
    page.locator("[data-key=a]").click()
    expect(page.locator("h1")).to_contain_text(str(second.lead))
    height = """[...document.querySelectorAll('.banner,.strips,.title')]
        .reduce((sum, one) => sum + one.getBoundingClientRect().height, 0)"""
    assert page.evaluate(height) <= 844 / 3
    page.locator("[data-end]").scroll_into_view_if_needed()
    expect(page.locator(".brief")).to_be_in_viewport()
    page.goto(f"/sales/queue/{second.public_id}/reject")
    expect(page.locator("#id_reason")).to_be_in_viewport()


def test_a_and_r_press_the_buttons_of_a_selection(page: Page, sam: User) -> None:
    first, second, third = held(3)
    for one in (first, second):
        claims.record_reading(one, sam)
    page.goto("/sales/queue")
    page.wait_for_timeout(DEAF)
    page.keyboard.press("a")
    page.keyboard.press("r")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(page.locator("[name=selected]:checked")).to_have_count(2)
    page.keyboard.press("a")
    expect(page.locator(".strip").first).to_contain_text("Approved 2.")
    assert [status(one) for one in (first, second, third)] == ["cleared", "cleared", "held"]
    page.wait_for_timeout(DEAF)
    page.keyboard.press("x")
    page.keyboard.press("r")
    expect(page.locator("h1")).to_have_text("Reject 1 email")
    assert status(third) == Status.HELD


def test_filter_and_search_survive_into_the_desk(page: Page) -> None:
    emails = held(3)
    Message.objects.filter(pk=emails[1].pk).update(rank=2, band="low")
    shown = [one for one in emails if status(one) and one.band == "hot"]
    page.goto("/sales/queue?show=hot")
    page.locator(".who").first.click()
    expect(page.locator(".count")).to_have_text(f"1 of {len(shown)} HOT")
    page.wait_for_timeout(DEAF)
    page.keyboard.press("a")
    expect(page.locator("h1")).to_contain_text(str(shown[1].lead))
    assert page.url.endswith("?show=hot")
    page.wait_for_timeout(DEAF)
    page.keyboard.press("a")
    page.wait_for_url("**/sales/queue?show=hot")
    assert status(emails[1]) == Status.HELD


def test_esc_keeps_what_was_typed(page: Page) -> None:
    message = held()[0]
    open_desk(page, message)
    page.keyboard.press("r")
    page.locator("#id_reason").fill("Half a thought")
    page.keyboard.press("Escape")  # to the tags
    page.keyboard.press("Escape")
    page.wait_for_url(f"**/{message.public_id}")
    page.wait_for_timeout(DEAF)
    page.keyboard.press("r")
    expect(page.locator("#id_reason")).to_have_value("Half a thought")


def test_letters_typed_into_fields_are_letters(page: Page) -> None:
    message = held()[0]
    page.goto(f"/sales/queue/{message.public_id}/edit")
    page.wait_for_timeout(DEAF)
    page.locator("#id_subject").fill("")
    page.keyboard.type("a r e z s x j k ?")
    expect(page.locator("#id_subject")).to_have_value("a r e z s x j k ?")
    assert status(message) == Status.HELD
    page.goto("/sales/queue")
    page.keyboard.press("/")
    page.keyboard.type("jax")
    expect(page.locator("#search")).to_have_value("jax")
    expect(page.locator("[name=selected]:checked")).to_have_count(0)


def test_keys_can_be_turned_off_and_stay_off(page: Page) -> None:
    message = held()[0]
    open_desk(page, message)
    expect(page.locator(".decide kbd").first).to_be_visible()
    page.keyboard.press("?")
    with page.expect_response("**/sales/settings/me/switches"):
        page.locator("dialog [data-switch]").click()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#keys")).not_to_be_visible()
    for _ in range(2):
        page.keyboard.press("a")
        page.keyboard.press("s")
        page.wait_for_timeout(150)
        assert status(message) == Status.HELD
        expect(page.locator(".decide kbd").first).not_to_be_visible()
        expect(page.locator("[data-key=a]")).not_to_have_attribute("aria-keyshortcuts", "A")
        open_desk(page, message)
    page.locator("#legend [data-switch]").click()
    expect(page.locator("[data-key=a]")).to_have_attribute("aria-keyshortcuts", "A")


def test_an_open_dialog_silences_the_keys(page: Page) -> None:
    message = held()[0]
    open_desk(page, message)
    page.keyboard.press("?")
    page.keyboard.press("a")
    page.wait_for_timeout(150)
    assert status(message) == Status.HELD


def test_a_blocked_email_says_why_when_a_is_pressed(page: Page) -> None:
    message = held()[0]
    text = message.text
    assert text is not None
    message = review_actions.edit_text(message, 1, subject="Re: hello", body=text.body, by=None)
    open_desk(page, message)
    page.keyboard.press("a")
    expect(page.locator("#told")).to_contain_text(
        "Can't be approved: The subject pretends to be an answer."
    )
    assert status(message) == Status.BLOCKED


def test_looking_takes_nothing_and_three_seconds_take_it(page: Page, sam: User) -> None:
    first, second = held(2)
    with_its_clock_in_hand(page)
    page.goto(f"/sales/queue/{first.public_id}")
    page.keyboard.press("j")
    expect(page.locator("h1")).to_contain_text(str(second.lead))
    assert (Claim.objects.count(), Reading.objects.count()) == (0, 0)
    page.wait_for_timeout(1100)  # the server counts by its own clock
    with page.expect_response("**/read"):
        page.clock.run_for(3500)
    page.wait_for_timeout(300)
    assert list(Claim.objects.values_list("message", "user")) == [(second.pk, sam.pk)]


def test_x_selects_and_the_button_counts_what_was_read(page: Page, sam: User) -> None:

    first, second = held(2)
    claims.record_reading(first, sam)
    page.goto("/sales/queue")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-count]")).to_have_text("2 selected: 1 read, 1 not read")
    page.get_by_role("button", name="Approve 1 read").click()
    expect(page.locator(".strip").first).to_contain_text("Approved 1. Not approved 1.")
    assert (status(first), status(second)) == (Status.CLEARED, Status.HELD)


def test_without_an_answer_the_page_says_that_it_may_not_be_saved(page: Page) -> None:
    message = held()[0]
    open_desk(page, message)
    page.route("**/approve", lambda route: route.abort())
    page.keyboard.press("a")
    expect(page.locator("#told")).to_contain_text(
        "No answer from the server, so this may not be saved."
    )
    expect(page.locator("#told")).to_be_in_viewport()
    expect(page.locator("#alert")).to_contain_text(
        "No answer from the server, so this may not be saved."
    )
    expect(page.locator("[data-key=a]")).to_be_enabled()
    assert status(message) == Status.HELD


def test_everything_works_without_a_script(
    browser: Browser, live_server: Any, context: BrowserContext
) -> None:
    first, second = held(2)
    plain = browser.new_context(
        base_url=live_server.url, java_script_enabled=False, storage_state=context.storage_state()
    )
    page = plain.new_page()
    page.goto("/sales")
    page.get_by_role("button", name="Review the next email").click()
    page.wait_for_timeout(DEAF)
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("h1")).to_contain_text(str(second.lead))
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("h1")).to_contain_text(str(first.lead))
    page.get_by_role("link", name="Reject").click()
    page.get_by_label("Weak subject").check()
    page.get_by_label("What should be different?").fill("Sounds like a newsletter to me.")
    page.get_by_role("button", name="Reject").click()
    expect(page.locator(".strip").first).to_contain_text(f"Rejected: {first.lead}. Weak subject.")
    plain.close()
    assert (status(first), status(second)) == (Status.REJECTED, Status.HELD)


IN_DARK = ("/sales", "/sales/queue", "desk", "reject")
PLACES = (
    "/sales", "/sales/queue", "desk", "reject", "edit", "/sales/sent", "/sales/phase",
    "/sales/phase/machine",
    "/sales/notices",
)  # fmt: skip


def address(place: str, message: Message) -> str:
    if place.startswith("/"):
        return place
    return f"/sales/queue/{message.public_id}{'' if place == 'desk' else '/' + place}"


SMALL = """least => [...document.querySelectorAll(
    'button,.button,summary,input:not([type=hidden]),.tabs a,.filter')]
    .filter(e => e.getClientRects().length && !e.closest('.unseen,[hidden]'))
    .map(e => [e.outerHTML.slice(0, 80), (e.closest('label') || e).getBoundingClientRect()])
    .filter(([, r]) => r.height < least || r.width < least).map(([html]) => html)"""


def test_pages_fit_a_phone_and_targets_are_large_enough(page: Page) -> None:
    message = held(2)[0]
    Message.objects.filter(pk=message.pk).update(critical_reason="This person has answered before.")
    for place in PLACES:
        page.goto(address(place, message))
        assert page.evaluate(SMALL, 24) == [], place
        for width in (390, 320):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (place, width)
            assert page.evaluate(SMALL, 24) == [], (place, width)
        page.set_viewport_size({"width": 1280, "height": 800})


def test_axe_finds_nothing(page: Page) -> None:
    message = held(2)[0]
    Message.objects.filter(pk=message.pk).update(critical_reason="This person has answered before.")
    for place in PLACES:
        page.goto(address(place, message))
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        assert violations(page) == [], place
        if place in IN_DARK:
            page.emulate_media(color_scheme="dark", reduced_motion="reduce")
            assert violations(page, COLOURS) == [], place
