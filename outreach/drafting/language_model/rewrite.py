"""Ask the language model to rewrite or shorten a held draft; its words become the next version.

Claim, commit, call, record. The template's draft waits in the queue meanwhile: if anything fails
here it stays, and the row says why. A worker that dies leaves a lease; the request is tried once
more after that.
"""

import logging
from dataclasses import dataclass, replace
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from caio_project.lib import http
from caio_project.lib.db import claims
from leads.integrations import breaker
from outreach.choices import Status
from outreach.contact_history.recipients import Recipient
from outreach.content import merge_fields, style
from outreach.drafting import compose, drafting_facts, drafts
from outreach.drafting.language_model import (
    fact_check,
    prompt,
    reworded,
    rewrite_requests,
    shorten,
    token_budget,
)
from outreach.drafting.language_model.reworded import NoRewrite
from outreach.integrations import language_model
from outreach.lifecycle.transitions import StaleMessage
from outreach.models import Message, ModelDraft

log = logging.getLogger(__name__)

CALLS_AT_ONCE = 2  # each may last LLM_TIMEOUT_SECONDS, and sending needs workers too
MOST_TRIES = 2
LEASE_AFTER = timedelta(seconds=60)  # the deadline of the call
DECIDED_MEANWHILE = "Somebody opened, changed or decided it before the language model had answered."
TURNED_OFF = "The language model was turned off."
State, Purpose = ModelDraft.State, ModelDraft.Purpose


@dataclass(frozen=True)
class ModelAnswer:
    text: str
    tokens: int


def ask_due_requests(batch: int = 3) -> int:
    """Process the oldest requests; returns how many. Where the model is off, all are settled so."""
    now, due = timezone.now(), ModelDraft.objects.filter(state=State.DUE)
    if not rewrite_requests.is_on():
        return due.update(state=State.FELL_BACK, why=TURNED_OFF, settled_at=now)
    if due.filter(lease_until__gt=now).count() >= CALLS_AT_ONCE:
        return 0
    lease, count = settings.LLM_TIMEOUT_SECONDS + int(LEASE_AFTER.total_seconds()), 0
    for wish in claims.lease_rows(due.order_by("created_at"), lease, batch):
        count += 1
        _rewrite_or_fall_back(wish)
    return count


def _rewrite_or_fall_back(wish: ModelDraft) -> None:
    try:
        _rewrite_email(wish)
    except (NoRewrite, prompt.BadAnswer, fact_check.UntracedFact) as why:
        _fall_back(wish, str(why))
    except StaleMessage:
        _fall_back(wish, DECIDED_MEANWHILE)
    except Exception as error:
        log.exception("email %s could not be rewritten", wish.message_id)
        _fall_back(wish, f"It failed here: {type(error).__name__}.")


def _rewrite_email(wish: ModelDraft) -> None:
    if wish.attempts > MOST_TRIES:
        raise NoRewrite("The work was cut short twice.")
    shortens = wish.purpose == Purpose.SHORTER
    question = shorten.current_question(wish) if shortens else _current_question(wish)
    wish.model, wish.prompt_version = settings.LLM_MODEL, question.prompt_version
    wish.question_sha256 = question.sha256
    answer = ask_model(question)
    wish.tokens = answer.tokens
    said = prompt.parse_answer(answer.text)
    if shortens:
        said = replace(said, subject=question.subject)
    phrases = fact_check.trace_facts(said, question.known)
    with transaction.atomic():
        if shortens:
            _store_shorter(wish, question, said, phrases)
        else:
            _store_rewrite(wish, question, said, phrases)


def _store_shorter(
    wish: ModelDraft,
    question: prompt.Question,
    said: fact_check.ModelText,
    phrases: tuple[merge_fields.Phrase, ...],
) -> None:
    new, message = shorten.shortened_email(wish, question, said, phrases)
    if not _settle_request(wish, State.USED, ""):
        raise StaleMessage(message.status, message.version)
    drafts.replace_text(message, new, is_asked_for=True)


