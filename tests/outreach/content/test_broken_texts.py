"""Texts that must not leave, by kind, and innocent ones beside them, which must."""

import json
from pathlib import Path
from typing import Any

import pytest

from outreach.content import check_results, checks, greeting, machine_words, subject_lines
from outreach.content.placeholders import find_placeholders

CASES = Path(__file__).parent / "cases" / "copy.jsonl"
OF_THE_FIELD = [json.loads(line) for line in CASES.read_text().splitlines()]
GUARD_OF = {
    "subject": {"P16", "P18", "P19", "P20", "P21", "P25", "P26", "P27"},
    "personal": {"P28", "P29"},
    "source": {"P30"},
    "opener": {"P34", "P35", "P36"},
}
FOOTER = "Alex Moreno\n\n1 Example Street\nUnsubscribe: https://ours.example.com/u/abc"
REST = "\n\nWe help Bluefield with the day's routine. Which task would you hand over first?"


def judge(subject: str, body: str, **more: Any) -> check_results.CheckResult | None:
    known: dict[str, Any] = {
        "fields_used": frozenset({"company"}),
        "sender_name": "Alex Moreno",
        "postal_address": "1 Example Street",
        "unsubscribe_url": "https://ours.example.com/u/",
        "country": "US",
        "allowed_countries": frozenset({"US"}),
        "recipient": ("Dana", "Okafor"),
        "company": "Bluefield n01",
        "values": ("Dana", "Bluefield n01"),
    }
    text = checks.EmailText(subject, body, FOOTER, **{**known, **more})
    return check_results.first_failure(checks.check_text(text))


def guard_of(subject: str, body: str, **more: Any) -> str:
    found = judge(subject, body, **more)
    return found.guard if found else ""


@pytest.mark.parametrize("case", OF_THE_FIELD, ids=lambda case: case["id"])
def test_every_text_of_the_field_is_blocked(case: dict[str, str]) -> None:
    expected = next((one for one, ids in GUARD_OF.items() if case["id"] in ids), "placeholder")
    assert guard_of(case["subject"], case["body"]) == expected


@pytest.mark.parametrize(
    "left",
    [
        "{x}", "{FirstName}", "{Hi|Hello}", "{{lead.name}}", "%%x%%", "%%First Name%%",
        "%FIRSTNAME%", "%(name)s", "*|X|*", "*|COMPANY|*", "[x]", "[insert company]", "[LINK]",
        "[[name]]", "<X>", "<company name>", "<%= name %>", "<<name>>", "</company>", "«X_Y»",
        "«FirstName»", "« First Name »", "«FNAME»", "${name}", "$first_name", "$FirstName",
        "##name##", "#first_name#", "@@name@@", "~~name~~", "__name__", "____", "first_name",
        "FNAME", "companyName", "&amp;", "&#39;", "XXX", "xxxx", "TODO", "FIXME", "Lorem ipsum",
        "insert your company name here", "your company here", "asdf", "NaN", "[object Object]",
        "|FIRST_NAME|",
    ],
)  # fmt: skip
def test_marks_of_any_tool_are_unfilled(left: str) -> None:
    assert find_placeholders(f"We help {left} with that.")
    assert guard_of("A note", f"Hi Dana,\n\nWe help {left} with that.{REST}") == "placeholder"


@pytest.mark.parametrize(
    "text",
    [
        "Resource for None", "Hi None,", "at null.", "Dear undefined!", "as undefined at Acme",
        "undefined, a word", "for N/A with", "help TBD and", "undefined undefined",
    ],
)  # fmt: skip
def test_a_value_that_was_nothing_is_found(text: str) -> None:
    assert find_placeholders(text)


@pytest.mark.parametrize(
    "text",
    [
        "None of your reps would miss it.", "A null hypothesis.",
        "An undefined process costs days.",
        "roles are undefined there", "20% of the work and 30% of the cost", "5 < 6 > 4", "I <3 it",
        "a [1] b", "“[They] never asked,” she said", "“[w]e did it”", "[sic]", "[…]",
        "Read « Le Monde » today", "It costs $5,000 or $10k.", "R&D and M&A at AT&T;", "C# and F#",
        "For <us> and <them>", "Write to <dana@acme.test> or <https://acme.test>", "my to-do list",
        "the TODO list",
        "XXL sizes", "a null result", "a_b", "Hi Nan,", "TBDs", "Nonetheless, nullify it",
    ],
)  # fmt: skip
def test_innocent_marks_pass(text: str) -> None:
    assert find_placeholders(text) == []


