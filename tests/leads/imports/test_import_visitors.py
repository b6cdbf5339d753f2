"""Visitors imported from files, and events replayed."""

import csv
import io
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from leads.imports import import_files
from leads.inbound import events
from leads.models import Enrichment, InboundEvent, Lead, Visit
from leads.scoring import assess
from outreach.drafting import no_draft, open_drafts
from outreach.models import Message
from tests.fakes import rb2b
from tests.leads.imports.import_helpers import command, file

pytestmark = pytest.mark.django_db


def exported(count: int, seen_at: datetime) -> str:
    rows = [
        rb2b.person({"Seen At": seen_at.isoformat(), "is_repeat_visit": None}) for _ in range(count)
    ]
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows({k: "" if v is None else v for k, v in row.items()} for row in rows)
    return out.getvalue()


class TestVisitors:
    def test_csv_export_becomes_leads_without_asking_clay(self, tmp_path: Path) -> None:
        path = file(tmp_path, exported(3, timezone.now()))
        assert command("import_visitors", path)[0] == "3 visitors read: 3 new, 0 known before.\n"
        events.process_due()
        assess.assess_due()
        open_drafts.open_new_drafts()
        assert (Lead.objects.count(), Visit.objects.count(), Message.objects.count()) == (3, 3, 3)
        assert Enrichment.objects.count() == 0

    def test_old_visits_are_scored_and_bring_no_draft(self, tmp_path: Path) -> None:
        command("import_visitors", file(tmp_path, exported(2, timezone.now() - timedelta(days=20))))
        events.process_due()
        assess.assess_due()
        open_drafts.open_new_drafts()
        assert Message.objects.count() == 0
        lead = Lead.objects.first()
        assert lead is not None and lead.score is not None
        assert (
            str(no_draft.why_no_draft_now(lead))
            == "The last visit was 20 days ago; a new one would bring a draft."
        )

    def test_twice_changes_nothing(self, tmp_path: Path) -> None:
        path = file(tmp_path, exported(3, timezone.now()))
        command("import_visitors", path)
        assert command("import_visitors", path)[0] == "3 visitors read: 0 new, 3 known before.\n"
        events.process_due()
        assert Visit.objects.count() == 3

    def test_visit_from_webhook_is_not_imported_again(self, tmp_path: Path) -> None:
        payload = rb2b.person({"Seen At": timezone.now().isoformat()})
        events.store_event("rb2b", rb2b.to_body(payload))
        command("import_visitors", file(tmp_path, json.dumps(payload) + "\n"))
        events.process_due()
        assert (InboundEvent.objects.count(), Visit.objects.count(), Lead.objects.count()) == (
            2,
            1,
            1,
        )

    def test_wrong_lines_are_named_and_nothing_is_stored(self, tmp_path: Path) -> None:
        lines = [
            json.dumps(rb2b.person()),
            "{broken",
            "[]",
            json.dumps({}),
            json.dumps(rb2b.person({"Seen At": "soon"})),
        ]
        out, err = command("import_visitors", file(tmp_path, "\n".join(lines)))
        assert out == ""
        assert [line.split(":")[0] for line in err.splitlines()[:4]] == [
            "line 2",
            "line 3",
            "line 4",
            "line 5",
        ]
        assert "4 of 5 lines are wrong. Nothing was stored." in err
        assert InboundEvent.objects.count() == 0

    def test_deeply_nested_line_is_named(self, tmp_path: Path) -> None:
        deep = '{"a":' * 100_000 + "1" + "}" * 100_000
        path = file(tmp_path, f"{json.dumps(rb2b.person())}\n{deep}\n")
        assert command("import_visitors", path)[1].splitlines() == [
            "line 2: It is nested too deeply.",
            "ERROR 1 of 2 lines are wrong. Nothing was stored.",
        ]
        assert InboundEvent.objects.count() == 0
        assert "1 new" in command("import_visitors", path, "--skip-bad")[0]

    @pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85"])
    def test_line_separator_inside_text_ends_no_line(self, tmp_path: Path, mark: str) -> None:
        person = rb2b.person({"Title": f"VP{mark}Sales", "Seen At": timezone.now().isoformat()})
        lines = json.dumps(person, ensure_ascii=False) + "\r\n{broken\n"
        out, err = command("import_visitors", file(tmp_path, lines), "--skip-bad")
        assert "1 new" in out
        assert err.startswith("line 2: It is not JSON")

    def test_a_lone_surrogate_is_no_traceback(self, tmp_path: Path) -> None:
        line = json.dumps(rb2b.person({"Title": "VP \ud800 Sales"}))
        assert "1 new" in command("import_visitors", file(tmp_path, line + "\n"))[0]

    def test_too_long_cell_is_named_by_its_line(self, tmp_path: Path) -> None:
        rows = exported(2, timezone.now()).splitlines()
        text = "\r\n".join([*rows, "x" * 140_000 + rows[1]])
        out, err = command("import_visitors", file(tmp_path, text))
        assert out == ""
        assert err.startswith("line 4: A cell has more than 131072 characters")
        assert InboundEvent.objects.count() == 0

    def test_skip_bad_stores_the_good_lines(self, tmp_path: Path) -> None:
        lines = [json.dumps(rb2b.person()), "{broken"]
        out, err = command("import_visitors", file(tmp_path, "\n".join(lines)), "--skip-bad")
        assert "1 new" in out and "1 of 2 lines are wrong." in err
        assert InboundEvent.objects.count() == 1

    def test_reports_as_json(self, tmp_path: Path) -> None:
        out, _ = command("import_visitors", file(tmp_path, exported(1, timezone.now())), "--json")
        assert json.loads(out) == {
            "read": 1,
            "new": 1,
            "known": 0,
            "errors": [],
            "more_errors": 0,
            "left_out": {},
            "stored": True,
        }

    def test_many_errors_are_counted_and_not_all_kept(self) -> None:
        report = import_files.import_visitors(b"{\n" * 250)
        assert (len(report.errors), report.more_errors) == (100, 150)


