"""Files that people bring: errors by line, all or nothing, safe to run twice."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from leads.imports import import_files
from leads.inbound import events
from leads.models import Enrichment, InboundEvent, KnownContact, Lead, Suppression, Visit
from leads.scoring import assess, connections
from leads.suppression import suppression
from outreach.drafting import no_draft, open_drafts
from outreach.models import Message
from tests import factories
from tests.fakes import rb2b

pytestmark = pytest.mark.django_db


def command(name: str, *args: Any) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(name, *map(str, args), stdout=out, stderr=err)
    except CommandError as error:
        err.write(f"ERROR {error}")
    return out.getvalue(), err.getvalue()


def file(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "file.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


class TestSuppressions:
    def test_addresses_and_domains_are_imported_with_expiry(self, tmp_path: Path) -> None:
        text = "value,reason,expires\nDana@Northline.test,customer,\nhttps://www.acme.test/about,competitor,2099-01-31\n"
        out, err = command("import_suppressions", file(tmp_path, text))
        assert (out, err) == ("2 suppressions read: 2 new, 0 known before.\n", "")
        stop = suppression.find_stop("dana@northline.test")
        assert stop is not None and (stop.reason, stop.source) == ("customer", "import file.csv")
        assert suppression.find_stop("anybody@sub.acme.test").reason == "competitor"  # type: ignore[union-attr]
        assert Suppression.objects.get(value="acme.test").expires_at == datetime(
            2099, 1, 31, 23, 59, 59, 999999, UTC
        )

    def test_twice_changes_nothing(self, tmp_path: Path) -> None:
        path = file(tmp_path, "value;reason\nacme.test;customer\n")
        command("import_suppressions", path)
        assert (
            command("import_suppressions", path)[0]
            == "1 suppressions read: 0 new, 1 known before.\n"
        )
        assert Suppression.objects.count() == 1

    def test_an_expiry_never_shortens_what_stands(self, tmp_path: Path) -> None:
        command("import_suppressions", file(tmp_path, "value,reason\nacme.test,customer\n"))
        command(
            "import_suppressions",
            file(tmp_path, "value,reason,expires\nacme.test,customer,2027-01-01\n"),
        )
        assert Suppression.objects.get().expires_at is None

    def test_wrong_line_stores_nothing_and_is_named(self, tmp_path: Path) -> None:
        text = (
            "value,reason,expires\nacme.test,customer,\nnot an address,customer,\n"
            '"a\nb@x.test",customer,\nb.test,dull,\nc.test,customer,31.1.2027\n'
        )
        out, err = command("import_suppressions", file(tmp_path, text))
        assert out == ""
        lines = err.splitlines()
        assert [line.split(":")[0] for line in lines] == [
            "line 3",
            "line 4",
            "line 6",
            "line 7",
            "ERROR 4 of 5 lines are wrong. Nothing was stored.",
        ]
        assert "reason: 'dull' is not one of" in err and "expires: '31.1.2027' is not a date" in err
        assert Suppression.objects.count() == 0

    @pytest.mark.parametrize(
        ("raw", "said"),
        [
            ("address,reason\na@b.test,customer\n", "has no column value"),
            ("", "has no column value, reason"),
            (b"value,reason\n\x00,customer", "NUL bytes"),
        ],
    )
    def test_a_file_that_is_none_is_refused_whole(
        self, tmp_path: Path, raw: str | bytes, said: str
    ) -> None:
        assert said in command("import_suppressions", file(tmp_path, raw))[1]
        assert Suppression.objects.count() == 0

    def test_too_long_cell_is_named_by_its_line(self, tmp_path: Path) -> None:
        text = f"value,reason\nacme.test,customer\n{'x' * 140_000},customer\nb.test,customer\n"
        out, err = command("import_suppressions", file(tmp_path, text))
        assert out == ""
        assert err.splitlines() == [
            "line 3: A cell has more than 131072 characters: is a closing quote missing?",
            "ERROR 1 of 3 lines are wrong. Nothing was stored.",
        ]
        assert Suppression.objects.count() == 0

    def test_unclosed_quote_is_named_where_it_opens(self, tmp_path: Path) -> None:
        text = 'value,reason\nacme.test,customer\n"b.test,customer\n' + "c.test,customer\n" * 10_000
        assert (
            "line 3: A cell has more than"
            in command("import_suppressions", file(tmp_path, text))[1]
        )
        assert Suppression.objects.count() == 0

    @pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
    def test_lines_end_as_every_system_ends_them(self, tmp_path: Path, end: str) -> None:
        path = file(tmp_path, end.join(["value,reason", "acme.test,customer", "b.test,dull", ""]))
        assert command("import_suppressions", path)[1].startswith("line 3: reason: 'dull'")

    def test_a_missing_file_is_said(self, tmp_path: Path) -> None:
        assert "No such file" in command("import_suppressions", tmp_path / "none.csv")[1]


LINKEDIN = """Notes:
"When exporting your connection data, you may notice that some of the email addresses are missing."

