"""What the soak and the roll-back compare can fail: a lost row, a doubled one, one that grows."""

import pytest

from bench import rollback, soak, soak_judge

ROWS = [("a", "approved"), ("b", "rejected")]


def test_decisions_that_are_kept_once_are_no_fault() -> None:
    found = soak_judge.judge_decisions([*ROWS, ROWS[0]], [*ROWS, ("c", "approved")])
    assert found == {"decisions_lost": 0, "decided_twice": 0}


@pytest.mark.parametrize(
    "rows,fault",
    [
        (ROWS[:1], "decisions_lost"),
        ([ROWS[0], ("b", "approved")], "decisions_lost"),
        ([*ROWS, ROWS[1]], "decided_twice"),
        ([*ROWS, ("b", "approved")], "decided_twice"),
    ],
)
def test_a_lost_or_doubled_decision_is_found(rows: list[tuple[str, str]], fault: str) -> None:
    found = soak_judge.judge_decisions(ROWS, rows)
    assert [name for name, n in found.items() if n] == [fault]


@pytest.mark.parametrize(
    "states,accepted,refused,fault",
    [
        ({"1": "delivered"}, ["1", "1"], 0, ""),
        ({"1": "delivered", "2": "delivered"}, ["1"], 0, "webhooks_lost"),
        ({"1": "waiting"}, ["1"], 0, "webhooks_undelivered"),
        ({"1": "delivered"}, ["1", "2"], 0, "webhooks_unknown"),
        ({"1": "delivered"}, ["1"], 1, "webhooks_unverifiable"),
    ],
)
def test_each_webhook_comes_at_least_once_and_verified(
    states: dict[str, str], accepted: list[str], refused: int, fault: str
) -> None:
    found = soak_judge.judge_webhooks(states, accepted, refused)
    assert [name for name, n in found.items() if n] == [fault] * bool(fault)


def test_each_email_that_left_is_told() -> None:
    assert soak_judge.judge_told(["a", "b"], ["b", "a", "a"]) == {"untold": 0, "told_wrongly": 0}
    assert soak_judge.judge_told(["a", "b"], ["a"])["untold"] == 1
    assert soak_judge.judge_told(["a"], ["a", "c"])["told_wrongly"] == 1


def samples(mb_a_minute: float, minutes: int = 30) -> dict[str, list[tuple[float, float]]]:
    """A process that fills its caches for five minutes and grows evenly beside."""
    points = [
        (at, 80 + min(at / 60, 5) * 10 + at / 60 * mb_a_minute) for at in range(0, 60 * minutes, 5)
    ]
    return {"web worker": [(float(at), mb) for at, mb in points]}


def test_memory_that_grows_evenly_is_found() -> None:
    assert soak_judge.judge_memory(samples(0.1), 1800) == {"growing": 0}
    assert soak_judge.judge_memory(samples(0.6), 1800) == {"growing": 1}
    assert soak_judge.memory_slopes(samples(0.6), 1800)["web worker"]["mb_a_minute"] == 0.6


def test_nothing_is_said_of_memory_after_a_short_run_or_without_samples() -> None:
    assert soak_judge.judge_memory(samples(5.0, minutes=5), 300) == {}
    assert soak_judge.judge_memory({"web worker": []}, 1800) == {"growing": 1}


def test_a_soak_that_did_not_do_its_part_says_so() -> None:
    found = {"killed": {"web": 1, "worker": 1}, **dict.fromkeys(soak.PARTS, 1), "answers": 0}
    assert soak.missing_parts(found, 30) == ["no beat was killed", "no answers"]
    assert soak.missing_parts(found | {"answers": 1}, 3) == []


RUN = {"posted": ["a", "b"], "held": True, "approved": "a", "answer": 200, "sent": True}
GOOD = {
    "runs": [RUN, RUN | {"posted": ["c"], "approved": "b"}],
    "sent": ["a", "b"],
    "accepted": {"a": 1, "b": 1},
    "events": [("processed", 3)],
    "visits": 3,
    "still_held": 1,
    "gone": [],
}


@pytest.mark.parametrize(
    "change",
    [
        {"accepted": {"a": 2, "b": 1}},
        {"accepted": {"a": 1}},
        {"sent": ["a"]},
        {"events": [("processed", 2), ("parked", 1)]},
        {"visits": 2},
        {"still_held": 0},
        {"gone": ["leads_visit: 3 to 2"]},
        {"runs": [RUN | {"held": False}, GOOD["runs"][1]]},
        {"runs": [RUN | {"answer": 409}, GOOD["runs"][1]]},
    ],
)
def test_a_roll_back_that_loses_or_doubles_something_fails(change: dict) -> None:
    assert rollback.find_faults(GOOD) == []
    assert len(rollback.find_faults(GOOD | change)) == 1
