"""Tells of an incident at once, by Slack and by email, and once that it is over.

An alarm that an incident has taken up is not told for itself.
"""

from collections.abc import Iterable
from dataclasses import replace

from django.conf import settings
from django.utils import timezone

from approvals.escalation import escalation, ladder_rows
from approvals.models import Notice
from caio_project.lib.nudge import nudge
from caio_project.lib.vendor_access.access import vendor_value
from leads.models import Alarm
from metrics.incidents import incident_words
from metrics.models import Incident

MOST_TEXT = 300


def tell_opened(row: Incident) -> None:
    _tell(row, "", _notice_text(row))


def _notice_text(row: Incident) -> str:
    """The evidence, or the text of the newest alarm where that is all there is."""
    text = incident_words.incident_text(row.cause, row.subject, row.action, row.evidence)
    return replace(text, evidence=next(iter(alarm_texts(row)), text.evidence)).notice


def alarm_texts(row: Incident) -> list[str]:
    """What open alarms say, the newest first; none where the evidence has numbers of its own."""
    if not incident_words.rests_on_alarm(row.cause, row.evidence):
        return []
    alarms = Alarm.objects.filter(key__in=row.evidence["alarms"], closed_at=None)
    return list(alarms.order_by("-opened_at").values_list("text", flat=True))


def tell_changed(row: Incident) -> None:
    """More was done than when it was told; each action is told once."""
    _tell(row, f":{row.action}", _notice_text(row))


def tell_over(row: Incident) -> None:
    """Only where it was told of."""
    if Notice.objects.filter(key=escalation.incident_key(row.public_id)).exists():
        lasted = incident_words.span_words((row.closed_at or timezone.now()) - row.opened_at)
        title = incident_words.title_words(row.cause, row.subject)
        _tell(row, ":over", f"Over after {lasted}: {title}.")


def _tell(row: Incident, suffix: str, text: str) -> None:
    """One notice for each channel; each goes by the other one where its own fails."""
    channels = [Notice.Channel.SLACK] if vendor_value("SLACK_BOT_TOKEN") else []
    channels += [Notice.Channel.EMAIL] if settings.EMAIL_URL else []
    to = ladder_rows.first_available(timezone.now())
    for number, channel in enumerate(channels or [Notice.Channel.PAGE]):
        key = escalation.incident_key(row.public_id, suffix + (":email" if number else ""))
        values = {"text": text[:MOST_TEXT], "to": to, "wanted": channel}
        Notice.objects.get_or_create(key=key, defaults=values)
    nudge("approvals.tell")


def take_up_alarms(pks: Iterable[int]) -> bool:
    """Mark alarms as told with their incident; True where one had been told for itself before."""
    was_told = False
    for alarm in Alarm.objects.filter(pk__in=list(pks)):
        values = {"text": alarm.text, "told_at": timezone.now(), "channel": Notice.Channel.PAGE}
        _, made = Notice.objects.get_or_create(key=f"alarm:{alarm.pk}", defaults=values)
        was_told |= not made
    return was_told
