"""Replies and quotes that people who do this job reported, and siblings of each kind."""

import json
from pathlib import Path
from typing import Any

import pytest

from outreach.reply_sorting.classify import sort_reply
from outreach.reply_sorting.phrases import WORD_LISTS

REPLIES = Path(__file__).parent / "replies"
ROWS = [json.loads(line) for line in (REPLIES / "from_the_field.jsonl").read_text().splitlines()]
QUOTES: dict[str, str] = json.loads((REPLIES / "quotes_from_the_field.json").read_text())
SUBJECT = "Re: A question"
OURS = (
    "Hi Dana,\n\nWould you be open to twenty minutes this month?\n\nAlex Moreno\nPartner, Ours\n\n"
    "1 Example Street, Columbus, OH 43004\n"
    "Unsubscribe: https://ours.example.com/u/abcdefghijklmnopqrstu"
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_reply_from_the_field_is_sorted_rightly(row: dict[str, Any]) -> None:
    found = sort_reply(row.get("subject", SUBJECT), row["body"])
    assert found.kind in row["right"]
    assert found.is_sure == row.get("sure", found.is_sure)


@pytest.mark.parametrize("name", QUOTES)
def test_our_own_words_below_an_answer_are_cut(name: str) -> None:
    found = sort_reply(SUBJECT, QUOTES[name], [OURS])
    assert (found.kind, found.said) == ("positive", "Sounds good, Tuesday works.")


@pytest.mark.parametrize(
    "body",
    [
        "Sounds great... said nobody, ever.", "Wonderful, yet another AI pitch.",
        "Sure, when pigs fly.", "I'd be delighted. NOT.", "Yes, in your dreams.",
        "Love it when another bot writes to me.", "Oh yeah right, let's talk.",
        "Ja klar, noch eine KI.", "Mais bien sûr, encore un robot.",
    ],
)  # fmt: skip
def test_irony_is_never_a_sure_yes(body: str) -> None:
    found = sort_reply(SUBJECT, body)
    assert found.kind != "positive" or not found.is_sure


@pytest.mark.parametrize(
    "body",
    [
        "I wouldn't say that I am interested in this kind of thing.",
        "Hardly anybody here would be interested in this.",
        "I never said that this sounds good to us.",
        "Nobody on our team would like to hear more of this.",
        "It is far from the case that we are interested in this.",
    ],
)
def test_a_negated_yes_is_never_a_sure_yes(body: str) -> None:
    found = sort_reply(SUBJECT, body)
    assert found.kind != "positive" or not found.is_sure


@pytest.mark.parametrize(
    "body",
    [
        "Please remove Sam from your list and write to me instead. Tuesday works for me.",
        "Take her off your list, but I'd love to hear more. Call me on Friday.",
        "Nehmen Sie Frau Vogt aus dem Verteiler, schreiben Sie nur mir. Dienstag passt gut.",
    ],
)
def test_a_stop_for_somebody_else_beside_a_yes_asks_a_person(body: str) -> None:
    assert not sort_reply(SUBJECT, body).is_sure


@pytest.mark.parametrize(
    "body",
    [
        "Can your tool delete old contacts?", "Do you handle opt-outs for your customers?",
        "Kann das Tool alte Kontakte löschen?", "Comment gérez-vous les désabonnements ?",
        "¿Se pueden eliminar contactos antiguos?", "符合GDPR吗?",
    ],
)  # fmt: skip
def test_a_question_about_stops_is_no_stop(body: str) -> None:
    assert sort_reply(SUBJECT, body).kind == "question"


@pytest.mark.parametrize(
    "body",
    ["Can you remove me from this?", "Will you please stop?", "Wie kann ich mich abmelden?",
     "¿Cómo me doy de baja?", "怎么退订?"],
)  # fmt: skip
def test_a_question_of_whoever_wants_out_is_a_stop(body: str) -> None:
    assert sort_reply(SUBJECT, body).kind == "stop"


@pytest.mark.parametrize(
    ("subject", "body", "fate", "successor"),
    [
        ("Automatic reply: A question", "I retired in May. Contact Sam Ito at sam@acme.test.",
         "gone", "Contact Sam Ito at sam@acme.test."),
        ("Automatic reply: A question", "Dana has left the company.", "gone", ""),
        ("Abwesenheit", "Frau Vogt ist nicht mehr im Unternehmen tätig. Nachfolger ist Jan Ohm.",
         "gone", "Nachfolger ist Jan Ohm."),
        ("Réponse automatique", "Je ne fais plus partie de la société.", "gone", ""),
        ("自动回复", "本人已离职。请联系 sam@acme.test。", "gone", "请联系 sam@acme.test。"),
        (SUBJECT, "I no longer work there.", "gone", ""),
        ("Undeliverable: A question", "User unknown: dana@acme.test", "undeliverable",
         "User unknown: dana@acme.test"),
        ("Mail delivery failed", "550 5.1.1 no such user", "undeliverable", ""),
        ("Delivery delayed", "The message will be retried for two days.", "delayed", ""),
        ("Undeliverable: A question", "The mailbox is full.", "delayed", ""),
        ("Automatic reply", "I am out of the office until May 3.", "", ""),
        (SUBJECT, "Our last vendor has left the company in the lurch. Let's talk.", "", ""),
    ],
)  # fmt: skip
def test_what_became_of_the_address(subject: str, body: str, fate: str, successor: str) -> None:
    found = sort_reply(subject, body)
    assert (found.fate, found.successor) == (fate, successor)


def test_a_banner_of_the_receiver_is_not_said() -> None:
    banner = "[EXTERN] Diese E-Mail stammt von ausserhalb."
    assert sort_reply(SUBJECT, f"{banner}\nYes, call me.").said == "Yes, call me."
    assert "External" in sort_reply(SUBJECT, "External staff do this for us.").said


def test_a_link_is_no_word() -> None:
    assert sort_reply(SUBJECT, "Happy to talk: https://acme.test/unsubscribe").kind == "positive"


def test_every_table_holds_lists_of_phrases() -> None:
    for file in ("mail", "stop", "automatic", "person", "alone"):
        for table in WORD_LISTS[file].values():
            assert all(phrases.endswith("\n") for phrases in table.values())
