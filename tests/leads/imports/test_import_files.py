"""Files that people bring: errors by line, all or nothing, safe to run twice."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from leads.models import KnownContact, Suppression
from leads.scoring import assess, connections
from leads.suppression import suppression
from tests import factories
from tests.leads.imports.import_helpers import command, file

pytestmark = pytest.mark.django_db


class TestSuppressions:
    def test_addresses_and_domains_are_imported_with_expiry(self, tmp_path: Path) -> None:
        text = (
            "value,reason,expires\nDana@Northline.test,customer,\n"
            "https://www.acme.test/about,competitor,2099-01-31\n"
        )
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
            "d.test,customer,0001-01-01\ne.test,customer,9999-12-31\n"
        )
        out, err = command("import_suppressions", file(tmp_path, text))
        assert out == ""
        lines = err.splitlines()
        assert [line.split(":")[0] for line in lines] == [
            "line 3",
            "line 4",
            "line 6",
            "line 7",
            "line 8",
            "line 9",
            "ERROR 6 of 7 lines are wrong. Nothing was stored.",
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
