"""Replies of which a person has said what they are, and how the machine would sort them.

A file holds one JSON object a line: {"label", "language", "subject", "body"}; `label` is a value of ReplyKind.
Corrections made in the product come in the same shape, so that they can be looked through and join the set in
tests/outreach/reply_sorting/replies.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from caio_project.lib.files import BadFile, json_object
from outreach.models import Reply, ReplyKind
from outreach.reply_sorting import classify
from outreach.reply_sorting.classify import Sorted

TEXTS = ("label", "language", "subject", "body")


@dataclass(frozen=True)
class Labelled:
    label: str
    language: str
    subject: str
    body: str


@dataclass(frozen=True)
class OfKind:
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


@dataclass
class Figures:
    """How often each label was sorted as each kind, and how often where the machine was sure."""

    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    sure: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[tuple[Labelled, Sorted]] = field(default_factory=list)

    def of(self, kind: str) -> OfKind:
        labelled = sum(count for (label, _), count in self.confusion.items() if label == kind)
        found = sum(count for (_, as_kind), count in self.confusion.items() if as_kind == kind)
        right = self.confusion[kind, kind]
        return OfKind(kind, labelled, found, right, _share(right, found), _share(right, labelled))

    def totals(self) -> dict[str, int]:
        return {
            "replies": self.confusion.total(),
            "right": sum(self.confusion[kind, kind] for kind in ReplyKind.values),
            "sure": self.sure.total(),
            "sure_right": sum(self.sure[kind, kind] for kind in ReplyKind.values),
        }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def read(raw: bytes) -> list[Labelled]:
    """The replies of a file. Raises BadFile naming the first line, and its field, that cannot be read."""
    try:
        lines = raw.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise BadFile(f"byte {error.start} is not UTF-8.") from error
    return [_row(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _row(number: int, line: str) -> Labelled:
    row = json_object(line)
    if isinstance(row, str):
        raise BadFile(f"line {number}: not a JSON object.")
    for name in TEXTS:
        if not isinstance(row.get(name), str):
            raise BadFile(f"line {number}: {name} must be a text.")
    if row["label"] not in ReplyKind.values:
        raise BadFile(f"line {number}: label must be one of {', '.join(ReplyKind.values)}.")
    return Labelled(*(row[name] for name in TEXTS))


def corrected() -> Iterator[Labelled]:
    """The replies that a person sorted otherwise, oldest first; erased ones are gone."""
    replies = (
        Reply.objects.exclude(corrected_to="")
        .filter(text__isnull=False)
        .select_related("text")
        .order_by("pk")
    )
    for reply in replies.iterator():
        yield Labelled(reply.corrected_to, "", reply.text.subject, reply.text.body)


def measured(replies: Iterable[Labelled]) -> Figures:
    """Sort each reply as if it had just come, and count."""
    figures = Figures()
    for reply in replies:
        found = classify.sort(reply.subject, reply.body)
        figures.confusion[reply.label, found.kind] += 1
        figures.sure[reply.label, found.kind] += found.is_sure
        if found.kind != reply.label:
            figures.wrong.append((reply, found))
    return figures
