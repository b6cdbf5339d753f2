"""Every code with which sending stops an email has a sentence, made from its arguments."""

from datetime import UTC, datetime, timedelta

import pytest

from outreach.choices import Guardrail, Level, MoveCode
from outreach.contact_history.ghl_findings import Findings
from outreach.drafting.follow_ups import ThreadEnd
from outreach.guardrails.guardrail_rules import Breach
from outreach.sending.stop_texts import STOP_TEXTS, stop_text, wait_text

ARGUMENTS = {
    "reason": "Complained of spam", "source": "postmaster", "country": "DE", "kind": "Example",
    "day": datetime(2026, 3, 3, tzinfo=UTC),
}  # fmt: skip


@pytest.mark.parametrize("code", STOP_TEXTS)
def test_every_template_is_filled(code: MoveCode) -> None:
    text = stop_text(code, ARGUMENTS)

    assert text and "{" not in text


def test_the_vendors_answer_is_shown_as_it_is() -> None:
    assert stop_text(MoveCode.DND, {"answer": "DND is active"}) == "DND is active"
    assert wait_text("ghl_unavailable", {"answer": "answered 503"}) == "answered 503"


def test_ended_thread_has_its_own_sentence() -> None:
    end = ThreadEnd("answered", "This person has answered.")

    assert stop_text(MoveCode.ANSWERED, {"thread_end": end}) == "This person has answered."


def test_findings_at_gohighlevel_are_named() -> None:
    findings = Findings(None, datetime(2026, 3, 3, 15, tzinfo=UTC), ())

    text = stop_text(MoveCode.ANSWERED, {"findings": findings})

    assert text == "GoHighLevel shows a message from them on Mar 3, 2026."


@pytest.mark.parametrize(
    ("code", "arguments", "text"),
    [
        ("turn", {}, "A more urgent email is ahead of it."),
        ("daily", {}, "The slots of the day are used up."),
        ("daily", {"used": 25, "cap": 25}, "daily limit: 25 of 25 sent"),
        ("halted", {}, "Sending is halted."),
    ],
)
def test_a_wait_names_its_limit(code: str, arguments: dict[str, int], text: str) -> None:
    assert wait_text(code, arguments) == text


def test_a_breached_guardrail_is_described() -> None:
    arguments = {"count": 3, "window": timedelta(hours=24)}
    breach = Breach(Guardrail.HARD_BOUNCES, Level.HALT, (), arguments)

    assert wait_text("guardrail", {"breach": breach}) == "3 hard bounces in 24 hours."
