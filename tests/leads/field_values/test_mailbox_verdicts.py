"""Verdicts on mailboxes in the words of many verifiers."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.field_values.mailbox_verdicts import (
    GOOD_WORDS,
    SUBJECTS,
    MailboxVerdict,
    join_verdicts,
    read_verdict,
)

GOOD, DEAD, UNSURE, NOT_TOLD = MailboxVerdict


@pytest.mark.parametrize(
    "text",
    [
        "invalid", "❌ Invalid", "❌", "🚫", "✖️", "Invalid (mailbox not found)", "invalid_email",
        "Email is invalid", "The email address is invalid", "Status: invalid", "INVALID.",
        "[invalid]", "not valid", "Not a valid address", "not-valid", "spamtrap", "spam_trap",
        "Spam Trap", "SpamTrap", "do_not_mail", "DoNotMail", "do-not-mail", "abuse", "bad",
        "hard_bounce", "hardbounce", "bounce", "bounced", "dead", "disabled", "email_disabled",
        "mailbox disabled", "account disabled", "mailbox_not_found", "not_found", "user unknown",
        "Unknown user", "no such user", "nonexistent", "non-existent", "Does not exist",
        "doesn\u2019t exist", "Mailbox does not exist", "domain_not_found", "rejected", "no_mx",
        "No MX records", "dns_error", "DNS error", "syntax_error", "failed_syntax_check",
        "unsafe", "not safe", "undeliverable", "non-deliverable", "not deliverable", "toxic",
        "Invalid: catch-all", "ｉｎｖａｌｉｄ", "✅ Invalid", "invalid_domain",
    ],
)  # fmt: skip
def test_a_mailbox_is_dead(text: str) -> None:
    assert read_verdict(text) is DEAD


@pytest.mark.parametrize(
    "value",
    [
        "valid", "✅ Valid", "✅", "✔️", "Deliverable", "safe", "Safe to send", "ok", "OK!",
        "verified", "valid_email", "Email is valid", "Valid (deliverable)", "[valid]", "Good",
        "true", "Yes", True, 1, "1",
    ],
)  # fmt: skip
def test_a_mailbox_is_good(value: Any) -> None:
    assert read_verdict(value) is GOOD


@pytest.mark.parametrize(
    "value",
    [
        "blocked", "mailbox full", "mailbox_full", "Undeliverable - mailbox full", "over_quota",
        "Rejected (blocked)", "invalid: temporarily unavailable", "soft_bounce", "bounce_risk",
        "failed", "❌ Failed", "unknown", "❓ Unknown", "catch-all", "catch_all", "CatchAll",
        "Valid (catch-all)", "valid_catch_all", "accept_all", "Accept-All", "ok_for_all", "risky",
        "unverified", "not verified", "Verified: ❌", "valid: no", "valid syntax", "false", "No",
        False, 0, "0", "disposable",
    ],
)  # fmt: skip
def test_a_mailbox_stays_unsure(value: Any) -> None:
    assert read_verdict(value) is UNSURE


@pytest.mark.parametrize(
    "value",
    [
        "", None, "N/A", "pending", "⚠️", "Email not found", "🚫 Not found", "Bad request",
        "Invalid API key", "Invalid input", "Run condition not met", "❌ Run condition not met",
        "ZeroBounce", 0.98, "0.98", 7, [], ["invalid"], {"status": "invalid"}, "not invalid",
        "badge", "deadline", "unsafely",
    ],
)  # fmt: skip
def test_what_is_no_verdict_tells_nothing(value: Any) -> None:
    assert read_verdict(value) is NOT_TOLD


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        (["valid", "invalid"], DEAD),
        (["risky", "invalid"], DEAD),
        (["valid", "risky"], UNSURE),
        (["valid", None], GOOD),
        (["N/A", "valid"], GOOD),
        ([None, ""], NOT_TOLD),
        ([], NOT_TOLD),
    ],
)
def test_of_several_columns_the_worst_counts(values: list[Any], verdict: MailboxVerdict) -> None:
    assert join_verdicts(values) is join_verdicts(values[::-1]) is verdict


def test_a_long_text_is_read_at_once() -> None:
    began = time.perf_counter()
    for word in (*SUBJECTS, *GOOD_WORDS, "email"):
        read_verdict(f"{word} " * 100 + "x")
    assert time.perf_counter() - began < 1


@given(st.text(st.characters(exclude_categories=()), max_size=300))
def test_any_text_has_a_verdict(text: str) -> None:
    assert read_verdict(text) in MailboxVerdict
