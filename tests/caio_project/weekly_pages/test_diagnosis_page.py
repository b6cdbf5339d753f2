"""The diagnosis on its page: asked by a Lead, run by a worker, shown from its row."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from caio_project.lib.models import DiagnosisRun
from caio_project.operations import diagnosis, diagnosis_runs
from caio_project.operations.diagnosis import StageFinding

pytestmark = pytest.mark.django_db
PAGE = "/sales/diagnosis"


def test_a_lead_asks_and_the_result_is_kept(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    assert "never run" in client.get(PAGE).content.decode()
    assert client.post(PAGE).status_code == 303
    assert "Running since" in client.get(PAGE).content.decode()

    assert diagnosis_runs.run_asked_diagnosis()

    page, run = client.get(PAGE).content.decode(), DiagnosisRun.objects.get()
    assert "by\nlena" in page and run.verdict in page
    assert [stage["name"] for stage in run.stages] == [
        one.name for one in diagnosis.diagnose_stages()
    ]
    assert "Running since" not in page


def test_no_request_runs_it(
    client: Client, lead_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[int] = []
    monkeypatch.setattr(diagnosis, "diagnose_stages", lambda: called.append(1) or [])
    client.force_login(lead_user)
    client.post(PAGE)
    client.get(PAGE)
    assert called == []


def test_one_at_a_time(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    client.post(PAGE)
    page = client.post(PAGE, follow=True).content.decode()
    assert "A diagnosis is running already." in page
    assert DiagnosisRun.objects.count() == 1


@pytest.mark.parametrize("role", ["viewer", "reviewer"])
def test_others_see_the_result_only(
    client: Client, role: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(role))
    assert client.post(PAGE).status_code == 403
    assert not DiagnosisRun.objects.exists()
    assert "A Lead runs it." in client.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (StageFinding("drafts", True, 2, "fine"), "Works"),
        (StageFinding("drafts", False, None, "no worker"), "Does not\nwork"),
        (StageFinding("drafts", False, None, "just started", True), "Starting"),
        (StageFinding("Clay", True, None, "in the sandbox", unproven="not set up"), "Not set up"),
        (StageFinding("Python", True, None, "old", unproven="warning"), "Warning"),
    ],
)
def test_each_state_has_a_word(
    client: Client,
    lead_user: User,
    monkeypatch: pytest.MonkeyPatch,
    finding: StageFinding,
    said: str,
) -> None:
    monkeypatch.setattr(diagnosis, "diagnose_stages", lambda: [finding])
    diagnosis_runs.ask_diagnosis(lead_user)
    diagnosis_runs.run_asked_diagnosis()
    client.force_login(lead_user)
    assert said in client.get(PAGE).content.decode()


def test_a_run_that_died_is_taken_up_again(
    lead_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    diagnosis_runs.ask_diagnosis(lead_user)
    with monkeypatch.context() as patch:
        patch.setattr(diagnosis, "diagnose_stages", _die)
        with pytest.raises(KeyboardInterrupt):
            diagnosis_runs.run_asked_diagnosis()
    assert not diagnosis_runs.run_asked_diagnosis()  # it is leased
    DiagnosisRun.objects.update(lease_until=None)
    assert diagnosis_runs.run_asked_diagnosis()
    assert DiagnosisRun.objects.get().ended_at is not None


def test_after_three_tries_it_ends_as_failed(client: Client, lead_user: User) -> None:
    diagnosis_runs.ask_diagnosis(lead_user)
    DiagnosisRun.objects.update(attempts=3)
    diagnosis_runs.run_asked_diagnosis()
    run = DiagnosisRun.objects.get()
    assert (run.ok, run.is_running, run.verdict) == (False, False, "It could not be run.")
    assert diagnosis_runs.ask_diagnosis(lead_user)


def test_old_runs_are_let_go(lead_user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis_runs, "KEPT_RUNS", 2)
    monkeypatch.setattr(diagnosis, "diagnose_stages", list)
    for _ in range(3):
        diagnosis_runs.ask_diagnosis(lead_user)
        diagnosis_runs.run_asked_diagnosis()
    assert DiagnosisRun.objects.count() == 2


def _die(*_: Any) -> None:
    raise KeyboardInterrupt
