"""Floors for how often replies are sorted rightly: a change that makes it worse fails here.

The development half is what the rules were made by; the held-out half says what they are worth
(replies/README.md).
"""

from functools import cache
from pathlib import Path

import pytest

from caio_project.lib.files import UnreadableFile
from outreach.models import ReplyKind
from outreach.reply_sorting import evaluation
from outreach.reply_sorting.evaluation import KindFigures, LabelledReply, SortingFigures

REPLIES = Path(__file__).parent / "replies"
# half, kind: precision and recall, a reply or two below what was measured
FLOORS = {
    ("development", "stop"): (0.98, 0.98),
    ("development", "out_of_office"): (0.97, 0.97),
    ("development", "positive"): (0.96, 0.96),
    ("development", "question"): (0.94, 0.94),
    ("development", "objection"): (0.95, 0.91),
    ("development", "not_now"): (0.96, 0.96),
    ("development", "negative"): (0.94, 0.96),
    ("held_out", "stop"): (0.92, 0.97),
    ("held_out", "out_of_office"): (0.95, 0.97),
    ("held_out", "positive"): (0.90, 0.80),
    ("held_out", "question"): (0.73, 0.79),
    ("held_out", "objection"): (0.90, 0.86),
    ("held_out", "not_now"): (0.90, 0.90),
    ("held_out", "negative"): (0.88, 0.92),
}


# half: the most stops that may be missed, and surely missed; the most others that may be taken for
# a stop, and surely
MOST_WRONG_STOPS = {
    "development": (0, 0, 0, 0),
    "held_out": (0, 0, 4, 0),
    "second_development": (0, 0, 1, 0),
    "second_held_out": (2, 0, 2, 1),
    "third_development": (1, 1, 7, 0),
    "fourth_development": (1, 0, 1, 0),
    "fourth_held_out": (7, 1, 3, 2),
    "fifth_development": (2, 1, 6, 0),
    "fifth_held_out": (9, 3, 4, 1),
    "sixth_development": (2, 1, 1, 0),
    "sixth_held_out": (7, 1, 8, 1),
    "seventh_development": (17, 6, 9, 3),
}
MIN_RIGHT = {
    "second_development": 0.99,
    "second_held_out": 0.90,
    "third_development": 0.93,
    "sixth_development": 0.87,
    "sixth_held_out": 0.84,
}


@cache
def of_half(half: str) -> tuple[list[LabelledReply], SortingFigures]:
    replies = evaluation.read_labelled((REPLIES / f"{half}.jsonl").read_bytes())
    return replies, evaluation.measure_sorting(replies)


@pytest.mark.parametrize(("half", "kind"), FLOORS)
def test_precision_and_recall_do_not_fall(half: str, kind: str) -> None:
    found = of_half(half)[1].of(kind)
    assert found.precision is not None and found.recall is not None
    precision, recall = FLOORS[half, kind]
    assert found.precision >= precision
    assert found.recall >= recall


def test_sure_results_are_nearly_all_right() -> None:
    totals = of_half("held_out")[1].totals()
    assert totals["sure_right"] >= 0.95 * totals["sure"]
    assert totals["sure"] >= 0.8 * totals["replies"]


def test_stop_requests_are_never_surely_missorted() -> None:
    for half in ("development", "held_out"):
        _, figures = of_half(half)
        assert (
            sum(count for (label, kind), count in figures.sure.items() if label == "stop" != kind)
            == 0
        )


@pytest.mark.parametrize("half", MOST_WRONG_STOPS)
def test_missed_and_false_stops_do_not_become_more(half: str) -> None:
    found = of_half(half)[1].stops()[0]
    counted = (found.missed, found.surely_missed, found.false, found.surely_false)
    assert all(is_ <= most for is_, most in zip(counted, MOST_WRONG_STOPS[half], strict=True))


@pytest.mark.parametrize("half", MIN_RIGHT)
def test_share_of_right_kinds_does_not_fall(half: str) -> None:
    totals = of_half(half)[1].totals()
    assert totals["right"] >= MIN_RIGHT[half] * totals["replies"]


