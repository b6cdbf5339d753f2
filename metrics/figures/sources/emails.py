"""What was sent on a day, what became of it, who answered; meetings."""

from collections import defaultdict
from datetime import datetime

from django.db.models import QuerySet

from leads.models import Kind
from metrics.evidence import reply_cohorts
from metrics.figures.definitions import Tally
from metrics.figures.sources.facts import Day, Source, count, message_groups, of_message, share
from outreach.choices import EventKind, Status, Transport
from outreach.models import EmailEvent, Meeting, Message, ModelDraft, Reply, ReplyKind

TALLY_OF_EVENT = {
    EventKind.DELIVERED: Tally.DELIVERED,
    EventKind.BOUNCED: Tally.BOUNCED,
    EventKind.BLOCKED: Tally.BLOCKED,
}


def sent_emails() -> QuerySet[Message]:
    """What really left through us, to real people."""
    return Message.objects.filter(status=Status.SENT, transport=Transport.GHL, kind=Kind.LIVE)


def count_sent(day: Day) -> Source:
    sent = sent_emails().filter(**day.within("sent_at"))
    events = EmailEvent.objects.filter(message__in=sent.values("pk"), kind__in=TALLY_OF_EVENT)
    happened: dict[int, set[str]] = defaultdict(set)
    for message, kind in events.order_by().values_list("message", "kind"):
        happened[message].add(kind)
    for pk, *values in sent.values_list("pk", *of_message()):
        groups = message_groups(values)
        yield count(Tally.SENT, groups)
        for kind, tally in TALLY_OF_EVENT.items():
            yield share(tally, groups, kind in happened[pk])


def count_answers(day: Day) -> Source:
    """People whose very first email through GoHighLevel left on the day."""
    firsts = reply_cohorts.first_emails(day.end).filter(transport=Transport.GHL)
    here = firsts.filter(sent_at__gte=day.start)
    before = firsts.filter(sent_at__lt=day.start, lead__in=here.values("lead"))
    seen = set(before.values_list("lead", flat=True))
    answers: dict[int, list[tuple[datetime, bool]]] = defaultdict(list)
    replies = Reply.objects.counted().filter(lead__in=here.values("lead"))
    for lead, at, sorted_as, corrected in replies.values_list(
        "lead", "received_at", "sorted_as", "corrected_to"
    ):
        answers[lead].append((at, (corrected or sorted_as) == ReplyKind.POSITIVE))
    rows = here.order_by("sent_at", "pk").values_list("lead", "sent_at", *of_message())
    for lead, sent_at, *values in rows:
        if lead in seen:
            continue
        seen.add(lead)
        groups = message_groups(values)
        kinds = [is_positive for at, is_positive in answers[lead] if at >= sent_at]
        yield share(Tally.REPLIES, groups, bool(kinds))
        if kinds:
            yield share(Tally.POSITIVE, groups, any(kinds))


def booked_meetings() -> QuerySet[Meeting]:
    return Meeting.objects.filter(lead__kind=Kind.LIVE).exclude(status__in=Meeting.OFF)


def count_meetings(day: Day) -> Source:
    rows = booked_meetings().filter(**day.within("booked_at"))
    for owner, *values in rows.values_list("lead__owner_id", *of_message("message__")):
        yield count(Tally.MEETINGS, message_groups([*values[:-1], owner]))


def count_tokens(day: Day) -> Source:
    rows = ModelDraft.objects.filter(**day.within("settled_at"), tokens__gt=0)
    live = rows.filter(message__kind=Kind.LIVE)
    for tokens, *values in live.values_list("tokens", *of_message("message__")):
        yield count(Tally.MODEL_TOKENS, message_groups(values), tokens)
