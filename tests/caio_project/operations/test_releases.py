"""A part of the product that still runs older code is told."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from caio_project.lib.models import Release, RunningProcess
from caio_project.lib.running_commit import running_commit
from caio_project.operations import releases
from caio_project.operations.releases import Part

pytestmark = pytest.mark.django_db
OLD, NEW = "a" * 40, "b" * 40


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def runs(part: str, commit: str, seen_at: datetime) -> None:
    RunningProcess.objects.create(
        token=f"{part}-{commit}"[:32], part=part, commit=commit, seen_at=seen_at
    )


def first_ran(commit: str, at: datetime) -> None:
    Release.objects.create(commit=commit, first_seen_at=at)


@pytest.fixture
def two_releases(now: datetime) -> None:
    first_ran(OLD, now - timedelta(days=9))
    first_ran(NEW, now - timedelta(minutes=11))
    runs(Part.WEB, NEW, now)
    runs(Part.WORKER, OLD, now)


def test_worker_on_an_older_release_is_named(two_releases: None, now: datetime) -> None:
    assert releases.left_behind(now) == (
        "Worker still runs release aaaaaaa; web runs the newer bbbbbbb. Deploy it there, too."
    )


def test_deploy_has_ten_minutes_to_replace_processes(two_releases: None, now: datetime) -> None:
    assert releases.left_behind(now - timedelta(minutes=2)) == ""


def test_ended_process_is_not_behind(two_releases: None, now: datetime) -> None:
    RunningProcess.objects.filter(commit=OLD).update(seen_at=now - timedelta(minutes=6))

    assert releases.left_behind(now) == ""


def test_rolled_back_everywhere_is_in_order(two_releases: None, now: datetime) -> None:
    RunningProcess.objects.filter(commit=NEW).update(commit=OLD)

    assert releases.left_behind(now) == ""


def test_nothing_seen_yet_says_nothing(now: datetime) -> None:
    assert releases.left_behind(now) == ""


def test_health_fails_and_every_page_says_so(
    two_releases: None, client: Client, admin_client: Client
) -> None:
    health = client.get("/api/health").json()["checks"]["release"]
    page = admin_client.get("/sales").content.decode()

    assert not health["ok"]
    assert "Worker still runs release aaaaaaa" in health["detail"]
    assert 'data-banner="release"' in page
    assert "Worker still runs release aaaaaaa" in page


def test_foot_of_a_page_says_commit_and_age(admin_client: Client, now: datetime) -> None:
    first_ran(running_commit(), now - timedelta(hours=3))

    page = admin_client.get("/sales").content.decode()

    assert f"Release {running_commit()[:7]}" in page
    assert "3\xa0hours ago" in page


def test_process_is_stored_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "noted", releases._Noted())

    releases.note_process(Part.WORKER, NEW)
    releases.note_process(Part.WORKER, OLD)
    releases.note_process(Part.BEAT, OLD)

    assert list(RunningProcess.objects.order_by("part").values_list("part", "commit")) == [
        ("beat", OLD),
        ("worker", NEW),
    ]
    assert set(Release.objects.values_list("commit", flat=True)) == {OLD, NEW}
