"""Who has an email on the desk, and which texts each person has read."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from approvals.models import Claim, Reading, TakeOver
from outreach.auto_approval import template_runs
from outreach.models import Message
from outreach.review import review_actions

CLAIM_TIME = timedelta(minutes=10)
ENDS_SOON = timedelta(seconds=90)  # a page asks every half minute, and says it a minute before


def claim_message(message: Message, user: Any) -> Claim:
    """Claim the email for ten minutes; returns the standing claim, maybe a colleague's."""
    now = timezone.now()
    with transaction.atomic():
        claim, _ = Claim.objects.get_or_create(
            message=message, defaults={"user": user, "until": now + CLAIM_TIME}
        )
        if claim.user_id == user.pk or claim.until <= now:
            rows = Claim.objects.filter(pk=claim.pk).filter(Q(user=user) | Q(until__lte=now))
            rows.update(user=user, until=now + CLAIM_TIME)
            claim.refresh_from_db()
        review_actions.mark_opened(message)
    return claim


def take_over(message: Message, user: Any) -> Claim | None:
    """Claim the email although a colleague has it; the claim of theirs that this ended, logged."""
    until = timezone.now() + CLAIM_TIME
    with transaction.atomic():
        list(Claim.objects.select_for_update().filter(message=message))  # one Lead after the other
        theirs = colleague_claim(message, user)
        if theirs is not None:
            TakeOver.objects.create(message=message, by=user, from_user=theirs.user)
        Claim.objects.update_or_create(message=message, defaults={"user": user, "until": until})
        release_other_claims(user, message)
        review_actions.mark_opened(message)
    return theirs


def ends_soon(message: Message, user: Any) -> bool:
    """Whether this person's own claim ends within the next moments."""
    now = timezone.now()
    mine = Claim.objects.filter(message=message, user=user)
    return mine.filter(until__gt=now, until__lte=now + ENDS_SOON).exists()


def release_claim(message: Message, user: Any) -> None:
    Claim.objects.filter(message=message, user=user).delete()


def colleague_claim(message: Message, user: Any) -> Claim | None:
    return (
        Claim.objects.filter(message=message, until__gt=timezone.now())
        .exclude(user=user)
        .select_related("user")
        .first()
    )


def record_reading(message: Message, user: Any) -> None:
    Reading.objects.get_or_create(message=message, user=user, version=message.version)
    review_actions.mark_opened(message)
    template_runs.note_reading(message)


def has_read(message: Message, user: Any, version: int) -> bool:
    """Whether this person had that text on the screen."""
    return Reading.objects.filter(message=message, user=user, version=version).exists()


def annotate_reading(messages: QuerySet[Message], user: Any) -> QuerySet[Message]:
    """Each message with `read`: whether this person had its current text on the screen."""
    mine = Reading.objects.filter(message=OuterRef("pk"), user=user, version=OuterRef("version"))
    return messages.annotate(read=Exists(mine))


def release_other_claims(user: Any, message: Message) -> None:
    """A person has one email on the desk: opening the next one releases the last."""
    Claim.objects.filter(user=user).exclude(message=message).delete()


def take_for_review(message: Message, user: Any) -> Claim:
    """Claim the email, and release others where the claim is this person's."""
    claim = claim_message(message, user)
    if claim.user_id == user.pk:
        release_other_claims(user, message)
    return claim
