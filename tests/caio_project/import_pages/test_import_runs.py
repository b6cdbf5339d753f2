"""Imports on their page: who may, what is refused, killed workers, what becomes of the files."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from caio_project.import_pages import import_form, import_runs
from caio_project.lib.models import FileImport, ImportedFile
from caio_project.lib.web import body_limits
from caio_project.privacy import erasing, subject
from caio_project.tasks import import_files
from leads.models import Erasure, Suppression
from tests.caio_project.import_pages.conftest import PATH, Give, text_of, words_of_newest

pytestmark = pytest.mark.django_db
ADDRESS = "ana@acme.example.com"
STOPS = f"value,reason\n{ADDRESS},unsubscribed\n"


@pytest.mark.parametrize("role", ["viewer", "reviewer"])
def test_only_a_lead_imports(
    client: Client, give: Give, role: str, request: pytest.FixtureRequest
) -> None:
    give("suppressions", {"stops.csv": STOPS})
    client.force_login(request.getfixturevalue(role))
    assert give("suppressions", {"stops.csv": STOPS}).status_code == 403
    assert client.get(PATH).status_code == 403
    assert client.get(f"{PATH}/{FileImport.objects.get().public_id}").status_code == 403
    assert FileImport.objects.count() == 1
    assert "Imports" not in client.get("/sales/setup").content.decode()


def test_a_lead_finds_the_page(page: Client) -> None:
    assert page.get("/sales/setup").content.decode().count(f'href="{PATH}"') >= 2
    assert "None yet." in text_of(page.get(PATH))


@pytest.mark.parametrize(
    ("kind", "files", "status", "says"),
    [
        ("invoices", {"a.csv": STOPS}, 200, "Choose what to import. Nothing was stored."),
        ("suppressions", {}, 422, "File: This field is required."),
        ("suppressions", {"a.csv": ""}, 422, "File: The submitted file is empty."),
    ],
)
def test_what_is_no_import_is_refused(
    give: Give, kind: str, files: dict[str, str], status: int, says: str
) -> None:
    answer = give(kind, files)
    assert answer.status_code == status and says in text_of(answer)
    assert not FileImport.objects.exists()


def test_bounds_of_size_and_lines(give: Give, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_form, "MOST_LINES", 3)
    assert "4 lines are more than 3." in text_of(give("suppressions", {"a.csv": STOPS * 2}))
    monkeypatch.setattr(import_form, "LARGEST_UPLOAD", 100)
    files = {"a.csv": STOPS * 1, "b.csv": STOPS * 2}
    assert "More than 0 MB." in text_of(give("history", files))
    assert not FileImport.objects.exists()


def test_only_who_may_import_posts_more_than_two_megabytes(
    client: Client, give: Give, reviewer: User
) -> None:
    text = "value,reason\n" + f'{ADDRESS},manual,"{"x" * 100_000}"\n' * 25
    assert give("suppressions", {"long.csv": text}).status_code == 200
    too_long = {"CONTENT_LENGTH": str(body_limits.LARGEST_UPLOAD * 2)}
    assert client.generic("POST", PATH, **too_long).status_code == 413
    client.force_login(reviewer)
    assert give("suppressions", {"long.csv": text}).status_code == 413
    assert FileImport.objects.count() == 1


def test_more_files_than_the_form_takes_are_refused(give: Give) -> None:
    answer = give("history", {f"{number}.csv": STOPS for number in range(501)})
    assert answer.status_code == 422 and "Files: 501 files are more than 500." in text_of(answer)
    assert not FileImport.objects.exists()


def test_a_file_of_something_else_stores_nothing(give: Give, page: Client) -> None:
    before = Suppression.objects.count()
    for text in ("Name,Firm\nx,y\n", "value,reason\n"):
        give("suppressions", {"a.csv": text})
        import_runs.work_off_next()
        assert "Nothing was stored." in words_of_newest(page)
        assert FileImport.objects.first().outcome == "unreadable"  # type: ignore[union-attr]
    assert Suppression.objects.count() == before and not ImportedFile.objects.exists()


def test_what_waits_is_bounded(give: Give, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_runs, "MOST_WAITING", 1)
    give("suppressions", {"a.csv": STOPS})
    assert "Too many files wait" in text_of(give("suppressions", {"a.csv": STOPS}))
    assert FileImport.objects.count() == ImportedFile.objects.count() == 1


def test_the_oldest_comes_first_and_alone(give: Give) -> None:
    give("suppressions", {"a.csv": STOPS})
    give("suppressions", {"b.csv": STOPS})
    FileImport.objects.filter(pk=FileImport.objects.last().pk).update(  # type: ignore[union-attr]
        lease_until=timezone.now() + timedelta(minutes=1), attempts=1
    )
    assert not import_runs.work_off_next()
    FileImport.objects.update(lease_until=None)
    import_files()
    import_files()
    assert not import_runs.work_off_next()
    assert Suppression.objects.get(value=ADDRESS).source == "import a.csv"


def test_a_killed_worker_is_followed_and_the_page_says_so(give: Give, page: Client) -> None:
    give("suppressions", {"a.csv": STOPS})
    FileImport.objects.update(attempts=1, lease_until=timezone.now() - timedelta(seconds=1))
    assert import_runs.work_off_next()
    assert "The work was interrupted and taken up again." in words_of_newest(page)
    assert Suppression.objects.filter(value=ADDRESS).exists()


def test_after_three_tries_it_says_that_it_failed(give: Give, page: Client) -> None:
    give("suppressions", {"a.csv": STOPS})
    FileImport.objects.update(attempts=3)
    assert import_runs.work_off_next()
    assert "did not work after three tries" in words_of_newest(page)
    assert not ImportedFile.objects.exists()
    assert not Suppression.objects.filter(value=ADDRESS).exists()


def test_a_worker_that_lost_its_lease_reports_nothing(give: Give) -> None:
    give("suppressions", {"a.csv": STOPS})
    run = FileImport.objects.get()
    FileImport.objects.update(attempts=2)
    import_runs._progress_of(run)(1, 1)
    import_runs._work_off(run)
    row = FileImport.objects.get()
    assert (row.outcome, row.done, row.counts) == ("waiting", 0, {})
    assert ImportedFile.objects.count() == 1


# Personal data


def test_a_file_is_sealed_and_deleted(give: Give, settings: Any, page: Client) -> None:
    give("suppressions", {"a.csv": STOPS})
    stored = ImportedFile.objects.get().sealed
    assert ADDRESS not in stored and import_runs._unseal(stored) == STOPS.encode()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 10, []
    assert import_runs.work_off_next()
    assert FileImport.objects.get().lines == {"file": import_runs.KEY_IS_GONE}
    assert not ImportedFile.objects.exists()
    assert not Suppression.objects.filter(value=ADDRESS).exists()


def test_lines_are_deleted_after_a_week(give: Give, page: Client) -> None:
    give("suppressions", {"a.csv": "value,reason\nnobody at all,manual\n"})
    import_runs.work_off_next()
    assert "nobody at all" in words_of_newest(page)
    FileImport.objects.update(ended_at=timezone.now() - timedelta(days=8))
    import_runs.work_off_next()
    assert FileImport.objects.get().lines == {}
    assert "was deleted after seven days" in words_of_newest(page)


def test_who_was_erased_meanwhile_is_left_out(give: Give, lead_user: User) -> None:
    give("suppressions", {"a.csv": STOPS})
    found = subject.find_subject(ADDRESS)
    erasing.erase_subject(found, Erasure.Source.PAGE, lead_user)
    assert import_runs.work_off_next()
    assert not Suppression.objects.filter(value=ADDRESS).exists()
    assert FileImport.objects.get().counts["new"] == 0


def test_nothing_of_a_file_is_in_the_log(
    give: Give, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    give("suppressions", {"ana-list.csv": f"value,reason\n{ADDRESS},manual\n{ADDRESS},odd\n"})
    import_files()
    out, err = capsys.readouterr()
    assert ADDRESS not in caplog.text + out + err and "ana-list" not in caplog.text + out + err
