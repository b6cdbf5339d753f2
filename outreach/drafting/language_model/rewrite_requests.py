"""Which texts the language model is asked to rewrite, and its state. Off until a Lead turns it on.

The template's draft is written, checked and held first. The model's text takes its place only
while nobody has opened it, and is never approved by the machine.
"""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count

from caio_project.lib.nudge import nudge
from leads.integrations import breaker
from leads.models import Kind, Switch
from leads.scoring import assess
from outreach.contact_history.recipients import Recipient
from outreach.content import merge_fields
from outreach.drafting import ab_assignment, compose
from outreach.drafting.language_model import prompt, reworded, token_budget
from outreach.models import Message, MessageText, ModelDraft

SWITCH_NAME = "language_model"
SWITCH_DESCRIPTION = (
    "Has a language model say first emails in words of its own, from the template and what is "
    "known of the company; "
    "name and address never leave. Where it fails, or says what no field holds, the text of "
    "the template stands. Off: "
    "nothing is sent to it. It also needs LLM_BASE_URL and LLM_MODEL."
)
VENDOR = breaker.Vendor("llm", "The language model", "Templates write.")
NEWEST_COUNTED = 20
State, Purpose = ModelDraft.State, ModelDraft.Purpose


def is_set_up() -> bool:
    return bool(settings.LLM_BASE_URL and settings.LLM_MODEL)


def is_on() -> bool:
    return (
        is_set_up() and assess.is_on() and Switch.objects.filter(name=SWITCH_NAME, on=True).exists()
    )


def request_rewrite(message: Message) -> None:
    """Request a rewrite of a held first email, where the model is on. Once for each text."""
    if (
        message.step > 1
        or message.template_id is None
        or message.offer_ends_at is not None  # its times are ours, letter for letter
        or message.kind not in (Kind.LIVE, Kind.EXAMPLE)
        or not is_on()
    ):
        return
    if ab_assignment.is_assigned(message):
        return  # what is tested must be what is read
    ModelDraft.objects.get_or_create(message=message, for_version=message.version)
    nudge("outreach.ask_model")


def question_of(written: compose.ComposedEmail) -> prompt.Question | None:
    """Return the question for a template's email; None where the email holds personal details."""
    used = {phrase["field"] for phrase in written.phrases}
    return prompt.build_question(written.subject, written.body, used, written.fields)


def kept_rewrite(
    message: Message, recipient: Recipient, written: compose.ComposedEmail
) -> compose.ComposedEmail | None:
    """Return the model's text, checked again, where its question would be the same today."""
    text, used = message.text, message.model_drafts.filter(state=State.USED).last()
    question = question_of(written)
    if text is None or not text.language_model or used is None or question is None:
        return None
    if used.question_sha256 != question.sha256:
        return None
    phrases = tuple(merge_fields.Phrase(**phrase) for phrase in text.phrases)
    words = reworded.ModelWords(
        text.subject, text.body, phrases, text.language_model, text.prompt_version
    )
    again = reworded.reworded_email(written, recipient, message, words)
    return None if again.blocked and not written.blocked else again


def authorship_sentence(message: Message, text: MessageText) -> str:
    if text.language_model and _is_shortened(message, text):
        return f"Shortened by {text.language_model}, prompt version {text.prompt_version}."
    if text.language_model:
        return (
            f"Drafted by {text.language_model}, prompt version {text.prompt_version}; "
            "the template is what it rests on."
        )
    asked = message.model_drafts.filter(purpose=Purpose.REWORD).last()
    if asked is None or text.author_id is not None:
        return ""
    return (
        "The language model is being asked."
        if asked.state == State.DUE
        else f"The template's text: {asked.why}"
    )


def _is_shortened(message: Message, text: MessageText) -> bool:
    return message.model_drafts.filter(
        purpose=Purpose.SHORTER, state=State.USED, for_version=text.version - 1
    ).exists()


@dataclass(frozen=True)
class ModelStatus:
    """The state of the model; `problem` is a sentence where it is not asked now."""

    is_set_up: bool
    is_on: bool
    model: str
    used_today: int
    limit: int
    problem: str
    last: int  # emails that it was asked for, of the newest 20
    written: int  # of them, by it
    why_not: tuple[tuple[str, int], ...]  # why the others were not, the most frequent first


def model_status() -> ModelStatus:
    newest = (
        ModelDraft.objects.exclude(state=State.DUE)
        .order_by("-settled_at", "-pk")
        .values_list("pk", flat=True)[:NEWEST_COUNTED]
    )
    rows = ModelDraft.objects.filter(pk__in=list(newest))
    failed = (
        rows.filter(state=State.FELL_BACK)
        .values_list("why")
        .annotate(n=Count("pk"))
        .order_by("-n", "why")
    )
    return ModelStatus(
        is_set_up(),
        is_on(),
        settings.LLM_MODEL,
        token_budget.tokens_used_today(),
        settings.LLM_DAILY_TOKENS,
        current_problem(),
        rows.count(),
        rows.filter(state=State.USED).count(),
        tuple(failed[:3]),
    )


def current_problem() -> str:
    if not is_on():
        return ""
    row = breaker.breaker_row(VENDOR)
    if row.opened_at is not None:
        return f"It is not asked: {row.reason}."
    return "Today's tokens are used up." if token_budget.is_used_up() else ""
