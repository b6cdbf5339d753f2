"""Which subject an email gets beside its neighbors."""

from outreach.content.subject_choice import (
    FilledSubject,
    HeldSubject,
    HeldSubjects,
    TakenSubjects,
    choose_subject,
    subject_pattern,
)

A, B, C = (FilledSubject(f"{name} at Kite", f"{name.lower()} at {{company}}") for name in "ABC")


def test_the_first_that_nobody_near_has() -> None:
    assert choose_subject([A, B, C], TakenSubjects()) == A
    assert choose_subject([A, B, C], TakenSubjects(near=(A.pattern, B.pattern))) == C


def test_where_all_are_taken_the_rarest() -> None:
    near = (A.pattern, A.pattern, B.pattern, C.pattern, C.pattern)
    assert choose_subject([A, B, C], TakenSubjects(near=near)) == B


def test_colleagues_never_share_one_while_another_is_left() -> None:
    taken = TakenSubjects(frozenset({A.text.lower()}), near=(B.pattern,) * 3 + (C.pattern,) * 9)
    assert choose_subject([A, B, C], taken) == B


def test_a_subject_once_chosen_is_kept() -> None:
    taken = TakenSubjects(near=(C.pattern,), current=C.text)
    assert choose_subject([A, B, C], taken) == C


def test_a_long_company_name_gets_a_shorter_one() -> None:
    long = FilledSubject("A" * 46, "long")
    assert choose_subject([long, B], TakenSubjects(near=(B.pattern,))) == B


def test_names_do_not_make_a_pattern_another() -> None:
    phrases = [
        {"field": "company", "text": "Kite"},
        {"field": "role_topic", "text": "Month-end close"},
    ]
    assert subject_pattern("Month-end close at Kite", phrases) == "month-end close at {company}"
    assert subject_pattern("Kites and Kite", phrases) == "kites and {company}"


def test_nearest_are_those_of_like_intent() -> None:
    held = HeldSubjects(HeldSubject(f"p{n}", intent=n, message=n) for n in range(60))
    near = held.nearest(30, but=(30,))
    assert len(near) == 20 and "p30" not in near
    assert {"p29", "p31", "p40"} <= set(near) and "p59" not in near
    held.add(HeldSubject("new", 30, 99))
    assert held.nearest(30)[:2] == ("new", "p30")
