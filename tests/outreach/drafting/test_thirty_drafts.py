"""docs/thirty-drafts.md is what drafting writes, and each email in it is one worth sending."""

import os
from typing import Any

import pytest

from outreach.content import style
from outreach.content.subject_choice import subject_pattern
from tests.outreach.conftest import WORKING
from tests.outreach.drafting import thirty_people

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]


def test_the_page_shows_what_drafting_writes(clock: Any) -> None:
    clock.move_to(WORKING, tick=False)
    thirty_people.fill_in_seller()
    drafted = [(one, thirty_people.draft_for(one)) for one in thirty_people.THIRTY]
    page = thirty_people.as_page(drafted)
    if os.environ.get("CAIO_WRITE_DRAFTS"):
        thirty_people.PAGE.write_text(page)
    assert thirty_people.PAGE.read_text() == page
    texts = [message.text for _, message in drafted]
    assert len({text.subject for text in texts}) == 30
    patterns = [subject_pattern(text.subject, text.phrases) for text in texts]
    near = [patterns[max(0, n - 20) : n] for n in range(30)]
    assert not [one for one, before in zip(patterns, near, strict=True) if one in before]
    for text in texts:
        assert style.filled_email_problems(text.subject, text.body) == [], text.body
