"""Imports in the admin: to look at, running ones too, with wrong lines by number."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from caio_project.lib.models import FileImport
from caio_project.tasks import import_files
from tests.caio_project.import_pages.conftest import Give, text_of

pytestmark = pytest.mark.django_db
LIST = "admin:lib_fileimport_changelist"
STOPS = "value,reason\nana@acme.example.com,unsubscribed\n<b>x,unsubscribed\n"


def page_of(client: Client, run: FileImport) -> str:
    answer = client.get(reverse("admin:lib_fileimport_change", args=[run.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_waiting_and_ended_ones_with_their_lines(page: Client, give: Give) -> None:
    give("suppressions", {"stops.csv": STOPS})
    assert "Under way" in text_of(page.get(reverse(LIST)))

    import_files()

    run = FileImport.objects.get()
    assert "Nothing stored, lines are wrong" in text_of(page.get(reverse(LIST)))
    shown = page_of(page, run)
    assert "Line 3: " in shown and "&lt;b&gt;x" in shown and "<b>x" not in shown


def test_how_far_one_is(page: Client, lead_user: User) -> None:
    FileImport.objects.create(kind="visitors", by=lead_user, done=40, total=90)
    assert "40 of 90" in text_of(page.get(reverse(LIST)))


def test_a_file_that_is_no_such_file(page: Client, lead_user: User) -> None:
    run = FileImport.objects.create(
        kind="visitors", by=lead_user, outcome="unreadable", lines={"file": "It has no rows."}
    )
    assert "The file: It has no rows." in page_of(page, run)


def test_lines_are_read_with_the_permission_alone(client: Client, lead_user: User) -> None:
    lines = {"errors": [[3, "ana@acme.example.com is wrong"]], "notes": []}
    run = FileImport.objects.create(kind="visitors", by=lead_user, outcome="refused", lines=lines)
    ines = User.objects.create_user("ines", is_staff=True)
    ines.user_permissions.set(Permission.objects.filter(codename="import_files"))
    client.force_login(ines)
    assert "ana@acme" not in page_of(client, run)
    assert "ana@acme" not in client.get(reverse(LIST)).content.decode()


def test_nobody_changes_or_deletes_one(page: Client, lead_user: User) -> None:
    run = FileImport.objects.create(kind="visitors", by=lead_user)
    for verb in ("change", "delete"):
        path = reverse(f"admin:lib_fileimport_{verb}", args=[run.pk])
        assert page.post(path, {"outcome": "stored", "post": "yes"}).status_code == 403
    assert page.get(reverse("admin:lib_fileimport_add")).status_code == 403
    run.refresh_from_db()
    assert run.outcome == "waiting"


def test_without_the_permission_there_is_nothing_to_see(client: Client, reviewer: User) -> None:
    client.force_login(reviewer)
    assert client.get(reverse(LIST)).status_code == 403
    assert "File imports" not in text_of(client.get("/admin/"))
