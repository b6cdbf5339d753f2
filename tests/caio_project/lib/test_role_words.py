"""One form for who may not: whom to ask for what, and that nothing was done."""

import re
from pathlib import Path

from django.conf import settings

from caio_project.lib.words.role_words import ask_a_lead, ask_for_reviewer_role

FOLDERS = ("caio_project", "leads", "outreach", "approvals", "metrics")
OTHER_FORMS = re.compile(r'PermissionDenied\(f?".*(Lead|Reviewer)|(Lead|Reviewer)s?\b.*Nothing was')


def test_the_form() -> None:
    assert ask_a_lead("resume sending") == "Ask a Lead to resume sending. Nothing was changed."
    assert ask_for_reviewer_role("add it", "stored") == (
        "Ask a Lead for the reviewer role to add it. Nothing was stored."
    )


def test_no_page_says_it_in_words_of_its_own() -> None:
    found = [
        (path.name, line.strip())
        for folder in FOLDERS
        for path in (Path(settings.BASE_DIR) / folder).rglob("*.py")
        for line in path.read_text().splitlines()
        if OTHER_FORMS.search(line) and path.name != "role_words.py"
    ]
    assert found == []
