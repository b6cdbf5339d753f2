"""What opens, folds, changes and closes. No database."""

from datetime import UTC, datetime, timedelta

import pytest

from metrics.incident_codes import EXPLAINED_BY, Action, Cause
from metrics.incidents.findings import Finding
from metrics.incidents.plan import CHILD_MAY_OUTLIVE, OpenIncident, plan_steps

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
SENDS, GHL = ("sends_failing", ""), ("ghl_down", "")


def found(cause: str, *marks: str, action: Action = Action.TOLD) -> Finding:
    return Finding(Cause(cause), marks or ("m",), action=action)


def opened(
    cause: str, *marks: str, parent: tuple[str, str] | None = None, ended: datetime | None = None
) -> OpenIncident:
    return OpenIncident((cause, ""), set(marks or ("m",)), "told", parent, ended)


def plan(
    findings: list[Finding],
    incidents: list[OpenIncident],
    cleared: dict | None = None,
    unseen: set[Cause] | None = None,
) -> list[tuple[str, str, str | None]]:
    steps = plan_steps(findings, incidents, cleared or {}, unseen or set(), NOW)
    return [(str(one.step), one.key[0], one.parent[0] if one.parent else None) for one in steps]


def test_it_opens_once_and_closes_when_it_is_over() -> None:
    assert plan([found("slack")], []) == [("open", "slack", None)]
    assert plan([found("slack")], [opened("slack")]) == [("refresh", "slack", None)]
    assert plan([], [opened("slack")]) == [("close", "slack", None)]
    assert plan([], []) == []


def test_several_sources_of_one_cause_are_one() -> None:
    both = [found("sends_failing", "a"), found("sends_failing", "b")]
    (step,) = plan_steps(both, [], {}, set(), NOW)
    assert step.finding is not None and step.finding.marks == ("a", "b")


def test_new_evidence_and_another_action_are_news() -> None:
    assert plan([found("slack", "m", "n")], [opened("slack")]) == [("update", "slack", None)]
    halted = found("slack", action=Action.HALTED)
    assert plan([halted], [opened("slack")]) == [("update", "slack", None)]


def test_nothing_closes_of_what_nothing_is_known() -> None:
    assert plan([], [opened("reply_rate")], unseen={Cause.REPLY_RATE}) == []


def test_what_was_cleared_opens_only_with_new_evidence() -> None:
    cleared = {("slack", ""): {"m"}}
    assert plan([found("slack", "m")], [], cleared) == []
    assert plan([found("slack", "m", "n")], [], cleared) == [("open", "slack", None)]


def test_parents_open_before_their_children() -> None:
    storm = [found("uncertain"), found("sends_failing"), found("ghl_down"), found("ghl_access")]
    assert plan(storm, []) == [
        ("open", "ghl_access", None),
        ("open", "ghl_down", "ghl_access"),
        ("open", "uncertain", "ghl_access"),
        ("open", "sends_failing", "ghl_access"),
    ]


def test_what_is_open_folds_into_what_explains_it() -> None:
    steps = plan([found("sends_failing"), found("ghl_down")], [opened("sends_failing")])
    assert steps == [
        ("open", "ghl_down", None),
        ("fold", "sends_failing", "ghl_down"),
        ("refresh", "sends_failing", None),
    ]


@pytest.mark.parametrize(
    ("marks", "ended_ago", "unfolds"),
    [
        (("m",), timedelta(minutes=1), False),
        (("m",), CHILD_MAY_OUTLIVE, True),
        (("m", "new"), timedelta(minutes=1), True),
    ],
)
def test_a_child_outlives_its_parent_only_for_a_while(
    marks: tuple[str, ...], ended_ago: timedelta, unfolds: bool
) -> None:
    child = opened("sends_failing", parent=GHL, ended=NOW - ended_ago)
    steps = [step for step, *_ in plan([found("sends_failing", *marks)], [child])]
    assert ("unfold" in steps) is unfolds


def test_a_child_stays_folded_while_its_parent_is_open() -> None:
    known = [opened("ghl_down"), opened("sends_failing", parent=GHL)]
    assert plan([found("ghl_down"), found("sends_failing")], known) == [
        ("refresh", "ghl_down", None),
        ("refresh", "sends_failing", None),
    ]


def test_a_cleared_parent_explains_nothing() -> None:
    steps = plan([found("ghl_down"), found("sends_failing")], [], {GHL: {"m"}})
    assert steps == [("open", "sends_failing", None)]


def test_no_cause_explains_itself() -> None:
    def ancestors(cause: Cause, seen: tuple[Cause, ...] = ()) -> None:
        assert cause not in seen
        for parent in EXPLAINED_BY.get(cause, ()):
            ancestors(parent, (*seen, cause))

    for cause in Cause:
        ancestors(cause)
