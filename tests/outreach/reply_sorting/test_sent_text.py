"""What an email quotes of ours is found by its words, whatever the client made of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.reply_sorting.classify import sort_reply
from outreach.reply_sorting.sent_text import without_sent_text
from tests.pace import is_done_within

SENT = (
    "Hi Dana,\n\nWould you be open to twenty minutes this month?\n\nAlex Moreno\nPartner, Ours\n\n"
    "1 Example Street, Columbus, OH 43004\nUnsubscribe: https://ours.example.com/u/abcdefghij"
)
QUOTE = SENT.replace(": https://ours.example.com/u/abcdefghij", "")
INTRODUCTIONS = {
    "none": "",
    "icelandic": "Þann þri., 3. nóv. 2026 kl. 09:12 skrifaði Alex <alex@ours.example.com>:\n\n",
    "hungarian": "Alex <alex@ours.example.com> ezt írta (2026. nov. 3., K, 9:12):\n\n",
    "thai": "ในวันที่ 3 พ.ย. 2026 เวลา 09:12 Alex <alex@ours.example.com> เขียนว่า:\n\n",
    "estonian headers": "Saatja: Alex <alex@ours.example.com>\nSaadetud: 3. november\nTeema: x\n\n",
    "a rule": "______________________________\n\n",
    "a rule and headers": "-----\nFeladó: Alex <alex@ours.example.com>\nTárgy: x\n\n",
    "marked": "> ",
}


@pytest.mark.parametrize("introduction", INTRODUCTIONS.values(), ids=INTRODUCTIONS)
def test_our_text_and_its_introduction_are_cut(introduction: str) -> None:
    found = without_sent_text(f"Yes, Tuesday.\n\n{introduction}{QUOTE}", [SENT])
    assert found.strip() == "Yes, Tuesday."


@pytest.mark.parametrize(
    "body",
    [
        f"Unsubscribe\n\n{QUOTE}",
        f"{QUOTE}\n\nUnsubscribe",
        f"unsubscribe\n{QUOTE}",
        "Unsubscribe",
        f"Unsubscribe\n\nOn Tue 3, Alex <alex@ours.example.com> wrote:\n\n{QUOTE}",
    ],
)
def test_a_word_of_ours_typed_by_the_person_stays(body: str) -> None:
    assert sort_reply("Re: A question", body, [SENT]).kind == "stop"


def test_an_answer_between_our_lines_stays() -> None:
    text = (
        "> Hi Dana,\n>\n> Would you be open to twenty minutes this month?\n\nNo.\n\n> Alex Moreno"
    )
    assert without_sent_text(text, [SENT]).split() == [">", "No."]


def test_lines_wrapped_by_the_client_are_ours() -> None:
    text = "Fine.\n> Would you be open to\n> twenty minutes this month?"
    assert without_sent_text(text, [SENT]).strip() == "Fine."


def test_a_sentence_with_a_colon_above_the_quote_stays() -> None:
    assert without_sent_text(f"My answer:\n\n{QUOTE}", [SENT]).strip() == "My answer:"


@pytest.mark.parametrize("text", ["", "Yes.", "Would you call me?", "twenty minutes this"])
def test_what_is_not_ours_stays(text: str) -> None:
    assert without_sent_text(text, [SENT, "", "x"]) == text


def test_an_older_email_of_ours_is_cut_too() -> None:
    older = "Did you see my note about the pilot last week?"
    assert without_sent_text(f"Ok.\n{older}\n{QUOTE}", [SENT, older]).strip() == "Ok."


@given(st.lists(st.sampled_from([*QUOTE.split("\n"), "Yes.", "> ", "a: 1 @ x.y"])), st.text())
def test_nothing_is_added_and_nothing_raises(lines: list[str], sent: str) -> None:
    text = "\n".join(lines)
    assert set(without_sent_text(text, [SENT, sent]).split("\n")) <= {"", *text.split("\n")}


@pytest.mark.parametrize("junk", ["a b c d ", "a b c d\n", "a b c d e\n", "a: 1\n", "---\n"])
def test_junk_takes_no_longer_than_its_length(junk: str) -> None:
    text = junk * (30_000 // len(junk))
    assert is_done_within(3, lambda: sort_reply("", text, [text] * 3))
