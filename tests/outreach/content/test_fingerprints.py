"""Near copies share a band of their fingerprints; other texts seldom do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.content.fingerprints import BAND_MASKS, text_fingerprint
from outreach.models import EmailTemplate

BODY = """Hi Dana,

Someone on our site reading about pricing usually has a specific job in mind. I would rather hear
about that job at Northline than pitch you. We bring a chief AI officer and a small team. They watch
the work first, then build with the people doing it, and hand over.

If your reps could stop doing one thing tomorrow, what should it be?"""


def shared_bands(one: int, other: int) -> int:
    return sum(one & mask == other & mask != 0 for mask in BAND_MASKS)


def test_facts_of_the_recipient_do_not_count() -> None:
    other = BODY.replace("Dana", "Sam").replace("Northline", "Kite Freight")
    one = text_fingerprint(BODY, ["Dana", "Northline"])
    assert one == text_fingerprint(other, ["Kite Freight", "Sam"]) != 0
    assert one == text_fingerprint(BODY.replace("Dana", "An"), ["An", "Northline"])


def test_a_word_or_two_leave_a_band_in_common() -> None:
    words = sorted(set(BODY.split()))
    one = text_fingerprint(BODY)
    found = [
        shared_bands(one, text_fingerprint(BODY.replace(a, "xyz").replace(b, "zyx"))) > 0
        for a, b in zip(words, words[1:], strict=False)
    ]
    assert sum(found) / len(found) > 0.9


@pytest.mark.django_db
def test_the_starting_templates_are_seldom_taken_for_copies() -> None:
    found = [text_fingerprint(one.body) for one in EmailTemplate.objects.all()]
    pairs = [(a, b) for n, a in enumerate(found) for b in found[:n]]
    assert sum(shared_bands(*pair) > 0 for pair in pairs) / len(pairs) < 0.15


@given(st.text(), st.lists(st.text(max_size=5), max_size=3))
def test_any_text_has_a_number_that_its_column_holds(text: str, facts: list[str]) -> None:
    found = text_fingerprint(text, facts)
    assert 0 <= found < 2**60 and found == text_fingerprint(text, facts)


def test_a_text_without_words_has_none() -> None:
    assert text_fingerprint(" …! ") == text_fingerprint("Dana", ["Dana"]) == 0