First Name,Last Name,URL,Email Address,Company,Position,Connected On
Dana,Okafor,https://www.linkedin.com/in/dana-okafor,,Northline Freight,VP Sales,02 Nov 2024
Ines,Moreau,https://www.linkedin.com/in/ines-moreau,ines@ploverly.test,Ploverly,RevOps,03 Nov 2024
"""


class TestConnections:
    def test_linkedins_own_file_makes_a_warm_connection(self, tmp_path: Path) -> None:
        member = factories.TeamMemberFactory(name="Mark Ellis")
        out, err = command("import_connections", file(tmp_path, LINKEDIN), "--member", "Mark Ellis")
        assert (out, err) == ("2 connections read: 2 new, 0 known before.\n", "")
        lead = factories.LeadFactory(linkedin_key="in/dana-okafor")
        warm = connections.best_connection(lead)
        assert warm is not None and (warm["kind"], warm["member"]) == ("known", "Mark Ellis")
        assert member.known_contacts.get(email="ines@ploverly.test").company_name == "Ploverly"

    def test_twice_changes_nothing(self, tmp_path: Path) -> None:
        factories.TeamMemberFactory(name="Mark Ellis")
        path = file(tmp_path, LINKEDIN)
        command("import_connections", path, "--member", "Mark Ellis")
        assert "0 new, 2 known" in command("import_connections", path, "--member", "Mark Ellis")[0]
        assert KnownContact.objects.count() == 2

    def test_errors_are_named_and_nothing_is_stored(self, tmp_path: Path) -> None:
        factories.TeamMemberFactory(name="Mark Ellis")
        assert (
            "no team member 'Nobody'"
            in command("import_connections", file(tmp_path, LINKEDIN), "--member", "Nobody")[1]
        )
        assert (
            "has no column"
            in command("import_connections", file(tmp_path, "a,b\n"), "--member", "Mark Ellis")[1]
        )
        assert KnownContact.objects.count() == 0

    def test_a_cell_that_is_too_long_stores_nothing(self, tmp_path: Path) -> None:
        factories.TeamMemberFactory(name="Mark Ellis")
        path = file(tmp_path, LINKEDIN + f"{'x' * 140_000},Moreau,,,Ploverly,,\n")
        assert (
            "line 7: A cell has more than"
            in command("import_connections", path, "--member", "Mark Ellis")[1]
        )
        assert KnownContact.objects.count() == 0

    def test_rows_of_closed_accounts_are_skipped(self, tmp_path: Path) -> None:
        factories.TeamMemberFactory(name="Mark Ellis")
        closed = file(tmp_path, LINKEDIN + ",,,,,,02 Nov 2021\n")
        out, _ = command("import_connections", closed, "--member", "Mark Ellis")
        assert out == "3 connections read: 2 new, 0 known before. 1 name nobody.\n"
        assert KnownContact.objects.count() == 2

    def test_newer_file_updates_and_removes_nothing(self, tmp_path: Path) -> None:
        member = factories.TeamMemberFactory(name="Mark Ellis")
        command("import_connections", file(tmp_path, LINKEDIN), "--member", "Mark Ellis")
        before = member.known_contacts.get(email="ines@ploverly.test")
        newer = LINKEDIN.replace("ines@ploverly.test", "").replace("Ploverly", "Quarry Insurance")
        assert (
            "0 new, 2 known"
            in command("import_connections", file(tmp_path, newer), "--member", "Mark Ellis")[0]
        )
        after = member.known_contacts.get(pk=before.pk)
        assert (after.email, after.company_name, after.company_key) == (
            "ines@ploverly.test", "Quarry Insurance", "quarry insurance",
        )  # fmt: skip

    def test_same_name_at_two_companies_is_two_contacts(self, tmp_path: Path) -> None:
        factories.TeamMemberFactory(name="Mark Ellis")
        twins = LINKEDIN + "John,Smith,,,Acme,,\nJohn,Smith,,,Beta,,\nJohn,Smith,,,ACME Inc,,\n"
        out, _ = command("import_connections", file(tmp_path, twins), "--member", "Mark Ellis")
        assert out.startswith("5 connections read: 4 new, 1 known")
        assert KnownContact.objects.filter(name="John Smith").count() == 2

    def test_leads_seen_lately_are_scored_anew(self, tmp_path: Path) -> None:
        factories.TeamMemberFactory(name="Mark Ellis")
        lead = factories.LeadFactory(linkedin_key="in/dana-okafor")
        old = factories.LeadFactory(last_seen_at=timezone.now() - timedelta(days=31))
        command("import_connections", file(tmp_path, LINKEDIN), "--member", "Mark Ellis")
        assess.assess_due()
        assert lead.assessments.get().warm["kind"] == "known"
        assert not old.assessments.exists()


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