@pytest.mark.parametrize(
    ("line", "who"),
    [
        ("Hi ,", ""), ("Hi,", ""), ("Dear :", ""), ("Hello!", ""), ("Dear Ms. ,", ""), ("Hey -",
        ""),
        ("Hi", ""), ("Hi Dana,", "Dana"), ("Dear Dr. Okafor:", "Dr. Okafor"), ("Dana,", "Dana"),
        ("hi dana", "dana"), ("Hey Dana - a thought", "Dana"), ("Good morning,", None),
        ("Hello", None),
        ("Good morning Dana,", "Dana"), ("Today,", None), ("We help.", None), ("", None),
        ("Hi-tech firms differ.", None), ("Hi acme.com,", "acme.com"), ("Hi Jean-Luc,", "Jean-Luc"),
    ],
)  # fmt: skip
def test_whom_the_first_line_greets(line: str, who: str | None) -> None:
    assert greeting.greeted_name(f"\n{line}\n\nWe help.") == who


@pytest.mark.parametrize(
    "line", ["Hi ,", "Hi,", "Hello!", "Dear Mr.,", "Hey !", "Hi dana@acme.test,", "Hi 4711,",
             "Hi acme.com,", "Hi fname_1,"],
)  # fmt: skip
def test_a_greeting_without_a_name_is_blocked(line: str) -> None:
    assert guard_of("A question", line + REST) == "placeholder"


@pytest.mark.parametrize(
    "body",
    [
        "Hi Samuel,", "Hello Priya -", "Dear Mr. Lindqvist,", "Samuel,", "Hi Customer,",
        "Hi Dana,\n\nSamuel, would you have 15 minutes?", "Hi Dana,\n\nDoes it make sense, Samuel?",
        "Hi Dana,\n\nThanks, Samuel.",
    ],
)  # fmt: skip
def test_another_persons_name_is_blocked(body: str) -> None:
    assert guard_of("A question", body + REST) == "personal"


@pytest.mark.parametrize(
    ("names", "body"),
    [
        (("Dana", ""), "Hi Dana,"), (("Samuel", "Lee"), "Hi Sam,"), (("Robert", ""), "Hi Bob,"),
        (("Zoë", "Ek"), "Hi Zoe,"), (("Søren", ""), "Hi Soren,"), (("Dana", "Okafor"),
        "Hi Ms. Okafor,"),
        (("DANA", ""), "Hi Dana,"), (("Dana", ""), "Hi there,"), (("Dana", ""),
        "Hi Bluefield team,"),
        (("Dana", ""), "Hi Dana and Sam,"), (("D.", "Okafor"), "Hi Dana,"), (("", ""),
        "Hi Samuel,"),
        (("Dana", ""), "Hi Dana,\n\nToday, we are three. Usually, what helps is time."),
        (("Dana", ""), "Hi Dana,\n\nI heard of it from Samuel Ortiz."),
        (("Dana", ""), "Hi Dana,\n\nThanks, Alex."), (("Dana", ""), "Dana,"),
        (("Dana", ""), "Hi Dana,\n\nHonestly, would you hand it over?"),
        (("Dana", ""), "Hi Dana,\n\nIs it worth the time, Dana?"),
        (("Dana", ""), "Good morning,"),
    ],
)  # fmt: skip
def test_the_recipients_own_name_passes(names: tuple[str, str], body: str) -> None:
    assert guard_of("A question", body + REST, recipient=names) == ""


@pytest.mark.parametrize(
    "subject",
    [
        "Re: our call", "RE : x", "AW: Termin", "SV: möte", "VS: asia", "Antw: x", "Antwort: x",
        "WG: x", "TR : x", "Rép: x", "RES: x", "ENC: x", "RV: x", "R: x", "I: x", "Rif: x",
        "Odp: x", "PD: x", "Vá: x", "YNT: x", "İLT: x", "ΑΠ: x", "Отв: x", "回复: x", "答复：x",
        "返信: x", "転送: x", "답장: x", "תשובה: x", "رد: x", "Trả lời: x", "Re：x", "Re[2]: x",
        "Re(3): x", "[EXT] Re: x", "(Re: x)", "\u200bRe: x", "R\u200be: x", "Rе: x", "fwd: x",
        "Re - your call", "re your note", "Fwd your request", "In reply to your note", "Re: Re: x",
        "Ynt : x", "Doorst: x", "BLS: x",
    ],
)  # fmt: skip
def test_an_answer_prefix_of_any_language_is_blocked(subject: str) -> None:
    assert subject_lines.pretends_answer(subject)
    assert guard_of(subject, "Hi Dana," + REST) in ("subject", "placeholder")


