"""Each kind of import by its form stores what its command stores, and names lines as it does."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from caio_project.import_pages import import_runs
from caio_project.lib.models import FileImport, ImportedFile
from leads.inbound import events
from leads.models import InboundEvent, KnownContact, Lead, Suppression, TeamMember
from outreach.models import HistoryItem, Message
from tests import factories
from tests.caio_project.import_pages.conftest import Give, words_of_newest
from tests.leads.imports.test_import_visitors import exported

pytestmark = pytest.mark.django_db

STOPS = "value,reason\nana@acme.example.com,unsubscribed\nrival.test,competitor\n"
HISTORY = "email,what,at,subject,body\ndana@acme.example.com,sent,2026-01-31,Hello,Hi Dana.\n"
CONNECTIONS = (
    "Notes:\nSome addresses are left out.\n\n"
    "First Name,Last Name,URL,Email Address,Company,Position,Connected On\n"
    "Ana,Souza,https://www.linkedin.com/in/ana-souza,,Acme,VP,01 Jan 2026\n"
)


def work_off() -> FileImport:
    assert import_runs.work_off_next()
    assert not ImportedFile.objects.exists()
    run = FileImport.objects.first()
    assert run is not None and run.ended_at is not None
    return run


# Suppressions


def test_suppressions_are_stored_by_a_worker(give: Give, page: Client) -> None:
    assert give("suppressions", {"stops.csv": STOPS}).status_code == 200
    assert not Suppression.objects.filter(source__startswith="import").exists()
    assert "Waiting for a worker." in words_of_newest(page)

    assert work_off().outcome == "stored"

    assert "2 lines read: 2 new, 0 known before." in words_of_newest(page)
    stored = Suppression.objects.filter(source="import stops.csv").order_by("pk")
    assert list(stored.values_list("value", "reason")) == [
        ("ana@acme.example.com", "unsubscribed"),
        ("rival.test", "competitor"),
    ]


def test_the_same_file_again_adds_nothing(give: Give, page: Client) -> None:
    for said in ("2 new, 0 known before.", "0 new, 2 known before."):
        give("suppressions", {"stops.csv": STOPS})
        work_off()
        assert said in words_of_newest(page)


def test_a_reason_is_chosen_for_rows_without_one(give: Give, page: Client) -> None:
    before = Suppression.objects.count()
    give("suppressions", {"list.csv": "Website\nhttps://client.test/about\n"})
    assert work_off().outcome == "unreadable"
    assert "has no column reason" in words_of_newest(page)
    assert Suppression.objects.count() == before

    give("suppressions", {"list.csv": "Website\nclient.test\n"}, reason="customer")
    assert work_off().outcome == "stored"
    assert Suppression.objects.get(value="client.test").reason == "customer"


def test_wrong_lines_are_named_as_a_spreadsheet_shows_them(give: Give, page: Client) -> None:
    before = Suppression.objects.count()
    text = 'value,reason\n"ana@acme.example.com",manual\nnobody,manual\nx@y.example.com,boring\n'
    give("suppressions", {"stops.csv": text})
    assert work_off().outcome == "refused"
    words = words_of_newest(page)
    assert "2 of 3 lines are wrong. Nothing was stored." in words
    assert "Line 3: value:" in words and "Line 4: reason: 'boring' is not one of" in words
    assert Suppression.objects.count() == before


# Visitors


def test_visitors_become_events(give: Give, page: Client) -> None:
    give("visitors", {"rb2b.csv": exported(3, timezone.now())})
    run = work_off()
    assert (run.outcome, run.done, run.total) == ("stored", 3, 3)
    assert "3 visitors read: 3 new, 0 known before." in words_of_newest(page)
    events.process_due()
    assert Lead.objects.count() == 3


def test_visitors_with_a_wrong_line_are_refused_or_left_out(give: Give, page: Client) -> None:
    bad = json.dumps({"Company Name": "Acme", "Website": "https://acme.example.com"})
    good = json.dumps({**json.loads(bad), "Seen At": timezone.now().isoformat()})
    give("visitors", {"rows.jsonl": f"{good}\n{bad}\n"})
    assert work_off().outcome == "refused"
    assert "Line 2: Seen At is missing" in words_of_newest(page)
    assert not InboundEvent.objects.exists()

    give("visitors", {"rows.jsonl": f"{good}\n{bad}\n"}, skip_bad="on")
    assert work_off().outcome == "stored"
    words = words_of_newest(page)
    assert "2 visitors read: 1 new, 0 known before. 1 was wrong and left out." in words
    assert "Line 2: Seen At is missing" in words
    assert InboundEvent.objects.count() == 1


def test_progress_is_kept_with_the_lease(give: Give, page: Client) -> None:
    give("visitors", {"rb2b.csv": exported(1, timezone.now())})
    run = FileImport.objects.get()
    FileImport.objects.update(attempts=1, lease_until=timezone.now() + timedelta(seconds=5))
    run.refresh_from_db()
    tell = import_runs._progress_of(run)
    tell(500, 2000)
    tell(1000, 2000)  # within the same second: not written
    row = FileImport.objects.get()
    assert row.lease_until is not None
    assert (row.done, row.total) == (500, 2000)
    assert row.lease_until > timezone.now() + timedelta(seconds=200)
    assert "500 of 2000 visitors" in words_of_newest(page)


# Earlier emails


def test_history_of_several_files(give: Give, page: Client) -> None:
    olds = [
        {
            "email_id": f"e{number}", "status": "sent", "to": f"eli{number}@acme.example.com",
            "subject": "Hello", "body": "Hi Eli.", "created_at": "2026-01-30T09:00:00Z",
        }
        for number in range(120)
    ]  # fmt: skip
    files = {f"{one['email_id']}.json": json.dumps(one) for one in olds}
    give("history", {"past.csv": HISTORY} | files)
    run = work_off()
    assert (run.outcome, run.total, run.counts["by_what"]) == ("stored", 121, {"sent": 121})
    assert "121 entries read: 121 new, 0 known before. 121 sent" in words_of_newest(page)
    assert Message.objects.filter(transport="history").count() == HistoryItem.objects.count() == 121


def test_a_wrong_entry_is_named_with_its_file(give: Give, page: Client) -> None:
    wrong = "email,what,at\ndana@acme.example.com,dreamt,2026-01-31\n"
    give("history", {"past.csv": HISTORY, "more.csv": wrong})
    assert work_off().outcome == "refused"
    assert "Line 2: more.csv: what: 'dreamt' is not one of" in words_of_newest(page)
    assert not HistoryItem.objects.exists() and not Message.objects.exists()

    give("history", {"past.csv": HISTORY, "more.csv": wrong}, skip_bad="on")
    assert work_off().outcome == "stored"
    words = words_of_newest(page)
    assert "2 entries read: 1 new" in words and "1 what: 'dreamt' is not one of" in words
    assert HistoryItem.objects.count() == 1


def test_reasons_that_quote_the_file_are_bounded(give: Give, page: Client) -> None:
    rows = "".join(f"p{number},sent,2026-01-31\n" for number in range(130))
    give("history", {"past.csv": "email,what,at\n" + rows}, skip_bad="on")
    run = work_off()
    assert len(run.lines["skipped"]) == 100 and run.counts["more_skipped"] == 30
    assert "And 30 more." in words_of_newest(page)
    assert not HistoryItem.objects.exists()


# Connections


@pytest.fixture
def priya() -> TeamMember:
    return factories.TeamMemberFactory(name="Priya Raman")


def test_connections_of_a_member(give: Give, page: Client, priya: TeamMember) -> None:
    give("connections", {"Connections.csv": CONNECTIONS}, member=priya.pk)
    assert work_off().outcome == "stored"
    assert "1 connection read: 1 new" in words_of_newest(page)
    assert list(KnownContact.objects.values_list("member", "name")) == [(priya.pk, "Ana Souza")]


def test_connections_need_a_member_who_is_there(give: Give, page: Client, priya: Any) -> None:
    answer = give("connections", {"Connections.csv": CONNECTIONS})
    assert answer.status_code == 422
    assert "Whose connections: This field is required." in answer.content.decode()
    assert not FileImport.objects.exists()

    give("connections", {"Connections.csv": CONNECTIONS}, member=priya.pk)
    priya.delete()
    assert work_off().outcome == "unreadable"
    assert "is not there any more. Nothing was stored." in words_of_newest(page)
    assert not KnownContact.objects.exists()
