"""Each guard alone: what it lets pass, what it stops, and how to clear it."""

from dataclasses import replace
from typing import Any

import pytest

from outreach.choices import Tag
from outreach.content import check_results, checks

FOOTER = "Alex Moreno\nPartner\n\n1 Example Street\nUnsubscribe: https://ours.example.com/u/abc"
BODY = "Hi Dana,\n\nSomeone at Northline read about pricing."
SUBJECT = "Where AI would pay first at Northline"
COPY = checks.EarlierEmail(
    SUBJECT, "Quite another text, with as many other words in it as one needs.", "the one to Sam"
)
LESSON = checks.Lesson(
    "weak_subject", "Sounds like a newsletter to me.", "Nov 3", SUBJECT + "!", "t1", "tier_1"
)
SAID = "Rejected on Nov 3 (weak subject): “Sounds like a newsletter to me.”"
GOOD = checks.EmailText(
    subject=SUBJECT,
    body=BODY,
    footer=FOOTER,
    fields_used=frozenset({"first_name", "company"}),
    sender_name="Alex Moreno",
    postal_address="1 Example Street",
    unsubscribe_url="https://ours.example.com/u/",
    country="US",
    allowed_countries=frozenset({"US"}),
)
ORDER = [
    "placeholder", "subject", "opener", "personal", "source", "learned", "near_copy",
    "one_per_company", "sender_identity", "postal_address", "unsubscribe_link", "country",
    "names",
]  # fmt: skip


def failures(text: checks.EmailText) -> list[str]:
    return [row.guard for row in checks.check_text(text) if not row.passed]


def test_a_good_text_passes_every_guard() -> None:
    rows = checks.check_text(GOOD)
    same_check = {"colleague_first": "one_per_company"}
    assert [same_check.get(row.guard, row.guard) for row in rows] == ORDER
    assert all(row.passed and row.text and not row.clear for row in rows)
    assert check_results.first_failure(rows) is None


@pytest.mark.parametrize(
    ("change", "guard", "said"),
    [
        ({"body": "Hi {{ first_name }}"}, "placeholder", "Blank field: {{"),
        ({"subject": "For [Company Name]"}, "placeholder", "Blank field: [Company Name]"),
        ({"footer": FOOTER + "\n{{ x }}"}, "placeholder", "Blank field: {{"),
        (
            {"subject": "A number for <Angle> Co.", "values": ("<Angle> Co.",)},
            "person_data",
            "“<Angle> Co.”, as we have it, reads as a blank field.",
        ),
        ({"body": " \n "}, "placeholder", "The subject or the text is empty."),
        ({"subject": "  "}, "placeholder", "The subject or the text is empty."),
        ({"subject": "Re: our call"}, "subject", "The subject pretends to be an answer."),
        ({"subject": " fwd : our call"}, "subject", "The subject pretends to be an answer."),
        ({"subject": "AW: Termin"}, "subject", "The subject pretends to be an answer."),
        ({"subject": "x" * 121}, "subject", "The subject is too long or has a line break."),
        (
            {"subject": "One\nBcc: two@acme.test"},
            "subject",
            "The subject is too long or has a line break.",
        ),
        (
            {"subject": "One\rBcc: two@acme.test"},
            "subject",
            "The subject is too long or has a line break.",
        ),
        ({"subject": "One\u2028two"}, "subject", "The subject is too long or has a line break."),
        ({"subject": "READ THIS NOW"}, "subject", "The subject shouts."),
        ({"subject": "AI FOR ACME"}, "subject", "The subject shouts."),
        (
            {"body": "Hi Dana,\n\nI hope this finds you well."},
            "opener",
            "It opens with “hope this finds you”.",
        ),
        ({"body": "QUICK QUESTION: who"}, "opener", "It opens with “quick question”."),
        (
            {"fields_used": frozenset({"first_name"})},
            "personal",
            "Nothing in it is about this person.",
        ),
        ({"fields_used": frozenset()}, "personal", "Nothing in it is about this person."),
        ({"unsourced": ("a Series B", "in May")}, "source", "“a Series B” has no source."),
        ({"sender_name": ""}, "sender_identity", "Sender identity is missing."),
        ({"sender_name": "Somebody Else"}, "sender_identity", "Sender identity is missing."),
        ({"postal_address": ""}, "postal_address", "Postal address is missing."),
        ({"postal_address": "2 Other Street"}, "postal_address", "Postal address is missing."),
        (
            {"unsubscribe_url": "https://other.example.com/u/"},
            "unsubscribe_link",
            "Unsubscribe link is missing.",
        ),
        (
            {"earlier": (replace(COPY, body=BODY),)},
            "near_copy",
            "Nearly the same as the one to Sam.",
        ),
        ({"lessons": (LESSON,)}, "learned", f"{SAID} The subject is nearly the same."),
        (
            {"colleague": checks.Colleague("Sam Lee", "Acme", "")},
            "colleague_first",
            "On hold: Sam Lee at Acme is being emailed first (one person per company in 7 days).",
        ),
        (
            {"colleague": checks.Colleague("Sam Lee", "Acme", "Nov 3")},
            "one_per_company",
            "On hold: Sam Lee at Acme was emailed and has not answered; nobody else there until "
            "Nov 3.",
        ),
        ({"country": "DE"}, "country", "DE is not in ALLOWED_COUNTRIES."),
    ],
)
def test_one_fault_fails_one_check_with_remedy(
    change: dict[str, object], guard: str, said: str
) -> None:
    rows = checks.check_text(replace(GOOD, **change))
    same_check = {"colleague_first": "one_per_company", "person_data": "placeholder"}
    assert [same_check.get(row.guard, row.guard) for row in rows] == ORDER
    failed = [row for row in rows if not row.passed]
    assert [(row.guard, row.text) for row in failed] == [(guard, said)]
    assert failed[0].clear
    assert check_results.first_failure(rows) == failed[0]


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "x" * 120},
        {"subject": "AI at ACME"},
        {"subject": "ROI, EBIT"},
        {"subject": "AI AT ACME"},
        {"subject": "Freight margin at Beta Foods"},
        {"subject": "Regarding growth"},
        {"body": "Hi Dana,\n\n" + "Growth. " * 40 + "I came across your page."},
        {"country": ""},
    ],
    ids=[
        "longest",
        "abbreviations",
        "short capitals",
        "eight capitals",
        "no company known",
        "regarding",
        "late phrase",
        "unknown country",
    ],
)
def test_the_border_cases_pass(change: dict[str, object]) -> None:
    assert failures(replace(GOOD, **change)) == []


