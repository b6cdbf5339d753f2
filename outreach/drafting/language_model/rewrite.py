"""Asking the language model to say a held template draft anew, and putting its words in that draft's place.

Take, commit, call, record. The template's draft waits in the queue all the while: whatever fails here, it stands, and
the row says why. A worker that dies leaves a lease; the wish is taken up once more, and after that no more.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from caio_project.lib import http
from caio_project.lib.db import claims
from leads.integrations import breaker
from outreach.choices import Status
from outreach.content import merge_fields, style
from outreach.drafting import compose, drafts
from outreach.drafting.language_model import fact_check, prompt, rewrite_requests, token_budget
from outreach.integrations import language_model
from outreach.lifecycle.transitions import Stale
from outreach.models import Message, ModelDraft

log = logging.getLogger(__name__)

AT_ONCE = 2  # calls under way; each may last LLM_TIMEOUT_SECONDS, and the door needs workers too
TRIES = 2
LEASE_AFTER = timedelta(seconds=60)  # the deadline of the call
TOO_LATE = "Somebody opened, changed or decided it before the language model had answered."
OFF = "The language model was turned off."
State = ModelDraft.State


class NotAsked(Exception):
    """The model was not asked, or gave no answer; the message is a sentence."""


@dataclass(frozen=True)
class Answer:
    text: str
    tokens: int


def ask_due(batch: int = 3) -> int:
    """Ask for the oldest wishes; returns how many were settled or tried. Where the model is off, all are settled so."""
    now, due = timezone.now(), ModelDraft.objects.filter(state=State.DUE)
    if not rewrite_requests.is_on():
        return due.update(state=State.FELL_BACK, why=OFF, settled_at=now)
    if due.filter(lease_until__gt=now).count() >= AT_ONCE:
        return 0
    lease, count = settings.LLM_TIMEOUT_SECONDS + int(LEASE_AFTER.total_seconds()), 0
    for wish in claims.leased(due.order_by("created_at"), lease, batch):
        count += 1
        _take(wish)
    return count


def _take(wish: ModelDraft) -> None:
    try:
        _say_anew(wish)
    except (NotAsked, prompt.BadAnswer, fact_check.Untraced) as why:
        _fall_back(wish, str(why))
    except Stale:
        _fall_back(wish, TOO_LATE)
    except Exception as error:
        log.exception("email %s could not be said anew", wish.message_id)
        _fall_back(wish, f"It failed here: {type(error).__name__}.")


def _say_anew(wish: ModelDraft) -> None:
    if wish.attempts > TRIES:
        raise NotAsked("The work was cut short twice.")
    question = _question(wish)
    wish.model, wish.prompt_version = settings.LLM_MODEL, prompt.PROMPT_VERSION
    wish.question_sha256 = question.sha256
    answer = ask(question)
    wish.tokens = answer.tokens
    said = prompt.read(answer.text)
    phrases = fact_check.trace(said, question.known)
    with transaction.atomic():
        _put_in_place(wish, question, said, phrases)


def _question(wish: ModelDraft) -> prompt.Question:
    """As things are now; NotAsked where there is none, Stale where the text has another reader by now."""
    _, written = _composed(wish)
    question = rewrite_requests.question_of(written)
    if question is None:
        raise NotAsked("What it says of this person does not leave the house.")
    return question


def _composed(wish: ModelDraft) -> tuple[Message, compose.Written]:
    """The email that waits, and what its template says today."""
    rows = Message.objects.select_related(
        "lead__company", "lead__owner", "assessment", "template", "sender"
    )
    message = rows.get(pk=wish.message_id)
    text = message.text
    if (
        message.status != Status.HELD
        or message.opened_at
        or message.version != wish.for_version
        or text is None
    ):
        raise Stale(message.status, message.version)
    written = compose.compose(message.lead, message)
    if (written.subject, written.body, written.footer) != (text.subject, text.body, text.footer):
        raise NotAsked("The template would say something else by now.")
    return message, written


def ask(question: prompt.Question) -> Answer:
    """One call within the breaker and the day's tokens. Raises NotAsked."""
    if breaker.nobody_may_ask(vendor=rewrite_requests.VENDOR):
        raise NotAsked(
            f"The language model is away: {breaker.row(rewrite_requests.VENDOR).reason}."
        )
    claimed = question.most_tokens
    day = token_budget.claim(claimed)
    if day is None:
        raise NotAsked("The language model's tokens of the day are used up.")
    turn = breaker.may_ask(vendor=rewrite_requests.VENDOR)
    if turn is None:
        token_budget.settle(day, claimed, 0)
        raise NotAsked("The language model is away, and another worker tries whether it is back.")
    try:
        completion = language_model.complete(question.messages, prompt.ANSWER_TOKENS)
    except http.Failure as failure:
        breaker.failed(failure.detail, turn, vendor=rewrite_requests.VENDOR)
        if 400 <= failure.status < 500:
            token_budget.settle(
                day, claimed, 0
            )  # what was refused costs nothing; what broke off may have cost
        raise NotAsked(f"The language model did not answer: {failure.detail}.") from failure
    breaker.answered(vendor=rewrite_requests.VENDOR)
    cost = min(completion.tokens or claimed, 10 * claimed)
    token_budget.settle(day, claimed, cost)
    return Answer(completion.text, cost)


def _put_in_place(
    wish: ModelDraft,
    question: prompt.Question,
    said: fact_check.Said,
    phrases: tuple[merge_fields.Phrase, ...],
) -> None:
    """Guard the answer and store it as the next version; raises NotAsked or Stale, and then nothing is stored."""
    message, written = _composed(wish)
    again = rewrite_requests.question_of(written)
    if again is None or again.sha256 != question.sha256:
        raise NotAsked("More became known while the language model was asked.")
    body = "\n\n".join([question.greeting, *said.paragraphs])
    name = written.fields["first_name"]
    phrases = (merge_fields.Phrase(name.text, "first_name", name.source), *phrases)
    by = (settings.LLM_MODEL, prompt.PROMPT_VERSION)
    new = compose.reworded(written, message, said.subject, body, phrases, by)
    if new.blocked:
        raise NotAsked(f"A check stopped its text: {new.blocked.text}")
    if problems := style.of_text(said.subject, body):
        raise NotAsked(f"Its wording: {problems[0].text}")
    if not _settle(wish, State.USED, ""):
        raise Stale(message.status, message.version)
    drafts.replace(message, new)


def _fall_back(wish: ModelDraft, why: str) -> None:
    if not _settle(wish, State.FELL_BACK, why):
        log.info("the wish for email %s was settled by another", wish.message_id)


def _settle(wish: ModelDraft, state: str, why: str) -> bool:
    """Only as the holder of the lease."""
    mine = ModelDraft.objects.filter(pk=wish.pk, state=State.DUE, lease_until=wish.lease_until)
    return claims.claim(
        mine, state=state, why=why[:200], settled_at=timezone.now(), lease_until=None, model=wish.model[:80],
        prompt_version=wish.prompt_version, question_sha256=wish.question_sha256, tokens=wish.tokens,
    )  # fmt: skip
