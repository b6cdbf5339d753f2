"""Each guard alone: what it lets pass, what it stops, and how to clear it."""

from dataclasses import replace

import pytest

from outreach import guards

FOOTER = "Alex Moreno\nPartner\n\n1 Example Street\nUnsubscribe: https://ours.example.com/u/abc"
GOOD = guards.Text(
    subject="Where AI would pay first at Northline",
    body="Hi Dana,\n\nSomeone at Northline read about pricing.",
    footer=FOOTER,
    fields_used=frozenset({"first_name", "company"}),
    sender_name="Alex Moreno",
    postal_address="1 Example Street",
    unsubscribe_url="https://ours.example.com/u/",
    country="US",
    allowed_countries=frozenset({"US"}),
)
ORDER = [
    "placeholder", "subject", "opener", "personal", "source", "sender_identity", "postal_address", "unsubscribe_link",
    "country",
]  # fmt: skip


def failures(text: guards.Text) -> list[str]:
    return [row.guard for row in guards.check(text) if not row.passed]


def test_a_good_text_passes_every_guard() -> None:
    rows = guards.check(GOOD)
    assert [row.guard for row in rows] == ORDER
    assert all(row.passed and row.text and not row.clear for row in rows)
    assert guards.first_failure(rows) is None


@pytest.mark.parametrize(
    ("change", "guard", "said"),
    [
        ({"body": "Hi {{ first_name }}"}, "placeholder", "Unfilled: {{"),
        ({"subject": "For [Company Name]"}, "placeholder", "Unfilled: [Company Name]"),
        ({"footer": FOOTER + "\n{{ x }}"}, "placeholder", "Unfilled: {{"),
        ({"body": " \n "}, "placeholder", "The subject or the text is empty."),
        ({"subject": "  "}, "placeholder", "The subject or the text is empty."),
        ({"subject": "Re: our call"}, "subject", "The subject pretends to be an answer."),
        ({"subject": " fwd : our call"}, "subject", "The subject pretends to be an answer."),
        ({"subject": "AW: Termin"}, "subject", "The subject pretends to be an answer."),
        ({"subject": "x" * 121}, "subject", "The subject is too long or has a line break."),
        ({"subject": "One\nBcc: two@acme.test"}, "subject", "The subject is too long or has a line break."),
        ({"subject": "One\rBcc: two@acme.test"}, "subject", "The subject is too long or has a line break."),
        ({"subject": "One\u2028two"}, "subject", "The subject is too long or has a line break."),
        ({"subject": "READ THIS NOW"}, "subject", "The subject shouts."),
        ({"body": "Hi Dana,\n\nI hope this finds you well."}, "opener", "It opens with “i hope this finds you well”."),
        ({"body": "QUICK QUESTION: who"}, "opener", "It opens with “quick question”."),
        ({"fields_used": frozenset({"first_name"})}, "personal", "Nothing in it is about this person."),
        ({"fields_used": frozenset()}, "personal", "Nothing in it is about this person."),
        ({"unsourced": ("a Series B", "in May")}, "source", "“a Series B” has no source."),
        ({"sender_name": ""}, "sender_identity", "Sender identity is missing."),
        ({"sender_name": "Somebody Else"}, "sender_identity", "Sender identity is missing."),
        ({"postal_address": ""}, "postal_address", "Postal address is missing."),
        ({"postal_address": "2 Other Street"}, "postal_address", "Postal address is missing."),
        ({"unsubscribe_url": "https://other.example.com/u/"}, "unsubscribe_link", "Unsubscribe link is missing."),
        ({"country": "DE"}, "country", "DE is not in ALLOWED_COUNTRIES."),
    ],
)
def test_one_fault_fails_its_guard_alone_and_says_how_to_clear_it(
    change: dict[str, object], guard: str, said: str
) -> None:
    rows = guards.check(replace(GOOD, **change))
    assert [row.guard for row in rows] == ORDER
    failed = [row for row in rows if not row.passed]
    assert [(row.guard, row.text) for row in failed] == [(guard, said)]
    assert failed[0].clear
    assert guards.first_failure(rows) == failed[0]


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "x" * 120},
        {"subject": "AI at ACME"},
        {"subject": "ROI, EBIT"},
        {"subject": "Regarding growth"},
        {"body": "Hi Dana,\n\n" + "Growth. " * 40 + "I came across your page."},
        {"country": ""},
    ],
    ids=["longest", "abbreviations", "short capitals", "regarding", "late phrase", "unknown country"],
)
def test_the_border_cases_pass(change: dict[str, object]) -> None:
    assert failures(replace(GOOD, **change)) == []


def test_results_are_stored_as_plain_rows() -> None:
    row = guards.as_rows(guards.check(replace(GOOD, country="DE")))[-1]
    assert row == {
        "guard": "country",
        "passed": False,
        "text": "DE is not in ALLOWED_COUNTRIES.",
        "clear": "Reject it, or allow the country.",
    }