@pytest.mark.parametrize(
    "subject",
    [
        "(no subject)", "No subject", "Untitled", "Test", "Subject line here", "Email subject",
        "Your invoice is overdue", "Invoice #4711", "Your account has been suspended",
        "Final notice", "Action required", "URGENT: read", "Payment reminder", "Missed call",
        "Following up on our conversation", "As discussed", "Great meeting you",
        "Thanks for your reply", "Our call",
    ],
)  # fmt: skip
def test_a_dishonest_subject_is_blocked(subject: str) -> None:
    assert guard_of(subject, "Hi Dana," + REST, typed=True) == "subject"


@pytest.mark.parametrize(
    "subject",
    [
        "AI: where it pays first", "HR: the work around it", "Regarding growth",
        "Re-thinking dispatch",
        "Reply rates at Bluefield", "Revenue: what is typed twice", "Chasing overdue invoices",
        "Invoice entry at Bluefield", "Conversations with carriers", "Fewer missed deadlines",
        "Your team's first AI task", "A test for your dispatchers", "9:30 or 10:00?",
        "Three orders of magnitude", "A question for Bluefield", "A note for Dana", "A plan for AI",
        "An idea for Q1", "A question for Bluefield's dispatchers", "An idea for CFOs",
    ],
)  # fmt: skip
def test_an_honest_subject_passes(subject: str) -> None:
    assert guard_of(subject, "Hi Dana," + REST) == ""


@pytest.mark.parametrize(
    "subject",
    ["A question for Greenfield", "An idea for Harbor & Lane", "Quick note for Acme",
     "A proposal to Vantage Freight", "A thought about Orion Metals"],
)  # fmt: skip
def test_a_subject_for_another_company_is_blocked(subject: str) -> None:
    assert guard_of(subject, "Hi Dana," + REST) == "personal"
    assert guard_of(subject, "Hi Dana," + REST, company="") == ""


@pytest.mark.parametrize(
    "words",
    [
        "Congrats on the Series B!", "I saw you raised $12 million.",
        "Your recent acquisition asks",
        "Congratulations on your promotion.", "After the funding round,", "You closed a €3 round.",
        "As discussed, we start.", "Per our call, here it is.", "It was great meeting you.",
        "When we spoke, you said so.", "Thanks for taking my call.", "On our call last week",
    ],
)  # fmt: skip
def test_claims_without_a_source_are_blocked(words: str) -> None:
    assert guard_of("A question", f"Hi Dana,\n\n{words}{REST}") == "source"
    assert guard_of("A question", f"Hi Dana,\n\n{words}{REST}", typed=True) == ""


@pytest.mark.parametrize(
    ("words", "more"),
    [
        ("Congrats on the Series B!", {"values": ("the Series B",)}),
        ("As discussed, we start.", {"in_touch": True}),
        ("As discussed, we start.", {"thread": "A question"}),
        ("Our conversations with carriers show it.", {}),
        ("A short call would do.", {}),
        ("It is a series of steps.", {}),
        ("We raised the bar.", {}),
        ("As discussed in the annual report, freight is up.", {}),
    ],
)
def test_claims_with_a_source_pass(words: str, more: dict[str, Any]) -> None:
    assert guard_of("A question", f"Hi Dana,\n\n{words}{REST}", **more) == ""


@pytest.mark.parametrize(
    "line",
    [
        "Unsubscribe", "Unsubscribe here", "Unsubscribe: https://x.example.com/u", "Opt out",
        "Click here to unsubscribe.", "To opt out, reply to this.", "Reply STOP and I go.",
        "If you no longer wish to receive these, tell me.", "Manage your preferences",
        "See https://x.example.com/unsubscribe?id=1", "mailto:x@x.example.com?subject=Unsubscribe",
        "You can unsubscribe at any time.", "If you don't want to receive more, say so.",
        "Reply with 'unsubscribe' any time.", "Unsubscribe | View in browser",
    ],
)  # fmt: skip
def test_an_unsubscribe_line_in_the_body_is_blocked(line: str) -> None:
    assert guard_of("A question", f"Hi Dana,{REST}\n\n{line}") == "unsubscribe_link"


