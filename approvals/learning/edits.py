"""How many emails people changed before they approved them, how much, and the changes as data."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils import timezone

from approvals.models import Decision, EditTag, Verdict
from caio_project.lib import calendar
from caio_project.lib.spreadsheets import cells
from caio_project.lib.words.diff import TextDiff, diff_words
from leads.models import Kind
from outreach.choices import Status
from outreach.control import phase
from outreach.models import EmailTemplate, Message, MessageText, Move

WEEKS = 12
MOST_DECISIONS = 5000
MOST_EXPORTED = 5000
NO_TEMPLATE = "No template"
APPROVED = (Verdict.APPROVED, Verdict.WOULD_APPROVE)
COLUMNS = (
    "email_id", "edited_at", "edited_by", "template", "template_version", "status", "tag",
    "subject_before", "subject_after", "body_before", "body_after", "words_removed",
    "words_added",
)  # fmt: skip


@dataclass(frozen=True)
class EditCount:
    """Emails that people approved, how many of them they had changed, and by how much.

    `changed` is the mean share of words that were replaced, of the edited ones alone.
    """

    approved: int
    edited: int
    changed: float | None

    @property
    def percent(self) -> int | None:
        return round(100 * self.edited / self.approved) if self.approved else None

    @property
    def changed_percent(self) -> int | None:
        return None if self.changed is None else round(100 * self.changed)


@dataclass(frozen=True)
class EditTable:
    """Each template's count for each week, oldest first, and for all of them."""

    weeks: list[date]  # the Mondays
    rows: list[tuple[str, list[EditCount], EditCount]]
    total: list[EditCount]
    overall: EditCount
    has_more: bool  # older decisions of the window were not read


def approvals_of_people() -> QuerySet[Decision]:
    return Decision.objects.standing().filter(
        verdict__in=APPROVED, message__kind=Kind.LIVE, by__isnull=False
    )


def count_edits(now: datetime | None = None) -> EditTable:
    """Approvals of people of live emails in 12 weeks of the team's calendar."""
    now = now or timezone.now()
    monday = _monday_of(now)
    weeks = [monday - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]
    made = approvals_of_people().filter(at__gte=now - timedelta(weeks=WEEKS))
    found = list(made.select_related("message__template").order_by("-pk")[: MOST_DECISIONS + 1])
    last: dict[int, Decision] = {}
    for one in found[:MOST_DECISIONS]:
        last.setdefault(one.message_id, one)
    shares = _changed_shares([one for one in last.values() if one.edited])
    groups: dict[str, dict[date, list[Decision]]] = defaultdict(lambda: defaultdict(list))
    names = dict(EmailTemplate.objects.order_by("version").values_list("key", "name"))
    for one in last.values():
        template = one.message.template
        groups[names[template.key] if template else NO_TEMPLATE][_monday_of(one.at)].append(one)
    rows = [
        (
            name,
            [_count(by_week.get(week, ()), shares) for week in weeks],
            _count((one for part in by_week.values() for one in part), shares),
        )
        for name, by_week in groups.items()
    ]
    total = [
        _count((one for by_week in groups.values() for one in by_week.get(week, ())), shares)
        for week in weeks
    ]
    overall = _count(last.values(), shares)
    by_use = sorted(rows, key=lambda row: (-row[2].approved, row[0]))
    return EditTable(weeks, by_use, total, overall, len(found) > MOST_DECISIONS)


def _monday_of(at: datetime) -> date:
    day = calendar.team_day(at, settings.TEAM_TIME_ZONE)
    return day - timedelta(days=day.weekday())


def _count(decisions: Iterable[Decision], shares: dict[int, float]) -> EditCount:
    found = list(decisions)
    edited = [one for one in found if one.edited]
    known = [shares[one.pk] for one in edited if one.pk in shares]
    return EditCount(len(found), len(edited), sum(known) / len(known) if known else None)


def _changed_shares(edited: list[Decision]) -> dict[int, float]:
    """By decision, the share of words that differ from the text before people changed it; those
    whose texts were erased are left out.
    """
    texts = _texts_by_message(one.message_id for one in edited)
    shares = {}
    for one in edited:
        after = next((t for t in texts[one.message_id] if t.version == one.version), None)
        before = _text_before(after, texts[one.message_id]) if after else None
        if after and before:
            words = max(len(_whole(before).split()), len(_whole(after).split()), 1)
            diff = diff_words(_whole(before), _whole(after))
            shares[one.pk] = max(diff.removed, diff.added) / words
    return shares


