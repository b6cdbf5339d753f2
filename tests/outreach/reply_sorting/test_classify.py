"""What must be so whatever the figures say; how often it is right is in test_reply_figures.py."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.models import ReplyKind
from outreach.reply_sorting.auto_replies import find_auto_reply, find_fate, find_successor
from outreach.reply_sorting.classify import SortedReply, is_bare_stop, sort_reply
from outreach.reply_sorting.phrases import (
    WORD_LISTS,
    PhraseSearch,
    detect_language,
    expand_names,
    fold_text,
    list_pattern,
    phrase_list,
)
from tests.pace import is_done_within

FOOTER = "Elif Demir\n1 Example Street\n\nUnsubscribe: https://caio.example.com/u/9f2c"
QUOTE = (
    "On Tue, Mar 3, 2026 at 9:14 AM Elif Demir <elif@caio.example.com> wrote:"
    f"\n\nHi Dana,\n\n{FOOTER}"
)
AUTOMATIC = "Automatic reply: Where AI would pay first"


def kind(body: str, subject: str = "Re: Where AI would pay first") -> str:
    return sort_reply(subject, body).kind


@pytest.mark.parametrize(
    "body",
    [
        "stop", "STOP.", "Stop!!", "unsubscribe", "Unsubscribe please", "remove me", "opt out",
        "Please stop",
        "REMOVE", "stop emailing me", "Stop sending these", "take me off your list",
        "take my name off this list",
        "do not contact me", "Don’t email me again", "never write to us again", "cease and desist",
        "leave me alone",
        "this is spam", "your unsubscribe link doesn't work", "I did not consent to this",
        "delete my data",
        "no more emails", "I am going to report you for spam", "you will hear from my lawyer",
        "Erase my details under GDPR", "please unsubcribe me", "f*ck off", "Thanks, but stop",
        "I'd like to be removed",
    ],
)  # fmt: skip
def test_stop_is_heard(body: str) -> None:
    assert kind(body) == "stop"
    assert kind(f"{body}\n\n{QUOTE}") == "stop"
    assert kind(f"<p>{body}</p><blockquote>Hi Dana, would you talk?</blockquote>") == "stop"


@pytest.mark.parametrize(
    "body",
    [
        "Who do I contact to unsubscribe?",
        "How many times must I unsubscribe?",
        "I can't use your link to unsubscribe",
        "I asked you to unsubscribe me, please reply",
        "They won't let me unsubscribe",
        "Do not contact me unless I ask you to",
        "Your people need to stop emailing me",
        "You need to stop calling us, full stop",
        "I don't think I want to receive these. Delete my address.",
        "We want to stop getting your emails",
        "Don't forget to take me off your list",
        "Don't worry about a call, just remove me",
    ],
)
def test_stop_is_heard_where_a_trap_is_near(body: str) -> None:
    assert kind(body) == "stop"


@pytest.mark.parametrize(
    "body",
    [
        "Please stop by our booth, happy to chat there.",
        "We can't stop growing, let's talk on Tuesday.",
        "Unsubscribe rates are our problem. Can you help with that?",
        "Too many people unsubscribe from our newsletter. Could you fix that?",
        "We want a one-stop shop. Do you do that?",
        "Don't hesitate to send me times for a call.",
        "Are you GDPR compliant?",
        "We need to stop losing deals. Let's talk on Monday.",
        "I want our reps to stop emailing cold lists. Show me how?",
        "Our legal team will want to see your SOC 2 report. Can you share it?",
    ],
)
def test_the_word_alone_does_not_make_it_stop(body: str) -> None:
    assert kind(body) != "stop"


def test_our_own_footer_in_the_quote_is_not_stop() -> None:
    assert kind(f"Sounds good, let's talk.\n\n{QUOTE}") == "positive"
    assert kind(f"Sounds good, let's talk.\n\n{FOOTER}") == "positive"
    assert (
        kind("<p>Sounds good</p><p><a href='https://caio.example.com/u/9'>Unsubscribe</a></p>")
        == "positive"
    )


@pytest.mark.parametrize(
    "body",
    ["Sounds great, let's talk. But stop emailing my colleague.", "No. Remove me.", "How? Stop."],
)
def test_stop_wins(body: str) -> None:
    assert kind(body) == "stop"


def test_hint_of_a_stop_is_an_unsure_stop() -> None:
    found = sort_reply("", "I find this creepy.")

    assert (found.kind, found.is_sure, found.words) == ("stop", False, ("creepy",))


def test_hint_of_a_stop_beside_a_yes_is_no_stop() -> None:
    assert sort_reply("", "Sounds good, I'm fed up with our vendor.").kind == "positive"


def test_stop_is_heard_below_the_signature_and_then_shown() -> None:
    found = sort_reply("Re: AI", "No thanks.\n\nBest regards\nDana\nPlease take me off your list")
    assert (found.kind, found.words) == ("stop", ("take me off your list",))
    assert "take me off your list" in found.said


def test_a_subject_that_asks_is_heard() -> None:
    assert kind("", "Unsubscribe") == "stop"
    assert kind("", "RE: remove me") == "stop"
    assert kind("", "Re: Stop doing one thing by hand") != "stop"


@pytest.mark.parametrize(
    "footer",
    [
        "To unsubscribe click here",
        "Click here to unsubscribe",
        "If you no longer wish to receive our news, unsubscribe.",
        "Unsubscribe",
        "You can unsubscribe at any time",
    ],
)
def test_a_programs_footer_is_not_stop(footer: str) -> None:
    assert kind(f"We have received your request.\n\n{footer}", AUTOMATIC) == "out_of_office"


def test_automatic_removal_request_is_unsure_stop() -> None:
    found = sort_reply(
        AUTOMATIC, "I no longer work here. Please remove this address from your mailing list."
    )
    assert (found.kind, found.is_sure) == ("stop", False)


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: AI", "[External] Automatic reply: AI", "Out of Office: AI",
        "Automatische Antwort: AI",
        "Abwesenheitsnotiz: AI", "Réponse automatique : AI", "Respuesta automática: AI",
        "Risposta automatica: AI",
        "Resposta automática: AI", "Automatisch antwoord: AI", "Autosvar: AI",
        "Automatyczna odpowiedź: AI",
        "自動応答: AI", "Undeliverable: AI", "Delivery Status Notification (Failure)",
        "Mail delivery failed: returning message to sender",
    ],
)  # fmt: skip
def test_a_programs_subject_is_enough(subject: str) -> None:
    assert kind("", subject) == "out_of_office"
    assert kind("Back Wednesday.", subject) == "out_of_office"


AWAY = "I am out of the office next week."


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            f"{AWAY} I will return on Monday, March 16. For urgent matters contact Joan.",
            "out_of_office",
        ),
        (f"{AWAY} Call me when I'm back.", "not_now"),
        (f"{AWAY} Could we do the week after?", "not_now"),
        (f"Sounds interesting. {AWAY} How about the 20th?", "positive"),
        (f"{AWAY} We are not interested.", "negative"),
    ],
)
def test_a_person_may_be_away_too(body: str, expected: str) -> None:
    assert kind(body) == expected


def test_unclear_automatic_reply_is_not_sure() -> None:
    assert sort_reply(AUTOMATIC, f"{AWAY} Back on Monday.").is_sure
    found = sort_reply(AUTOMATIC, "Sounds interesting, let's talk on Tuesday.")
    assert (found.kind, found.is_sure) == ("out_of_office", False)


def test_a_person_who_quotes_a_programs_note_is_a_person() -> None:
    assert (
        kind(f"Yes, let's talk on Monday.\n\n> {AWAY}\n> This is an automated message.")
        == "positive"
    )
    assert kind("Happy to talk on Tuesday.", "Re: Automatic reply: AI") == "positive"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "   \n",
        "> only quoted",
        QUOTE,
        "hm",
        "ok?",
        "Zdravím, děkujeme za zprávu, nevíme.",
        "!!",
        "42",
    ],
)
def test_unclear_is_a_question_and_a_person_looks(body: str) -> None:
    found = sort_reply("Re: AI", body)
    assert (found.kind, found.is_sure) == ("question", False)


@pytest.mark.parametrize(
    "body",
    [
        "Not interested, but let's talk next week on Tuesday.",
        "We have no budget, but happy to talk on Monday.",
        "word " * 3000,
    ],
)
def test_mixed_and_very_long_is_unsure(body: str) -> None:
    assert not sort_reply("Re: AI", body).is_sure


def test_a_plain_answer_is_sure_and_shows_its_words() -> None:
    assert sort_reply("Re: AI", "Thanks. Not Interested.\n\nDana") == SortedReply(
        "negative", True, "Thanks. Not Interested.\n\nDana", ("Not Interested",)
    )


LISTED = [
    f"{file}.{table}"
    for file in ("mail", "stop", "automatic", "person", "alone")
    for table in WORD_LISTS[file]
]


def example(phrase: str) -> str:
    """Words that `phrase` must find: the first of each (a|b), nothing for "~", 5 for "#"."""
    phrase = expand_names(phrase)
    while group := re.search(r"\(([^()|]*)[^()]*\)([?*]?)", phrase):
        phrase = phrase.replace(group[0], "" if group[2] else group[1], 1)
    phrase = re.sub(r"[^()]\?", "", phrase)
    return re.sub(
        r" {2,}", " ", phrase.replace("~", " ").replace("*", "").replace("#", "5")
    ).strip()


@pytest.mark.parametrize("name", LISTED)
def test_every_phrase_is_found(name: str) -> None:
    missed = [
        phrase for phrase in phrase_list(name) if not list_pattern(name).search(example(phrase))
    ]
    assert missed == []


def test_phrases_are_unique_and_use_documented_syntax() -> None:
    for name in LISTED:
        assert len(phrase_list(name)) == len(set(phrase_list(name))), name
        assert not re.search(r"[\\\[\].+^$]|\(\?", " ".join(phrase_list(name))), name


def test_every_name_is_used() -> None:
    lines = "".join(phrase for name in LISTED for phrase in phrase_list(name)) + "".join(
        WORD_LISTS["also"].values()
    )
    assert [name for name in WORD_LISTS["also"] if f"{{{name}}}" not in lines] == []


def test_accents_capitals_and_apostrophes_do_not_count_and_nothing_moves() -> None:
    assert fold_text("Désabonnez-MOI, don’t\xa0ŁÓDŹ") == "desabonnez-moi, don't lodz"
    assert detect_language("Wir haben das nicht und sind auch mit der Sache fertig") == "de"
    assert detect_language("x 42") == ""


WRITTEN = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from([
            "stop", "not interested", "don't", "contact", "me", "\n", "> ", "On 1 wrote:",
            "From: a", "Sent: b", "<p>",
            "</p>", "<blockquote>", "<!--", "-->", "<style>", "Best regards", "?",
            "out of the office", "İ", "é", "’",
            "\x00", "until 3", "--", "Automatic reply", "日本", "停止", "&amp;", "<a href=x>",
            "happy to talk",
            "&#8217;", "\r\n", "\u200b", "e\u0301",
        ])
    ).map(" ".join),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(subject=WRITTEN, body=WRITTEN)
def test_whatever_comes_is_sorted_with_words_that_stand_there(subject: str, body: str) -> None:
    found = sort_reply(subject, body)
    assert found.kind in ReplyKind.values
    assert all(word and (word in found.said or word in subject) for word in found.words)
    assert found.words or not found.is_sure


@given(st.text())
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    assert len(fold_text(text)) == len(text)


@pytest.mark.parametrize(
    "junk",
    ["\n", "<", "<p>", "<!--", "On 1 wrote ", "On Mon 1 wrote:\n", "From: a\n", "--\n", "not ",
     "1.", "don't, ", "&#",
     "日", "best regards\n", "<blockquote>", "_"],
)  # fmt: skip
def test_a_megabyte_of_junk_takes_no_longer_than_its_length(junk: str) -> None:
    # 0.4 s at most on an idle machine; quadratic would be minutes
    text = junk * (1_000_000 // len(junk))
    assert is_done_within(3, lambda: sort_reply(junk * 20, text))


@pytest.mark.parametrize(
    ("text", "is_automatic", "fate"),
    [
        ("The mailbox is full.", True, "delayed"),
        ("User unknown.", True, "undeliverable"),
        ("Dana is no longer with Acme.", True, "gone"),
        ("I am back on Monday.", True, ""),
        ("I no longer work at Acme.", False, "gone"),
        # A person speaks of a colleague, or of a mailbox
        ("Dana is no longer with Acme.", False, ""),
        ("The mailbox is full.", False, ""),
    ],
)
def test_what_became_of_the_address(text: str, is_automatic: bool, fate: str) -> None:
    assert find_fate(text, is_automatic=is_automatic) == fate


def test_an_answer_of_a_calendar_is_automatic_but_not_sure() -> None:
    found = find_auto_reply("Accepted: A talk", PhraseSearch("Dana Reyes"))
    assert found is not None and not found.is_sure
    assert [word.lower() for word in found.words] == ["accepted"]


@pytest.mark.parametrize(
    ("subject", "words", "is_sure"),
    [
        ("Hello", "I am out of the office until May 4.", True),
        ("Hello", "I am out of the office.", False),
        ("Automatic reply: Hello", "I am out of the office. Does Tuesday suit you?", False),
    ],
)
def test_how_sure_an_automatic_reply_is(subject: str, words: str, is_sure: bool) -> None:
    found = find_auto_reply(subject, PhraseSearch(words))
    assert found is not None and found.is_sure is is_sure


def test_a_person_wrote_no_automatic_reply() -> None:
    assert find_auto_reply("Re: Hello", PhraseSearch("Tuesday at ten suits me.")) is None


def test_the_successor_with_an_address_comes_first() -> None:
    text = "Please contact my successor. Write to ben@example.com instead."
    assert find_successor(text) == "Write to ben@example.com instead."
    assert find_successor("Please contact Ben Ito.") == "Please contact Ben Ito."
    assert find_successor("Bye.") == ""


@pytest.mark.parametrize(
    ("said", "is_bare"),
    [
        ("STOP", True),
        ("Unsubscribe please. Thanks.", True),
        ("Unsubscribe. Thanks. Dana.", False),
        ("Tell me more.", False),
    ],
)
def test_a_bare_stop_has_two_sentences_at_most(said: str, is_bare: bool) -> None:
    assert is_bare_stop("Re: Hello", said) is is_bare


def test_a_yes_beside_a_stop_for_others_is_not_sure() -> None:
    found = sort_reply("Re: Hello", "Sounds great, let's talk. Please remove Ben from your list.")
    assert (found.kind, found.is_sure) == (ReplyKind.POSITIVE, False)
