"""Measures the sorting of replies against labels that people gave.

A file holds one JSON object a line: {"label", "language", "subject", "body"}; `label` is a value of
ReplyKind. Corrections made in the product have the same shape, so that they can join the set in
tests/outreach/reply_sorting/replies.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from caio_project.lib.files import UnreadableFile, parse_json_object
from outreach.models import Reply, ReplyKind
from outreach.reply_sorting import classify
from outreach.reply_sorting.classify import SortedReply

TEXT_FIELDS = ("label", "language", "subject", "body")


@dataclass(frozen=True)
class LabelledReply:
    label: str
    language: str
    subject: str
    body: str


@dataclass(frozen=True)
class KindFigures:
    kind: str
    labelled: int
    sorted_as: int
    right: int
    precision: (
        float | None
    )  # the share that is `kind` among what was sorted as it; None where nothing was
    recall: (
        float | None
    )  # the share that was sorted as `kind` among what is it; None where nothing is


@dataclass(frozen=True)
class StopFigures:
    """Missed and false stops of one language, apart; `language` is "" for all together."""

    language: str
    stops: int
    missed: int
    surely_missed: int
    others: int
    false: int
    surely_false: int


@dataclass
class SortingFigures:
    """How often each label was sorted as each kind, and how often the machine was sure."""

    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    sure: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[tuple[LabelledReply, SortedReply]] = field(default_factory=list)
    languages: Counter[tuple[str, bool, bool, bool]] = field(default_factory=Counter)

    def of(self, kind: str) -> KindFigures:
        labelled = sum(count for (label, _), count in self.confusion.items() if label == kind)
        found = sum(count for (_, as_kind), count in self.confusion.items() if as_kind == kind)
        right = self.confusion[kind, kind]
        return KindFigures(
            kind, labelled, found, right, _share_of(right, found), _share_of(right, labelled)
        )

    def stops(self) -> list[StopFigures]:
        """For all together, then for each language."""
        names = sorted({language for language, *_ in self.languages})
        return [self._stops_in("", *names), *(self._stops_in(name, name) for name in names)]

    def _stops_in(self, name: str, *languages: str) -> StopFigures:
        counts: Counter[tuple[bool, bool, bool]] = Counter()
        for (language, *key), count in self.languages.items():
            if language in languages:
                counts[key[0], key[1], key[2]] += count
        return StopFigures(
            name,
            stops=sum(count for (is_stop, _, _), count in counts.items() if is_stop),
            missed=counts[True, False, False] + counts[True, False, True],
            surely_missed=counts[True, False, True],
            others=sum(count for (is_stop, _, _), count in counts.items() if not is_stop),
            false=counts[False, True, False] + counts[False, True, True],
            surely_false=counts[False, True, True],
        )

    def totals(self) -> dict[str, int]:
        return {
            "replies": self.confusion.total(),
            "right": sum(self.confusion[kind, kind] for kind in ReplyKind.values),
            "sure": self.sure.total(),
            "sure_right": sum(self.sure[kind, kind] for kind in ReplyKind.values),
        }


def _share_of(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def read_labelled(raw: bytes) -> list[LabelledReply]:
    """Raises UnreadableFile naming the first line, and its field, that cannot be read."""
    try:
        lines = raw.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"byte {error.start} is not UTF-8.") from error
    return [_parse_row(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _parse_row(number: int, line: str) -> LabelledReply:
    row = parse_json_object(line)
    if isinstance(row, str):
        raise UnreadableFile(f"line {number}: not a JSON object.")
    for name in TEXT_FIELDS:
        if not isinstance(row.get(name), str):
            raise UnreadableFile(f"line {number}: {name} must be a text.")
    if row["label"] not in ReplyKind.values:
        raise UnreadableFile(f"line {number}: label must be one of {', '.join(ReplyKind.values)}.")
    return LabelledReply(*(row[name] for name in TEXT_FIELDS))


def corrected_replies() -> Iterator[LabelledReply]:
    replies = (
        Reply.objects.exclude(corrected_to="")
        .filter(text__isnull=False)
        .select_related("text")
        .order_by("pk")
    )
    for reply in replies.iterator():
        yield LabelledReply(reply.corrected_to, "", reply.text.subject, reply.text.body)


def measure_sorting(replies: Iterable[LabelledReply]) -> SortingFigures:
    figures = SortingFigures()
    for reply in replies:
        found = classify.sort_reply(reply.subject, reply.body)
        figures.confusion[reply.label, found.kind] += 1
        figures.sure[reply.label, found.kind] += found.is_sure
        is_stop, is_found = reply.label == ReplyKind.STOP, found.kind == ReplyKind.STOP
        figures.languages[reply.language, is_stop, is_found, found.is_sure] += 1
        if found.kind != reply.label:
            figures.wrong.append((reply, found))
    return figures
