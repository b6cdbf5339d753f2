"""Emails in the queue whose texts are nearly that of another one, and the words that differ."""

from dataclasses import dataclass

from django.db.models import F, Q, QuerySet

from caio_project.lib.words.diff import TextDiff, diff_words
from outreach.choices import Status
from outreach.content import fingerprints
from outreach.models import Message, MessageText

MOST_SHOWN = 20  # copies that are compared and shown for one email
FEW_WORDS = 12  # that may differ in a short text; in a longer one a fifth of it
SHARE_THAT_MAY_DIFFER = 0.2
MOST_NAMED = 8  # differing words in the sentence at the desk


@dataclass(frozen=True)
class NearCopy:
    """Another email in the queue: what only it says is added, what it does not say is removed."""

    message: Message
    subject: TextDiff
    body: TextDiff


@dataclass(frozen=True)
class CopyGroup:
    copies: tuple[NearCopy, ...]
    words: tuple[str, ...]  # of this email that some copy does not have
    has_more: bool  # further ones were not compared

    @property
    def sentence(self) -> str:
        """ "Same text as 8 others; these 2 words differ: Dana, Acme." """
        count = f"at least {len(self.copies)}" if self.has_more else str(len(self.copies))
        others = f"Same text as {count} other{'' if count == '1' else 's'} in the queue"
        if not self.words:
            return f"{others}, word for word."
        named = ", ".join(self.words[:MOST_NAMED])
        more = len(self.words) - MOST_NAMED
        end = f" and {more} more" if more > 0 else ""
        if len(self.words) == 1:
            return f"{others}; one word differs: {named}."
        return f"{others}; these {len(self.words)} words differ: {named}{end}."


def find_copies(message: Message, text: MessageText) -> CopyGroup:
    """The near copies among held emails, the most urgent first, in one statement."""
    if message.status != Status.HELD or not message.fingerprint:
        return CopyGroup((), (), False)
    found = list(_texts_that_share(message)[: MOST_SHOWN + 1])
    pairs = [_compare_texts(text, other) for other in found[:MOST_SHOWN]]
    copies = tuple(copy for copy in pairs if _differs_in_few_words(copy, text))
    return CopyGroup(copies, _own_words(copies), len(found) > MOST_SHOWN)


def _texts_that_share(message: Message) -> QuerySet[MessageText]:
    bands = {
        f"band_{n}": F("message__fingerprint").bitand(mask)
        for n, mask in enumerate(fingerprints.BAND_MASKS)
    }
    shared = Q()
    for n, mask in enumerate(fingerprints.BAND_MASKS):
        shared |= Q(**{f"band_{n}": message.fingerprint & mask})
    held = MessageText.objects.filter(message__status=Status.HELD, version=F("message__version"))
    return (
        held.exclude(message=message.pk)
        .alias(**bands)
        .filter(shared)
        .select_related("message__lead__company")
        .order_by("message__rank", "message__due_at", "message")
    )


def _compare_texts(one: MessageText, other: MessageText) -> NearCopy:
    return NearCopy(
        other.message, diff_words(one.subject, other.subject), diff_words(one.body, other.body)
    )


def _differs_in_few_words(copy: NearCopy, text: MessageText) -> bool:
    """By the body: subjects of one template differ on purpose."""
    changed, words = max(copy.body.removed, copy.body.added), len(text.body.split())
    return changed <= min(max(FEW_WORDS, words * SHARE_THAT_MAY_DIFFER), words / 2)


def _own_words(copies: tuple[NearCopy, ...]) -> tuple[str, ...]:
    removed = (
        change.text for copy in copies for change in copy.body.changes if change.kind == "del"
    )
    words = (word.strip('.,;:!?“”"()') for text in removed for word in text.split())
    return tuple(dict.fromkeys(word for word in words if word))
