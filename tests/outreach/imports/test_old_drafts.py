"""A folder of the older system's drafts as it lies there: taken, or counted by reason."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from approvals.escalation import held_notices
from outreach.contact_history import ghl_check
from outreach.drafting.critical_reasons import IMPORTED_WITH_OTHERS
from outreach.imports import history_files, old_footer
from outreach.models import HistoryItem, Message, MoveReason
from outreach.review import ghl_lookup
from tests.fakes.ghl import FakeGhl

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]

CRITICAL = (IMPORTED_WITH_OTHERS, 0)
FOLDER = Path(__file__).parent / "old_drafts"


def run(*args: str) -> str:
    out = StringIO()
    call_command("import_history", *args, stdout=out, stderr=out)
    return out.getvalue()


def test_a_folder_is_taken_and_the_rest_counted() -> None:
    said = run(str(FOLDER), "--skip-bad")
    assert "2 skipped: body: a draft needs a subject and a body." in said
    assert "2 skipped: It is a shadow record without a whole text: it was never sent." in said
    assert "1 skipped: It is a canary of the older system, not an email." in said
    assert HistoryItem.objects.count() == 7
    statuses = sorted(Message.objects.values_list("status", flat=True))
    assert (statuses.count("sent"), statuses.count("rejected")) == (1, 1)
    assert MoveReason.objects.get().text == "Wrong person, not in our ICP at all"
    assert "0 new" in run(str(FOLDER), "--skip-bad")


def test_without_skipping_nothing_is_stored_and_each_is_named() -> None:
    out = StringIO()
    with pytest.raises(CommandError, match="5 of 12 lines are wrong. Nothing was stored."):
        call_command("import_history", str(FOLDER), stdout=out, stderr=out)
    assert "canary_canary_20260126.json" in out.getvalue()
    assert not HistoryItem.objects.exists() and not Message.objects.exists()


def test_several_files_are_taken_together(tmp_path: Path) -> None:
    names = ["blog_intent_sample_cro_002.json", "blog_intent_sample_vp_005.json"]
    run(*(str(FOLDER / name) for name in names))
    assert Message.objects.count() == 2
    with pytest.raises(CommandError, match="there is no file in it"):
        run(str(tmp_path))
    with pytest.raises(CommandError, match=r"gone\.json"):
        run(str(tmp_path / "gone.json"))


def test_a_draft_stays_critical_after_the_look(ghl: FakeGhl) -> None:
    run(str(FOLDER / "blog_intent_sample_cro_002.json"))
    Message.objects.update(status="held")
    message = Message.objects.get()
    assert (message.critical_reason, message.rank) == CRITICAL
    for why in ("Triggers: ai_case_study.", "Pages: /blog/how-pg-cut.", "Warm: Dani A at Gong."):
        assert why in message.template_why
    ghl_check.request_check(message)
    assert ghl_lookup.check_due() == 1
    message.refresh_from_db()
    assert (message.critical_reason, message.rank) == CRITICAL


@pytest.mark.parametrize(
    "ending",
    [
        "Best,\nAlex Moreno\n\nclick here\n1 Example Street", "Kind regards\nAlex", "Thanks!\nAlex",
        "Unsubscribe\n1 Example Street", "--\nAlex", "Click here to unsubscribe\n1 Example Street",
        "Best regards,\nAlex\nPartner\nAcme",
    ],
)  # fmt: skip
def test_the_old_footer_is_cut(ending: str) -> None:
    said = "Hi Dana,\n\nA note."
    assert old_footer.without_old_footer(f"{said}\n\n{ending}") == said


@pytest.mark.parametrize("text", ["Best of all, it is done.", "Thanks to you it is fast.", "A\nB"])
def test_words_like_a_footer_stay(text: str) -> None:
    assert old_footer.without_old_footer(f"Hi,\n\n{text}") == f"Hi,\n\n{text}"


@pytest.mark.parametrize(
    ("more", "what"),
    [({}, "draft"), ({"sent_at": "x"}, "sent"), ({"approved_at": "x"}, "sent"),
     ({"rejected_at": "x"}, "rejected"), ({"status": "approved"}, "sent")],
)  # fmt: skip
def test_a_draft_without_status(more: dict[str, str], what: str) -> None:
    row: dict[str, Any] = {"email_id": "1", "to": "a@b.test", "subject": "S", "body": "B",
                           "timestamp": "2026-01-02", **more}  # fmt: skip
    row["context"] = {
        "triggers": "odd",
        "pages_viewed": [1],
        "warm_connections": [{"shared": 1}, 2],
    }
    ((_, entry),) = history_files.read_entries(json.dumps(row, indent=2).encode())
    assert isinstance(entry, history_files.HistoryEntry)
    assert (entry.what, entry.why) == (what, "")


def test_an_import_makes_no_flood_of_notices() -> None:
    run(str(FOLDER / "blog_intent_sample_cro_002.json"))
    Message.objects.update(status="held", held_at=timezone.now(), band="hot")
    assert held_notices.create_held_notices() == 0
    Message.objects.update(template_why="")
    assert held_notices.create_held_notices() == 1
