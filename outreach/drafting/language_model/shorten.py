"""A shorter version of a text, as somebody at the desk asked for it.

The model gets the text as it stands and may only leave out: every fact of its answer must stand in
that text. The answer must pass each check of a draft, and have fewer words.
"""

from typing import Any

from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.nudge import nudge
from leads.models import Kind
from outreach.choices import Status
from outreach.content import merge_fields, style
from outreach.drafting import ab_assignment, compose, drafting_facts
from outreach.drafting.language_model import fact_check, prompt, reworded, rewrite_requests
from outreach.drafting.language_model.reworded import NoRewrite
from outreach.lifecycle.transitions import IllegalMove, StaleMessage
from outreach.models import Message, MessageText, ModelDraft

FEWEST_WORDS = 25  # of a shortened email
SHORT_ALREADY = 40  # words, with the greeting
PERSONAL = "Not sent to the language model: it contains personal details."
TYPED = "Not sent to the language model: a person has written in it."
State, SHORTER = ModelDraft.State, ModelDraft.Purpose.SHORTER


class CannotShorten(Exception):
    """The text says why nobody was asked."""


def request_shorter(message: Message, version: int, *, by: Any) -> None:
    """Request a shorter text in place of `version`. One that failed may be requested again.

    Raises StaleMessage, IllegalMove, CannotShorten.
    """
    if message.version != version:
        raise StaleMessage(message.status, message.version)
    if message.status != Status.HELD:
        raise IllegalMove(message.status, Status.HELD)
    if why := why_not_shorter(message):
        raise CannotShorten(why)
    row, is_new = ModelDraft.objects.get_or_create(
        message=message, for_version=version, purpose=SHORTER, defaults={"asked_by": by}
    )
    if not is_new:
        settled = ModelDraft.objects.filter(pk=row.pk, state=State.FELL_BACK)
        claims.claim_row(
            settled,
            state=State.DUE,
            why="",
            settled_at=None,
            lease_until=None,
            attempts=0,
            asked_by=by,
            created_at=timezone.now(),
        )
    nudge("outreach.ask_model")


def newest_request(message: Message) -> ModelDraft | None:
    return message.model_drafts.filter(purpose=SHORTER, for_version=message.version).first()


def why_not_shorter(message: Message) -> str:
    """Why the model cannot be asked about this text, as a sentence; "" where it can."""
    text = message.text
    if not rewrite_requests.is_on():
        return "The language model is turned off."
    if text is None or message.step > 1 or message.kind not in (Kind.LIVE, Kind.EXAMPLE):
        return "Only a first email to a visitor can be shortened by it."
    if message.offer_ends_at is not None:
        return "It offers times, which must stay letter for letter."
    if ab_assignment.is_assigned(message):
        return "It is part of an A/B test: what is tested must be what is read."
    if text.author_id is not None:
        return TYPED
    if (words := len(text.body.split())) <= SHORT_ALREADY:
        return f"It is short already: {words} words."
    if _question_of(text) is None:
        return PERSONAL
    return rewrite_requests.current_problem()


def current_question(wish: ModelDraft) -> prompt.Question:
    """Raises StaleMessage, NoRewrite."""
    _, text = _current_text(wish)
    question = None if text.author_id is not None else _question_of(text)
    if question is None:
        raise NoRewrite(PERSONAL)
    return question


def shortened_email(
    wish: ModelDraft,
    question: prompt.Question,
    said: fact_check.ModelText,
    phrases: tuple[merge_fields.Phrase, ...],
) -> tuple[compose.ComposedEmail, Message]:
    """The email with the shorter words, checked. Raises StaleMessage, NoRewrite."""
    message, text = _current_text(wish)
    body = "\n\n".join([question.greeting, *said.paragraphs])
    before, after = len(text.body.split()), len(body.split())
    if after >= before:
        raise NoRewrite(f"Its text is not shorter: {after} words, now {before}.")
    greeted = [merge_fields.Phrase(**one) for one in text.phrases if one["field"] == "first_name"]
    words = reworded.ModelWords(
        question.subject,
        body,
        tuple(dict.fromkeys([*greeted, *phrases])),
        wish.model,
        question.prompt_version,
    )
    facts = drafting_facts.load_facts(message.lead)
    written = compose.compose_email(facts, message)
    written.template, written.footer = message.template, text.footer
    written.sender = message.sender or written.sender
    new = reworded.reworded_email(written, facts.recipient, message, words)
    if new.blocked:
        raise NoRewrite(f"A check stopped its text: {new.blocked.text}")
    if problems := style.text_problems(question.subject, body, FEWEST_WORDS):
        raise NoRewrite(f"Its wording: {problems[0].text}")
    return new, message


def _current_text(wish: ModelDraft) -> tuple[Message, MessageText]:
    rows = Message.objects.select_related(
        "lead__company", "lead__owner", "assessment", "template", "sender"
    )
    message = rows.get(pk=wish.message_id)
    text = message.text
    if message.status != Status.HELD or message.version != wish.for_version or text is None:
        raise StaleMessage(message.status, message.version)
    return message, text


def _question_of(text: MessageText) -> prompt.Question | None:
    """Only facts that the text says are given, with the words in which it says them."""
    used = {one["field"] for one in text.phrases}
    fields = {
        one["field"]: merge_fields.FieldValue(one["text"], one["source"]) for one in text.phrases
    }
    return prompt.build_question(text.subject, text.body, used, fields, is_shortened=True)
