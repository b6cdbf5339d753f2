"""Stores and sorts what recipients write to us, and acts on it at once.

Any answer withdraws the open emails of its lead; one that asks to stop suppresses everywhere; an
automatic one changes nothing. A person's correction outranks the machine's sorting.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.nudge import nudge
from caio_project.lib.webhooks_out import outbox
from caio_project.lib.webhooks_out.event_types import EventType
from leads import locks, normal
from leads.models import Lead
from leads.suppression import suppression
from outreach.choices import MoveCode, Status
from outreach.contact_history import contact_matching, ghl_check
from outreach.feedback import placement, reply_consequences, unsubscribes
from outreach.integrations.ghl.ghl_facts import MessageFact
from outreach.lifecycle import transitions
from outreach.models import Message, Reply, ReplyKind, ReplyText
from outreach.reply_sorting import classify, reply_text
from outreach.review import review_actions
from outreach.sending import uncertain

QUOTED_EMAILS = 4  # of one person: a thread has three


class AlreadyTaken(Exception):
    """Another user answers this reply; nothing was changed."""


def apply_message(fact: MessageFact, source: str) -> Lead | None:
    """Apply one message of a conversation; the lead it is with. Needs a transaction."""
    if not fact.is_inbound:
        return _apply_outbound(fact, contact_matching.find_lead(fact.contact_id, fact.address))
    place = placement.place_message(fact)
    if not place.people:
        _stop_unknown_sender(fact)
        return None
    person, *others = locks.lock_leads(*(lead.pk for lead in place.people))
    if not suppression.is_erased(person):
        _store_reply(fact, [person, *others], place.answered, source)
    return person


def _stop_unknown_sender(fact: MessageFact) -> None:
    """Nobody we know; but who asks us to stop is never written to, however we learn of them."""
    found = classify.sort_reply(fact.subject, fact.body)
    if found.kind == ReplyKind.STOP and found.is_sure and normal.clean_email(fact.address):
        unsubscribes.stop_everywhere(None, suppression.BY_MACHINE, fact.address)


def _store_reply(
    fact: MessageFact, people: Sequence[Lead], answered: Message | None, source: str
) -> None:
    """`people` are the sender, then whom we had written to; `answered` is the email it answers."""
    person, *others = people
    message = contact_matching.newest_email_to(person, fact.at) or answered
    found = classify.sort_reply(fact.subject, fact.body, _texts_sent_to(people, fact.at))
    values = {
        "lead": person,
        "message": message,
        "channel": fact.channel,
        "received_at": min(fact.at, timezone.now()),
        "source": source,
        "sorted_as": found.kind,
        "is_sure": found.is_sure,
        "fate": found.fate,
    }
    reply, made = Reply.objects.get_or_create(ghl_message_id=fact.id, defaults=values)
    if not made:
        return
    ReplyText.objects.create(
        reply=reply,
        subject=fact.subject,
        body=reply_text.to_plain_text(fact.body),
        said=found.said,
        decided_by=list(found.words),
        successor=found.successor,
    )
    reply_consequences.apply_consequences(reply, fact.address, others)
    outbox.emit(EventType.REPLY_RECEIVED, lambda: _announced_reply(reply))
    nudge("approvals.tell")


def _announced_reply(reply: Reply) -> dict[str, Any]:
    return {
        "reply": str(reply.public_id),
        "lead": str(reply.lead.public_id),
        "message": str(reply.message.public_id) if reply.message else None,
        "channel": reply.channel,
        "sorted_as": reply.sorted_as,
        "is_sure": reply.is_sure,
        "at": reply.received_at.isoformat(),
    }


def _texts_sent_to(people: Sequence[Lead], at: datetime) -> list[str]:
    """The newest emails that a reply may quote, with their footers."""
    emails = [
        message
        for lead in people
        for message in contact_matching.newest_emails_to(lead, at)[:QUOTED_EMAILS]
    ]
    return [f"{email.text.body}\n\n{email.text.footer}" for email in emails if email.text]


def _apply_outbound(fact: MessageFact, lead: Lead | None) -> Lead | None:
    """Our own email, which proves that it left, or one that a colleague wrote by hand."""
    ours = _find_our_email(fact)
    if ours is not None:
        _store_ghl_ids(ours, fact)
        return ours.lead
    if lead is not None and fact.channel == "email":
        for message in Message.objects.filter(
            lead=lead, status__in=review_actions.DECIDABLE, step=1
        ):
            ghl_check.record_outbound_email(message, min(fact.at, timezone.now()))
        review_actions.recheck_open_emails(lead)
    return lead


def _find_our_email(fact: MessageFact) -> Message | None:
    """By its ids, else by the unsubscribe link in it, unless the text only quotes that."""
    by_id = Q(ghl_email_message_id=fact.id)
    if fact.message_id:
        by_id |= Q(ghl_message_id=fact.message_id)
    if (found := Message.objects.filter(by_id).order_by("pk").first()) is not None:
        return found
    by_link = (
        Message.objects.filter(unsubscribe_token__in=placement.UNSUBSCRIBE_LINK.findall(fact.body))
        .order_by("pk")
        .first()
    )
    return by_link if by_link and _is_copy_of(fact, by_link) else None


def _is_copy_of(fact: MessageFact, message: Message) -> bool:
    text, address = message.text, normal.clean_email(fact.address)
    return text is not None and fact.subject == text.subject and address in ("", message.to_address)


def _store_ghl_ids(message: Message, fact: MessageFact) -> None:
    if message.status == Status.UNCERTAIN:
        with suppress(
            transitions.StaleMessage
        ):  # another process, or a person, settled it this moment
            uncertain.settle_as_sent(
                message, MoveCode.FOUND_AT_GHL, fact.message_id, fact.id, fact.at
            )
    elif message.status == Status.SENT:
        ids = {"ghl_message_id": fact.message_id, "ghl_email_message_id": fact.id}
        Message.objects.filter(pk=message.pk, ghl_email_message_id="").update(**ids)


def correct_kind(reply: Reply, kind: str, *, by: Any) -> Reply:
    """Takes effect at once. A stop of which the machine was not sure ends where a person says that
    it is none; any other stays until somebody takes it back.
    """
    with transaction.atomic():
        locks.lock_lead(reply.lead_id)
        Reply.objects.filter(pk=reply.pk).update(
            corrected_to=ReplyKind(kind), corrected_by=by, corrected_at=timezone.now()
        )
        reply.refresh_from_db()
        reply_consequences.apply_consequences(reply)
    nudge("approvals.tell")
    return reply


def claim_reply(reply: Reply, *, by: Any) -> None:
    """Raises AlreadyTaken."""
    if not claims.claim_row(
        Reply.objects.filter(pk=reply.pk, taken_by=None), taken_by=by, taken_at=timezone.now()
    ):
        raise AlreadyTaken
