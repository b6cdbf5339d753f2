"""A Lead moves the phase up by typing its name, once every gate passes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from metrics.gates import gate_evaluation, gate_measures
from metrics.gates.gate import PASS, Gate, ReasonCode
from metrics.models import SignOff
from outreach.choices import Phase
from outreach.control import phase
from outreach.limits import current_limits
from outreach.models import Control, ControlChange

pytestmark = pytest.mark.django_db
PATH = "/sales/phase/promote"
SIGNED = {"name": "Assisted", "text": "I answer for it."}


@pytest.fixture
def lead_client(client: Client, lead_user: User) -> Client:
    client.force_login(lead_user)
    return client


@pytest.fixture
def every_gate_passes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """All but the sign-off, which is of the person who signs."""

    def passing(measure: Any) -> Any:
        def measured(now: Any) -> Gate:
            gate = measure(now)
            if gate.name == "sign-off":
                return gate  # type: ignore[no-any-return]
            return replace(gate, met=True).with_verdict(PASS, ReasonCode.MET_TODAY)

        return measured

    gates = {
        to: tuple(passing(one) for one in measures) for to, measures in gate_measures.GATES.items()
    }
    monkeypatch.setattr(gate_evaluation, "GATES", gates)
    yield


def unchanged() -> bool:
    return (phase.current_control().phase, ControlChange.objects.count()) == ("parallel", 0)


def test_it_says_what_is_missing_and_has_no_form(lead_client: Client) -> None:
    page = lead_client.get(PATH).content.decode()
    assert "What is missing" in page and "reply rate: not enough yet, about" in page
    assert 'name="text"' not in page
    answer = lead_client.post(PATH, SIGNED)
    assert answer.status_code == 422 and unchanged()


@pytest.mark.usefixtures("every_gate_passes")
class TestEveryGatePasses:
    def test_the_name_and_a_sentence_move_it(self, lead_client: Client, lead_user: User) -> None:
        assert 'name="text"' in lead_client.get(PATH).content.decode()
        answer = lead_client.post(PATH, SIGNED)
        assert (answer.status_code, answer["Location"]) == (303, "/sales/phase")
        change = ControlChange.objects.get()
        assert (change.after, change.by, change.override) == ("assisted", lead_user, False)
        assert change.reason.text == SIGNED["text"]
        row = phase.current_control()
        assert current_limits.read_limits(row, timezone.now()).daily == 50

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"name": ""}, "Type the name of the phase."),
            ({"name": "Autonomous"}, "It is not Assisted."),
            ({"text": "  "}, "Say what you answer for"),
        ],
    )
    def test_what_is_not_typed_moves_nothing(
        self, lead_client: Client, changes: dict[str, str], why: str
    ) -> None:
        answer = lead_client.post(PATH, {**SIGNED, **changes})
        assert answer.status_code == 422 and why in answer.content.decode()
        assert unchanged()

    def test_a_halt_holds_it(self, lead_client: Client, lead_user: User) -> None:
        phase.halt_sending(by=lead_user, reason="a look at it")
        answer = lead_client.post(PATH, SIGNED)
        assert answer.status_code == 422 and "Sending is halted." in answer.content.decode()
        assert phase.current_control().phase == "parallel"

    def test_into_autonomous_the_sentence_is_the_sign_off(
        self, lead_client: Client, lead_user: User
    ) -> None:
        Control.objects.filter(pk=phase.current_control().pk).update(
            phase=Phase.ASSISTED, phase_since=timezone.now() - timedelta(days=20)
        )
        answer = lead_client.post(PATH, {"name": "autonomous", "text": "I answer for it."})
        assert answer.status_code == 303 and phase.current_control().phase == "autonomous"
        signed = SignOff.objects.get()
        assert (signed.by, signed.evaluation.target) == (lead_user, "autonomous")

    def test_who_may_promote_but_not_sign_changes_nothing(
        self, client: Client, reviewer: User
    ) -> None:
        Control.objects.filter(pk=phase.current_control().pk).update(phase=Phase.ASSISTED)
        reviewer.user_permissions.add(*permissions("promote"))
        client.force_login(reviewer)
        answer = client.post(PATH, {"name": "autonomous", "text": "I answer for it."})
        assert answer.status_code == 422 and phase.current_control().phase == "assisted"
        assert not SignOff.objects.exists()


def permissions(*codes: str) -> Any:
    from django.contrib.auth.models import Permission

    return Permission.objects.filter(codename__in=codes)


def test_a_reviewer_is_refused_and_nothing_happens(client: Client, reviewer: User) -> None:
    client.force_login(reviewer)
    assert client.get(PATH).status_code == client.post(PATH, SIGNED).status_code == 403
    assert unchanged()


def test_at_the_top_there_is_nowhere_to_go(lead_client: Client) -> None:
    Control.objects.filter(pk=phase.current_control().pk).update(phase=Phase.AUTONOMOUS)
    assert lead_client.get(PATH)["Location"] == "/sales/phase"


def test_the_page_shows_evidence_and_the_number_on_record(lead_client: Client) -> None:
    number = gate_evaluation.record_evaluation(gate_evaluation.evaluate_gates("assisted")).pk
    page = lead_client.get("/sales/phase").content.decode()
    assert "evidence 1.0 of 20" in page and "Nobody counts yet" in page
    assert f"evaluation {number} of" in page and PATH in page
