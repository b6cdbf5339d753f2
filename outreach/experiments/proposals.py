"""Which subjects are answered how often, and what could be tested against them."""

import re
import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.utils import timezone

from caio_project.lib import statistics
from outreach.content.similarity import text_similarity
from outreach.drafting import template_choice
from outreach.email_templates import preview
from outreach.experiments import experiments
from outreach.models import EmailTemplate, Experiment, Message

SEEDS_FILE = Path(__file__).parent / "seeds" / "variants.toml"
TOO_ALIKE = 0.85
MOST_PROPOSED = 3
Kind = Experiment.Kind


class UnfitVariant(Exception):
    """Why a text cannot be a variant, as a sentence."""


@dataclass(frozen=True)
class SubjectReplies:
    """One version's subject and how often people answered."""

    template: str
    subject: str
    people: int
    answered: int

    @property
    def rate(self) -> float | None:
        return self.answered / self.people if self.people else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return statistics.wilson_interval(self.answered, self.people)


@dataclass(frozen=True)
class Proposal:
    """A variant that passes the checks, and what a test of it could show."""

    template: EmailTemplate
    variant: EmailTemplate
    kind: str
    before: str
    after: str


def replies_by_subject(
    now: datetime | None = None, look_back: timedelta = experiments.LOOK_BACK
) -> list[SubjectReplies]:
    now = now or timezone.now()
    found = []
    sent = experiments.sent_to_real_people(
        Message.objects.filter(sent_at__gte=now - look_back, template__isnull=False)
    )
    used = EmailTemplate.objects.filter(pk__in=sent.values("template"))
    for template in used:
        people = experiments.counted_recipients(sent.filter(template=template), now)
        answered = sum(has_answered for _, has_answered in people)
        found.append(SubjectReplies(str(template), template.subject, len(people), answered))
    return sorted(found, key=lambda one: (-one.people, one.template))


def find_proposals(kind: str, key: str = "") -> list[Proposal]:
    """Propose tests of first-email templates, the most used first; of `key` alone where given."""
    active = list(
        template_choice.first_emails().filter(**({"key": key} if key else {})).order_by("key")
    )
    recent = Message.objects.filter(sent_at__gte=timezone.now() - experiments.LOOK_BACK)
    used = {
        template.pk: experiments.sent_to_real_people(
            recent.filter(template__key=template.key)
        ).count()
        for template in active
    }
    tested = set(Experiment.objects.filter(ended_at=None).values_list("template_key", flat=True))
    found: list[Proposal] = []
    for template in sorted(active, key=lambda one: (-used[one.pk], one.key)):
        if (
            len(found) < MOST_PROPOSED
            and template.key not in tested
            and (proposed := _first_fitting(template, kind))
        ):
            found.append(proposed)
    return found


def _first_fitting(template: EmailTemplate, kind: str) -> Proposal | None:
    texts = tomllib.loads(SEEDS_FILE.read_text())[
        "subjects" if kind == Kind.SUBJECT else "calls_to_action"
    ]
    for text in texts:
        try:
            return build_proposal(template, kind, text)
        except UnfitVariant:
            continue
    return None


def build_proposal(template: EmailTemplate, kind: str, text: str) -> Proposal:
    """Propose `template` with another subject or closing question.

    Raises UnfitVariant where the checks find more wrong with it than with the template.
    """
    before = template.subject if kind == Kind.SUBJECT else call_to_action(template.body)
    if not before:
        raise UnfitVariant(f"{template} does not close with a question.")
    if text_similarity(before, text) >= TOO_ALIKE:
        raise UnfitVariant("It says nearly the same.")
    variant = EmailTemplate(
        key=template.key,
        tier=template.tier,
        angle=template.angle,
        signal=template.signal,
        name=template.name,
        subject=text.strip() if kind == Kind.SUBJECT else template.subject,
        other_subjects=[] if kind == Kind.SUBJECT else template.other_subjects,
        body=template.body if kind == Kind.SUBJECT else with_call_to_action(template.body, text),
    )
    known = {(one.field, one.text) for one in preview.preview_template(template).problems}
    worse = [
        one
        for one in preview.preview_template(variant, is_variant=True).problems
        if one.is_error or (one.field, one.text) not in known
    ]
    if worse:
        raise UnfitVariant(worse[0].text)
    return Proposal(template, variant, kind, before, text.strip())


def call_to_action(body: str) -> str:
    return "\n\n".join(_split_at_closing(body)[1])


def with_call_to_action(body: str, text: str) -> str:
    return "\n\n".join([*_split_at_closing(body)[0], text.strip()])


def _split_at_closing(body: str) -> tuple[list[str], list[str]]:
    blocks = [block.strip() for block in re.split(r"\n\s*\n", body.strip())]
    at = len(blocks)
    while (
        at
        and blocks[at - 1].endswith(("?", "{{ role_question }}"))
        and (at == len(blocks) or blocks[at - 1].startswith("["))
    ):
        at -= 1
    return blocks[:at], blocks[at:]