class TestReplay:
    def parked(self) -> InboundEvent:
        return InboundEvent.objects.create(
            source="rb2b",
            body=rb2b.to_body(rb2b.person()),
            body_sha256="x",
            state="parked",
            reason="an old fault",
        )

    def test_dry_run_reports_changes_and_changes_nothing(self) -> None:
        event = self.parked()
        out, err = command("replay_events", "--parked", "--dry-run")
        assert "1 new lead, 1 new visit" in out and err == ""
        event.refresh_from_db()
        assert (event.state, Lead.objects.count(), Visit.objects.count()) == ("parked", 0, 0)

    def test_a_parked_event_is_worked_off(self) -> None:
        event = self.parked()
        command("replay_events", "--id", event.public_id)
        event.refresh_from_db()
        assert (event.state, event.reason, Visit.objects.count()) == ("processed", "", 1)
        assert "nothing new" in command("replay_events", "--id", event.public_id)[0]
        assert Visit.objects.count() == 1

    def test_replayed_unreadable_body_stays_parked(self) -> None:
        InboundEvent.objects.create(
            source="rb2b", body=b"{", body_sha256="x", state="parked", reason=""
        )
        out, err = command("replay_events", "--parked", "--json")
        assert json.loads(out)["events"][0]["text"].startswith("still parked: The body is not JSON")
        assert err == "ERROR 1 of 1 could not be worked off."
        assert InboundEvent.objects.get().state == "parked"

    def test_with_nothing_parked_it_says_so(self) -> None:
        assert command("replay_events", "--parked") == ("No such event is parked.\n", "")
        assert json.loads(command("replay_events", "--parked", "--json")[0]) == {
            "dry_run": False,
            "events": [],
        }

    @pytest.mark.parametrize("wrong", ["nonsense", "00000000-0000-4000-8000-000000000000"])
    def test_an_unknown_event_is_named(self, wrong: str) -> None:
        assert "--id:" in command("replay_events", "--id", wrong)[1]