def _texts_by_message(messages: Iterable[int]) -> dict[int, list[MessageText]]:
    found: dict[int, list[MessageText]] = defaultdict(list)
    for text in MessageText.objects.filter(message__in=list(messages)).order_by("version"):
        found[text.message_id].append(text)
    return found


def _text_before(after: MessageText, texts: list[MessageText]) -> MessageText | None:
    """The newest text of no person before `after`."""
    earlier = [one for one in texts if one.version < after.version and one.author_id is None]
    return earlier[-1] if earlier else None


def _whole(text: MessageText) -> str:
    return f"{text.subject}\n{text.body}"


def tag_edit(saved: Message, version_before: int, tag: str, by: Any) -> None:
    """Store what was wrong with the text before, where somebody said so and changed it."""
    if tag and saved.version != version_before:
        EditTag.objects.create(message=saved, version=saved.version, tag=tag, by=by)


def edits_file() -> bytes:
    """A CSV of emails to live leads that people changed: the text before, the newest after.

    `tag` is what the editor said was wrong; else that of the email's own rejection; else that of
    the lead's last rejection before the edit, which the edit may answer.
    """
    return cells.csv_file(COLUMNS, _edit_rows())


def _edit_rows() -> Iterator[list[str]]:
    edited = MessageText.objects.filter(author__isnull=False, message__kind=Kind.LIVE)
    newest = edited.order_by("-message").values("message").distinct()[:MOST_EXPORTED]
    messages = Message.objects.filter(pk__in=list(newest.values_list("message", flat=True)))
    rows = list(messages.select_related("template").order_by("-pk"))
    texts, tags = _texts_by_message(one.pk for one in rows), _tags_by_lead(rows)
    people, said = _authors(texts), _said_by_message(rows)
    for message in rows:
        by_people = [one for one in texts[message.pk] if one.author_id is not None]
        after = by_people[-1]
        before = _text_before(by_people[0], texts[message.pk])
        tag = said.get(message.pk) or _tag_of(message, after, tags.get(message.lead_id, []))
        yield _edit_row(message, before, after, people, tag)


def _edit_row(
    message: Message,
    before: MessageText | None,
    after: MessageText,
    people: dict[int, str],
    tag: str,
) -> list[str]:
    template = message.template
    diff = diff_words(_whole(before) if before else "", _whole(after))
    return [
        str(message.public_id),
        after.created_at.isoformat(timespec="seconds"),
        people.get(after.author_id or 0, ""),
        template.key if template else "",
        str(template.version) if template else "",
        message.status,
        tag,
        before.subject if before else "",
        after.subject,
        before.body if before else "",
        after.body,
        str(diff.removed),
        str(diff.added),
    ]


def _said_by_message(messages: list[Message]) -> dict[int, str]:
    """The newest tag that somebody gave with an edit."""
    rows = EditTag.objects.filter(message__in=messages).order_by("pk")
    return dict(rows.values_list("message", "tag"))


def _tag_of(message: Message, after: MessageText, rejections: list[Move]) -> str:
    own = [one for one in rejections if one.message_id == message.pk]
    earlier = [one for one in rejections if one.at < after.created_at]
    chosen = own if own and message.status == Status.REJECTED else earlier
    return chosen[-1].tag if chosen else ""


def _tags_by_lead(messages: list[Message]) -> dict[int, list[Move]]:
    leads = {one.lead_id for one in messages}
    moves = Move.objects.filter(
        message__lead__in=leads, message__status=Status.REJECTED, to_status=Status.REJECTED
    )
    found: dict[int, list[Move]] = defaultdict(list)
    for move in moves.select_related("message").order_by("pk"):
        found[move.message.lead_id].append(move)
    return found


def _authors(texts: dict[int, list[MessageText]]) -> dict[int, str]:
    ids = {one.author_id for part in texts.values() for one in part if one.author_id}
    users: Any = get_user_model().objects.filter(pk__in=ids)
    return {user.pk: phase.actor_name(user) for user in users}


@dataclass(frozen=True)
class TextEdit:
    """What one version of an email's text changed in the one before."""

    version: int
    by: str
    subject: TextDiff
    body: TextDiff


def edits_of(message: Message) -> list[TextEdit]:
    texts = list(message.texts.select_related("author").order_by("version"))
    return [
        TextEdit(
            after.version,
            phase.actor_name(after.author),
            diff_words(before.subject, after.subject),
            diff_words(before.body, after.body),
        )
        for before, after in pairwise(texts)
    ]
