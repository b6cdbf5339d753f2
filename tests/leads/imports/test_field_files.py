"""Files of the field: RB2B's own export and LinkedIn's connections, in every form they come in."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from leads.inbound import events
from leads.models import Company, InboundEvent, KnownContact, Lead, Visit
from tests.factories import TeamMemberFactory
from tests.field_cases import FOLDER
from tests.leads.imports.import_helpers import command, file

pytestmark = pytest.mark.django_db

EXPORTS = sorted(path.name for path in FOLDER.glob("rb2b_export*.csv"))


@pytest.mark.parametrize("name", EXPORTS)
def test_rb2bs_export_is_taken_whole(name: str) -> None:
    out, err = command("import_visitors", FOLDER / name)
    assert (out, err) == ("2 visitors read: 2 new, 0 known before.\n", "")
    events.process_due()
    assert set(InboundEvent.objects.values_list("state", "reason")) == {("processed", "")}
    lead = Lead.objects.get()
    assert (lead.first_name, lead.last_name, lead.title) == ("Dana", "Okafor", "VP Operations")
    assert (lead.email or "").endswith("@greenfield-1.test")
    assert (lead.city, lead.state, lead.country) == ("Columbus", "OH", "US")
    one, two = Company.objects.order_by("domain")
    assert (one.domain, one.name, two.domain) == (
        "greenfield-1.test", "Greenfield One", "greenfield-2.test",
    )  # fmt: skip
    sizes = (11, 11) if "nov50" in name else (201, 11)
    assert (one.employees_from, two.employees_from) == sizes
    assert (one.revenue, one.industry) == ("$48M rev", "Logistics & Supply Chain")
    mine = lead.visits.order_by("pk")
    assert [visit.path for visit in mine] == ["/pricing", "/blog/x"]
    assert mine[0].referrer == "https://www.google.com/"
    assert mine[0].seen_at.replace(second=0, microsecond=0) == datetime(
        2026, 11, 24, 15, 4, tzinfo=UTC
    )
    assert Visit.objects.get(lead=None).path == "/demo"


@pytest.mark.parametrize("name", EXPORTS)
def test_rb2bs_export_is_known_the_second_time(name: str) -> None:
    command("import_visitors", FOLDER / name)
    out, _ = command("import_visitors", FOLDER / name)
    assert out == "2 visitors read: 0 new, 2 known before.\n"


HEAD = "LinkedInUrl,FirstName,LastName,WorkEmail,CompanyName,LastSeenAt"
ROW = "https://www.linkedin.com/in/dana-okafor,Dana,Okafor,dana@x.test,X,2026-11-24T15:04:05Z"


@pytest.mark.parametrize(
    "text",
    [
        f"sep=,\n{HEAD}\n{ROW}\n",
        f"Exported by RB2B\non 24 Nov 2026, for us\n\n{HEAD}\n{ROW}\n",
        f"{HEAD}\n{ROW}\n".replace(",", ";"),
        f"sep=;\n{HEAD}\n{ROW}\n".replace(",", ";"),
        f"{HEAD}\n{ROW}\n".replace(",", "\t"),
        f"{HEAD}\n{ROW}\n".replace(",", "|"),
        '[{"LinkedInUrl": "https://www.linkedin.com/in/dana-okafor", "FirstName": "Dana",'
        '\n"LastName": "Okafor", "WorkEmail": "dana@x.test", "LastSeenAt": "2026-11-24"}]',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_of_any_form_is_taken(tmp_path: Path, text: str, encoding: str) -> None:
    out, err = command("import_visitors", file(tmp_path, text.encode(encoding)))
    assert (out, err) == ("1 visitors read: 1 new, 0 known before.\n", "")
    events.process_due()
    assert Lead.objects.get().email == "dana@x.test"


def test_what_is_not_taken_is_counted_and_said(tmp_path: Path) -> None:
    rows = [
        f"https://www.linkedin.com/in/dana-{n},Dana,Okafor,{email},X,2026-11-2{n}T15:04:05Z,blue"
        for n, email in enumerate(("d***@x.test", "d***@x.test", "a@x.test; b@x.test"))
    ]
    path = file(tmp_path, "\n".join([f"{HEAD},Favourite Colour", *rows]))
    out, err = command("import_visitors", path)
    assert err == ""
    assert out.splitlines() == [
        "not taken, 3 times: Favourite Colour: no field of this name is read.",
        "not taken, 2 times: WorkEmail: the address is masked.",
        "not taken, once: WorkEmail: it holds several addresses; the first is used.",
        "3 visitors read: 3 new, 0 known before.",
    ]
    assert '"left_out": {' in command("import_visitors", path, "--json")[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "names no visitor"),
        ("[1, 2", "It is not JSON"),
        ("[1, 2]", "line 1: It is not a JSON object."),
        ("", "names no visitor"),
    ],
)
def test_a_file_without_visitors_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert said in command("import_visitors", file(tmp_path, text))[1]
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize("name", ["conn_long_notes", "conn_semicolon_plain_notes"])
def test_linkedins_connections_are_taken_under_any_notes(name: str) -> None:
    TeamMemberFactory(name="Mark Ellis")
    out, err = command("import_connections", FOLDER / f"{name}.csv", "--member", "Mark Ellis")
    assert (out, err) == ("1 connections read: 1 new, 0 known before.\n", "")
    contact = KnownContact.objects.get()
    assert (contact.name, contact.company_name, contact.linkedin_key) == (
        "Priya Raman", "Harbor Analytics", "in/hunt-priya",
    )  # fmt: skip


CONNECTIONS = (
    "First Name,Last Name,URL,Email Address,Company,Position,Connected On\n"
    "Priya,Raman,https://www.linkedin.com/in/hunt-priya,,Harbor Analytics,VP,28 Nov 2025\n"
)


@pytest.mark.parametrize(
    "text",
    [
        CONNECTIONS,
        "sep=,\n" + CONNECTIONS,
        "Notes:\n" + "line, with a comma\n" * 40 + "\n" + CONNECTIONS,
        CONNECTIONS.replace(",", "\t"),
        "Hinweise:\n\"Einige, aber nicht alle\"\n\n" + CONNECTIONS.replace(",", ";"),
        CONNECTIONS.replace("First Name", "\"First Name\""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_connections_of_any_form_are_taken(tmp_path: Path, text: str, encoding: str) -> None:
    TeamMemberFactory(name="Mark Ellis")
    path = file(tmp_path, text.encode(encoding))
    out, _ = command("import_connections", path, "--member", "Mark Ellis")
    assert out == "1 connections read: 1 new, 0 known before.\n"
    assert KnownContact.objects.get().linkedin_key == "in/hunt-priya"


def test_addresses_of_connections_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    TeamMemberFactory(name="Mark Ellis")
    text = CONNECTIONS.replace(",,Harbor", ",p***@x.test,Harbor")
    out, _ = command("import_connections", file(tmp_path, text), "--member", "Mark Ellis")
    assert "not taken, once: Email Address" in out and "1 new" in out
    assert KnownContact.objects.get().email == ""


def test_a_second_column_hides_no_address_of_a_connection(tmp_path: Path) -> None:
    TeamMemberFactory(name="Mark Ellis")
    head, row = CONNECTIONS.splitlines()
    text = f"{head},E-mail,EMAIL ADDRESS\n{row.replace(',,', ',p@x.test,')},,\n"
    assert command("import_connections", file(tmp_path, text), "--member", "Mark Ellis")[1] == ""
    assert KnownContact.objects.get().email == "p@x.test"
    text = text.replace("2025,,\n", "2025,,q@x.test\n")
    _, said = command("import_connections", file(tmp_path, text), "--member", "Mark Ellis")
    assert "line 2: email address: it is there twice, with “p@x.test” and" in said
