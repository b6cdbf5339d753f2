"""Put emails for practice into the queue: to invented people, undeliverable by type."""

import random
import secrets
from typing import Any

from django.db import transaction
from django.utils import timezone

from approvals.models import TrainingEmail
from approvals.training import practice_texts
from approvals.training.practice_texts import PracticeEmail, Recipient
from leads.models import Assessment, Company, Kind, Lead, field_source
from leads.scoring_rules import Tier
from outreach.choices import Band, MoveCode, Status
from outreach.content import email_footer
from outreach.drafting import message_text, signing
from outreach.lifecycle.moves import move_message
from outreach.limits import deadlines
from outreach.models import Message

MOST_EMAILS = 50
SCORE = 45
NOT_CHECKED = {
    "guard": "training",
    "passed": True,
    "state": "not_known",
    "text": "Training: nothing was checked by the machine. Look for yourself.",
    "clear": "",
}


def seed_training_emails(
    count: int, by: Any = None, chance: random.Random | None = None
) -> list[TrainingEmail]:
    """Store `count` emails for practice that wait for a decision; about half have a fault."""
    written = practice_texts.write_practice_emails(count, chance or random.SystemRandom())
    with transaction.atomic():
        return [_store_email(email, by) for email in written]


def _store_email(email: PracticeEmail, by: Any) -> TrainingEmail:
    lead = _store_lead(email.recipient)
    assessment = Assessment.objects.create(
        lead=lead,
        rules_version="training",
        intent=SCORE,
        reasons=[{"code": "page", "points": SCORE, "text": "One page read"}],
        icp=70,
        tier=Tier.SECOND,
        angle="training",
    )
    now, sender = timezone.now(), signing.default_sender()
    message = Message.objects.create(
        lead=lead,
        assessment=assessment,
        kind=Kind.TRAINING,
        to_address=lead.email or "",
        sender=sender,
        version=1,
        tier=Tier.SECOND,
        intent=SCORE,
        queue_turn=message_text.queue_turn(SCORE),
        guards=[NOT_CHECKED],
        **message_text.priority_columns(Band.WARM, ""),
    )
    footer = email_footer.build_footer(signing.signature_of(sender, message.unsubscribe_token))
    if not email.has_legal_footer:
        footer = footer.partition("\n\n")[0]
    new = message_text.NewText(email.subject, email.body, footer, list(email.phrases))
    message_text.store_text(message, 1, new)
    held = move_message(
        message,
        Status.HELD,
        MoveCode.TRAINING,
        by=by,
        now=now,
        held_at=now,
        **deadlines.times_of_wait(Band.WARM, now),
    )
    return TrainingEmail.objects.create(message=held, fault=email.fault, made_by=by)


def _store_lead(person: Recipient) -> Lead:
    """An invented person at an address of .example, which belongs to nobody (RFC 2606)."""
    mark = secrets.token_hex(4)
    name = "".join(letter for letter in person.company.lower() if letter.isalnum())
    domain = f"{name}-{mark}.example"
    known = ("first_name", "last_name", "title", "email", "city", "state", "country")
    company = Company.objects.create(
        name=person.company,
        name_key=f"{person.company.lower()} {mark}",
        domain=domain,
        industry=person.industry,
        employees=person.employees,
        employees_from=person.employees_from,
        kind=Kind.TRAINING,
    )
    return Lead.objects.create(
        kind=Kind.TRAINING,
        first_name=person.first,
        last_name=person.last,
        title=person.title,
        company=company,
        email=f"{person.first}.{person.last}@{domain}".lower(),
        address=Lead.Address.USABLE,
        city=person.city,
        state=person.state,
        country="US",
        sources={field: field_source("training") for field in known},
        score=SCORE,
        tier=Tier.SECOND,
    )