@pytest.mark.parametrize(
    "line",
    [
        "Unsubscribe rates fell by half at a firm like yours.", "Your unsubscribe page is slow.",
        "If you'd rather not hear from me, just say so.", "You could opt out of the old tool.",
        "They reply, stop, and start again.", "Preferences of carriers differ.",
    ],
)  # fmt: skip
def test_talk_about_unsubscribing_passes(line: str) -> None:
    assert guard_of("A question", f"Hi Dana,{REST}\n\n{line}") == ""


@pytest.mark.parametrize(
    "body",
    [
        "As an AI language model, I cannot", "As an AI, I can", "I'm sorry, but I can't",
        "Sure! Here's the email:", "Certainly, here is a draft.", "Here's a personalized email:",
        "Below is the rewritten email for Dana:", "Subject: A question", "**Hi Dana,**", "```",
        "I cannot write that email.", "Let me know if you'd like me to adjust the tone.",
        "Feel free to customize this.", "Word count: 88", "Version 2: shorter", "<think>",
    ],
)  # fmt: skip
def test_a_language_models_note_is_blocked(body: str) -> None:
    assert guard_of("A question", body + REST) == "placeholder"
    assert guard_of("A question", f"Hi Dana,{REST}\n\n{body}") == "placeholder"


@pytest.mark.parametrize(
    "words",
    [
        "As an AI partner to carriers, we watch first.", "Here is what we would do:",
        "I cannot promise a number.", "Sure, it is early.", "Here's a thought about dispatch:",
        "Let me know if you want to see it.", "A draft takes a day.",
        "The model writes; people read.",
    ],
)  # fmt: skip
def test_own_words_about_ai_pass(words: str) -> None:
    assert guard_of("A question", f"Hi Dana,\n\n{words}{REST}") == ""


@pytest.mark.parametrize(
    "words",
    [
        "We help Not found with it.", "Teams at No data found do it.",
        "As Not Available, you know.",
        "With the Missing inputs at hand", "Run condition not met", "For No Title Found it is time",
        "Status Code: 404", "Leaders like Unknown say so", "Teams in N/A do it", "🚫 Not found",
        "I couldn't determine the job title", "Taken from the information provided",
        "The industry appears to be freight", "Work at #N/A",
    ],
)  # fmt: skip
def test_a_vendors_status_as_a_fact_is_blocked(words: str) -> None:
    assert machine_words.status_as_fact(words)
    assert guard_of("A question", f"Hi Dana,\n\n{words}{REST}") == "placeholder"


@pytest.mark.parametrize(
    "words",
    [
        "Invoices not found in the system cost a day.", "Not found in the system? It costs a day.",
        "It is not available yet.", "Where no data is found, people type.", "An unknown cost.",
        "No Code tools help.", "Error rates fall.", "Missing inputs cost a day.",
        "The Unknown Soldier", "Status codes differ.",
    ],
)  # fmt: skip
def test_talk_about_missing_data_passes(words: str) -> None:
    assert machine_words.status_as_fact(words) == ""


@pytest.mark.parametrize("value", ["Not found", "N/A", "No company found", "🚫", "[object Object]"])
def test_a_filled_in_status_is_blocked(value: str) -> None:
    found = judge("A question", "Hi Dana," + REST, values=("Dana", value))
    assert found is not None and found.guard == "person_data"
    assert found.text == f"“{value}” is a status, not a fact."


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("We help acme.com with invoices.", "acme.com"), ("A question for acme.io", "acme.io"),
        ("Teams at northline-freight.co.uk do it.", "northline-freight.co.uk"),
        ("People like ACME.COM differ.", "ACME.COM"), ("Work of acme.test", "acme.test"),
        ("We work with monday.com.", ""), ("We help Booking.com with it.", ""),
        ("Write to alex@ours.example.com", ""), ("It is at acme.com/pricing", ""),
        ("Your website acme.com is slow.", ""), ("Built with Node.js", ""), ("at 9.30", ""),
    ],
)  # fmt: skip
def test_a_bare_domain_is_no_name(words: str, name: str) -> None:
    assert machine_words.domain_as_name(words) == name
    blocked = guard_of("A question", f"Hi Dana,\n\n{words}{REST}") == "placeholder"
    assert blocked is bool(name)