@pytest.mark.parametrize(
    ("lesson", "change", "heeded"),
    [
        ({"tag": "weak_subject"}, {}, False),
        ({"tag": "weak_subject"}, {"subject": "Northline and its invoices"}, True),
        ({"tag": "weak_subject"}, {"typed": True}, True),
        ({"tag": "campaign_mismatch"}, {"template": "t1"}, False),
        ({"tag": "campaign_mismatch"}, {"template": "t2"}, True),
        ({"tag": "campaign_mismatch", "template": ""}, {"template": ""}, True),
        ({"tag": "personalization_mismatch"}, {"template": "t1"}, False),
        ({"tag": "icp_mismatch"}, {"tier": "tier_1"}, False),
        ({"tag": "icp_mismatch"}, {"tier": "tier_2"}, True),
        (
            {
                "tag": "factual_inaccuracy",
                "reason": "They left logistics long ago.",
                "facts": ("logistics",),
            },
            {},
            True,
        ),
        (
            {
                "tag": "factual_inaccuracy",
                "reason": "It is not about Pricing at all",
                "facts": ("pricing",),
            },
            {},
            False,
        ),
        (
            {
                "tag": "factual_inaccuracy",
                "reason": "Something in it is wrong",
                "facts": ("pricing",),
            },
            {},
            True,
        ),
        ({"tag": "tone_style"}, {"template": "t1", "tier": "tier_1"}, True),
        ({"tag": "other"}, {"template": "t1", "tier": "tier_1"}, True),
    ],
)
def test_what_an_earlier_rejection_taught(
    lesson: dict[str, Any], change: dict[str, Any], heeded: bool
) -> None:
    text = replace(GOOD, lessons=(replace(LESSON, **lesson),), **change)
    assert failures(text) == ([] if heeded else ["learned"])


def test_every_tag_that_teaches_is_a_tag_people_can_choose() -> None:
    assert set(check_results.REPEATED_REJECTIONS) <= {tag.value for tag in Tag}


@pytest.mark.parametrize(("words", "copy"), [(2, True), (4, False)])
def test_text_is_a_copy_from_85_percent_on(words: int, copy: bool) -> None:
    numbers = [f"w{n}" for n in range(18)]
    other = ["x"] * words + numbers[words:]
    before = checks.EarlierEmail("s1 s2", " ".join(other), "that one")
    text = replace(GOOD, subject="s1 s2", body=" ".join(numbers), earlier=(before,))
    assert ("near_copy" in failures(text)) is copy


def test_results_are_stored_as_plain_rows() -> None:
    row = check_results.results_as_rows(checks.check_text(replace(GOOD, country="DE")))[-2]
    assert row == {
        "guard": "country",
        "passed": False,
        "state": "fail",
        "text": "DE is not in ALLOWED_COUNTRIES.",
        "clear": "Reject it, or allow the country.",
    }


def test_what_nobody_knows_passes_and_is_not_green() -> None:
    row = check_results.results_as_rows(checks.check_text(replace(GOOD, country="")))[-2]
    assert (row["guard"], row["passed"], row["state"]) == ("country", True, "not_known")


def test_a_name_left_as_written_is_not_known() -> None:
    left = ("first name “JP”", "company “adidas”")
    rows = checks.check_text(replace(GOOD, as_written=left))
    assert check_results.first_failure(rows) is None
    assert check_results.results_as_rows(rows)[-1] == {
        "guard": "names",
        "passed": True,
        "state": "not_known",
        "text": "Left as written, please read it: first name “JP”, company “adidas”.",
        "clear": "Edit it if one says it differently.",
    }


@pytest.mark.parametrize(
    "token", ["ab___c" + "x" * 26, "_" * 32, "XXX" + "x" * 29, "-xxx-lorem-ipsum-TBD-xxxx_____"]
)
def test_the_link_of_a_recipient_is_no_blank_field(token: str) -> None:
    footer = FOOTER.replace("/u/abc", f"/u/{token}")
    assert failures(replace(GOOD, footer=footer)) == failures(GOOD)


@pytest.mark.parametrize("left", ["[name]", "{{ name }}", "___"])
def test_a_blank_elsewhere_in_the_footer_still_is(left: str) -> None:
    footer = FOOTER.replace("Partner", left)
    assert "placeholder" in failures(replace(GOOD, footer=footer))