def _current_question(wish: ModelDraft) -> prompt.Question:
    written, _, _ = _compose_again(wish)
    question = rewrite_requests.question_of(written)
    if question is None:
        raise NoRewrite("Not sent to the language model: the email contains personal details.")
    return question


def _compose_again(wish: ModelDraft) -> tuple[compose.ComposedEmail, Message, Recipient]:
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
        raise StaleMessage(message.status, message.version)
    facts = drafting_facts.load_facts(message.lead)
    written = compose.compose_email(facts, message)
    if (written.subject, written.body, written.footer) != (text.subject, text.body, text.footer):
        raise NoRewrite("The template would say something else by now.")
    return written, message, facts.recipient


def ask_model(question: prompt.Question) -> ModelAnswer:
    """Call the model once, within the circuit breaker and the day's tokens. Raises NoRewrite."""
    if breaker.is_blocked(vendor=rewrite_requests.VENDOR):
        raise NoRewrite(
            f"The language model is away: {breaker.breaker_row(rewrite_requests.VENDOR).reason}."
        )
    claimed = question.most_tokens
    day = token_budget.claim_tokens(claimed)
    if day is None:
        raise NoRewrite("The language model's tokens of the day are used up.")
    turn = breaker.request_permit(vendor=rewrite_requests.VENDOR)
    if turn is None:
        token_budget.settle_tokens(day, claimed, 0)
        raise NoRewrite("The language model is away, and another worker tries whether it is back.")
    try:
        completion = language_model.request_completion(question.messages, prompt.ANSWER_TOKENS)
    except http.HttpError as failure:
        breaker.record_failure(failure.detail, turn, vendor=rewrite_requests.VENDOR)
        if 400 <= failure.status < 500:
            token_budget.settle_tokens(
                day, claimed, 0
            )  # what was refused costs nothing; what broke off may have cost
        raise NoRewrite(f"The language model did not answer: {failure.detail}.") from failure
    breaker.close_after_answer(vendor=rewrite_requests.VENDOR)
    cost = min(completion.tokens or claimed, 10 * claimed)
    token_budget.settle_tokens(day, claimed, cost)
    return ModelAnswer(completion.text, cost)


def _store_rewrite(
    wish: ModelDraft,
    question: prompt.Question,
    said: fact_check.ModelText,
    phrases: tuple[merge_fields.Phrase, ...],
) -> None:
    written, message, recipient = _compose_again(wish)
    again = rewrite_requests.question_of(written)
    if again is None or again.sha256 != question.sha256:
        raise NoRewrite("More became known while the language model was asked.")
    body = "\n\n".join([question.greeting, *said.paragraphs])
    name = written.fields["first_name"]
    phrases = (merge_fields.Phrase(name.text, "first_name", name.source), *phrases)
    words = reworded.ModelWords(
        said.subject, body, phrases, settings.LLM_MODEL, prompt.PROMPT_VERSION
    )
    new = reworded.reworded_email(written, recipient, message, words)
    if new.blocked:
        raise NoRewrite(f"A check stopped its text: {new.blocked.text}")
    if problems := style.text_problems(said.subject, body):
        raise NoRewrite(f"Its wording: {problems[0].text}")
    if not _settle_request(wish, State.USED, ""):
        raise StaleMessage(message.status, message.version)
    drafts.replace_text(message, new)


def _fall_back(wish: ModelDraft, why: str) -> None:
    if not _settle_request(wish, State.FELL_BACK, why):
        log.info("the wish for email %s was settled by another", wish.message_id)


def _settle_request(wish: ModelDraft, state: str, why: str) -> bool:
    mine = ModelDraft.objects.filter(pk=wish.pk, state=State.DUE, lease_until=wish.lease_until)
    return claims.claim_row(
        mine,
        state=state,
        why=why[:200],
        settled_at=timezone.now(),
        lease_until=None,
        model=wish.model[:80],
        prompt_version=wish.prompt_version,
        question_sha256=wish.question_sha256,
        tokens=wish.tokens,
    )