def test_second_set_has_fourteen_languages_and_disjoint_halves() -> None:
    halves = [of_half(half)[0] for half in ("second_development", "second_held_out")]
    assert sum(map(len, halves)) == 414
    assert len({reply.language for half in halves for reply in half}) == 14
    texts = [{(reply.language, reply.subject, reply.body) for reply in half} for half in halves]
    assert len(texts[0] & texts[1]) == 0  # Danish and Norwegian say one thing with the same words


def test_sixth_set_has_fourteen_languages_every_kind_and_disjoint_halves() -> None:
    halves = [of_half(half)[0] for half in ("sixth_development", "sixth_held_out")]
    everything = [reply for half in halves for reply in half]
    assert len(everything) == 660
    assert len({reply.language for reply in everything}) == 14
    assert {reply.label for reply in halves[1]} == {*ReplyKind.values}
    texts = [{(reply.language, reply.subject, reply.body) for reply in half} for half in halves]
    assert texts[0].isdisjoint(texts[1])


def test_labelled_set_is_large_and_its_halves_disjoint() -> None:
    replies = {half: of_half(half)[0] for half in ("development", "held_out")}
    everything = [reply for half in replies.values() for reply in half]
    english = [reply.label for reply in everything if reply.language == "en"]
    assert len(everything) >= 420
    assert all(english.count(kind) >= 35 for kind in ReplyKind.values)
    for kind in ("stop", "out_of_office"):
        assert len({reply.language for reply in everything if reply.label == kind}) >= 7
    both = {reply.body for reply in replies["development"]} & {
        reply.body for reply in replies["held_out"]
    }
    assert (
        max(len(body.split()) for body in both) <= 2
    )  # "Unsubscribe", "No thanks!": everybody says them so


def test_figures_count_what_was_taken_for_what() -> None:
    figures = evaluation.measure_sorting(
        [
            LabelledReply("stop", "en", "", "Unsubscribe"),
            LabelledReply("negative", "en", "", "Not interested in this."),
            LabelledReply("positive", "en", "", "Not interested in this."),
        ]
    )
    assert figures.confusion == {
        ("stop", "stop"): 1,
        ("negative", "negative"): 1,
        ("positive", "negative"): 1,
    }
    assert figures.of("negative") == KindFigures(
        "negative", labelled=1, sorted_as=2, right=1, precision=0.5, recall=1.0
    )
    assert figures.of("positive") == KindFigures(
        "positive", labelled=1, sorted_as=0, right=0, precision=None, recall=0.0
    )
    assert figures.of("question").recall is None
    assert figures.totals() == {"replies": 3, "right": 2, "sure": 3, "sure_right": 2}
    assert [reply.label for reply, _ in figures.wrong] == ["positive"]
    everything, english = figures.stops()
    assert (everything.language, english.language) == ("", "en")
    assert (everything.stops, everything.missed, everything.others) == (1, 0, 2)


def test_missed_and_false_stops_are_counted_apart() -> None:
    figures = evaluation.measure_sorting(
        [
            LabelledReply("stop", "de", "", "Kein Interesse."),
            LabelledReply("question", "en", "", "Unsubscribe"),
        ]
    )
    assert [(row.language, row.missed, row.false) for row in figures.stops()] == [
        ("", 1, 1),
        ("de", 1, 0),
        ("en", 0, 1),
    ]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b'{"label": "stop"}', "line 1: language must be a text."),
        (
            b'\n{"label": "spam", "language": "en", "subject": "", "body": ""}',
            "line 2: label must be one of positive",
        ),
        (
            b'{"label": "stop", "language": "en", "subject": "", "body": 3}',
            "line 1: body must be a text.",
        ),
        (b"[1]", "line 1: not a JSON object."),
        (b"stop", "line 1: not a JSON object."),
        (b"\xff\xfe", "byte 0 is not UTF-8."),
    ],
)
def test_a_line_that_cannot_be_read_is_named(raw: bytes, says: str) -> None:
    with pytest.raises(UnreadableFile, match=says):
        evaluation.read_labelled(raw)
