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
from tests.fakes.ghl import FakeGhl

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


def unchanged(here: str = "parallel") -> bool:
    return (phase.current_control().phase, ControlChange.objects.count()) == (here, 0)


def test_it_says_what_is_missing_and_has_no_form(lead_client: Client) -> None:
    page = lead_client.get(PATH).content.decode()
    assert "What is missing" in page and "reply rate: not enough yet, about" in page
    assert 'id="id_text"' not in page
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


ANYWAY = {**SIGNED, "anyway": "1", "text": "The old system sent for a year at this rate."}


class TestOverride:
    """A Lead's reason replaces gates, and nothing else."""

    def test_a_reason_moves_it_and_stays_marked(self, lead_client: Client, lead_user: User) -> None:
        assert "Move anyway" in lead_client.get(PATH).content.decode()
        answer = lead_client.post(PATH, ANYWAY, follow=True)
        assert "marked as an override" in answer.content.decode()
        change = ControlChange.objects.get()
        assert (change.after, change.by, change.override) == ("assisted", lead_user, True)
        assert change.reason.text == ANYWAY["text"]
        assert "Override" in lead_client.get("/sales/phase").content.decode()

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"name": ""}, "Type the name of the phase."),
            ({"name": "Parallel"}, "It is not Assisted."),
            ({"text": ""}, "Say why it moves without the gates."),
            ({"text": "because"}, "13 more characters: say why it moves without them."),
        ],
    )
    def test_what_is_not_typed_moves_nothing(
        self, lead_client: Client, changes: dict[str, str], why: str
    ) -> None:
        answer = lead_client.post(PATH, {**ANYWAY, **changes})
        assert answer.status_code == 422 and why in answer.content.decode()
        assert unchanged()

    def test_a_halt_is_not_overridden(self, lead_client: Client, lead_user: User) -> None:
        phase.halt_sending(by=lead_user, reason="a look at it")
        assert "Move anyway" not in lead_client.get(PATH).content.decode()
        answer = lead_client.post(PATH, ANYWAY)
        assert answer.status_code == 422 and "Sending is halted." in answer.content.decode()
        assert phase.current_control().phase == "parallel"

    def test_into_autonomous_the_reason_is_the_sign_off(
        self, lead_client: Client, lead_user: User
    ) -> None:
        Control.objects.filter(pk=phase.current_control().pk).update(phase=Phase.ASSISTED)
        answer = lead_client.post(PATH, {**ANYWAY, "name": "autonomous"})
        assert answer.status_code == 303 and phase.current_control().phase == "autonomous"
        assert SignOff.objects.get().text == ANYWAY["text"]
        assert ControlChange.objects.get().override

    def test_who_may_not_sign_overrides_nothing(self, client: Client, reviewer: User) -> None:
        Control.objects.filter(pk=phase.current_control().pk).update(phase=Phase.ASSISTED)
        reviewer.user_permissions.add(*permissions("promote"))
        client.force_login(reviewer)
        answer = client.post(PATH, {**ANYWAY, "name": "autonomous"})
        assert answer.status_code == 422 and phase.current_control().phase == "assisted"
        assert not SignOff.objects.exists() and not ControlChange.objects.exists()

    def test_a_reviewer_is_refused(self, client: Client, reviewer: User) -> None:
        client.force_login(reviewer)
        assert client.post(PATH, ANYWAY).status_code == 403 and unchanged()

    @pytest.mark.usefixtures("every_gate_passes")
    def test_where_every_gate_passes_there_is_nothing_to_override(
        self, lead_client: Client
    ) -> None:
        assert "Move anyway" not in lead_client.get(PATH).content.decode()


class TestOutOfShadow:
    @pytest.fixture(autouse=True)
    def shadow(self) -> None:
        Control.objects.filter(pk=phase.current_control().pk).update(phase=Phase.SHADOW)

    def test_a_working_write_check_moves_it(self, lead_client: Client, ghl: FakeGhl) -> None:
        page = lead_client.get("/sales/phase").content.decode()
        assert PATH in page and "/sales/phase/demote" not in page
        assert 'id="id_text"' in lead_client.get(PATH).content.decode()
        assert not ghl.requests()  # to look writes nothing
        answer = lead_client.post(PATH, {"name": "parallel", "text": "I answer for it."})
        assert answer.status_code == 303 and phase.current_control().phase == "parallel"
        assert [one.route for one in ghl.requests()] == ["POST /contacts/upsert"]

    def test_without_it_nothing_moves_and_no_override_is_offered(self, lead_client: Client) -> None:
        typed = {"name": "Parallel", "text": "Practice, with people who decide."}
        answer = lead_client.post(PATH, typed)
        assert answer.status_code == 422
        assert "GHL write: GoHighLevel is in the sandbox." in answer.content.decode()
        assert phase.current_control().phase == "shadow"
        assert "Move anyway" not in answer.content.decode()
        assert lead_client.post(PATH, {**typed, "anyway": "1"}).status_code == 422
        assert unchanged("shadow")


class TestDown:
    DOWN = "/sales/phase/demote"

    @pytest.fixture(autouse=True)
    def assisted(self) -> None:
        Control.objects.filter(pk=phase.current_control().pk).update(phase=Phase.ASSISTED)

    def test_a_reviewer_moves_it_down(self, client: Client, reviewer: User) -> None:
        client.force_login(reviewer)
        assert self.DOWN in client.get("/sales/phase").content.decode()
        assert "Parallel" in client.get(self.DOWN).content.decode()
        answer = client.post(self.DOWN, {"to": "parallel", "reason": "Odd emails today."})
        assert (answer.status_code, answer["Location"]) == (303, "/sales/phase")
        change = ControlChange.objects.get()
        assert (change.after, change.by, change.reason.text) == (
            "parallel",
            reviewer,
            "Odd emails today.",
        )

    @pytest.mark.parametrize(
        ("typed", "why"),
        [
            ({"to": "parallel"}, "Say why, in a few words."),
            ({"reason": "Odd emails."}, "Choose a phase."),
            ({"to": "assisted", "reason": "Odd emails."}, "not above that one any more"),
            ({"to": "autonomous", "reason": "Odd emails."}, "not above that one any more"),
        ],
    )
    def test_what_is_wrong_moves_nothing(
        self, lead_client: Client, typed: dict[str, str], why: str
    ) -> None:
        answer = lead_client.post(self.DOWN, typed)
        assert answer.status_code == 422 and why in answer.content.decode()
        assert phase.current_control().phase == "assisted" and not ControlChange.objects.exists()

    def test_a_viewer_is_refused(self, client: Client, viewer: User) -> None:
        client.force_login(viewer)
        assert client.get(self.DOWN).status_code == 403
        assert client.post(self.DOWN, {"to": "parallel", "reason": "Odd."}).status_code == 403
        assert phase.current_control().phase == "assisted" and not ControlChange.objects.exists()

    def test_at_the_bottom_there_is_nowhere_to_go(self, lead_client: Client) -> None:
        Control.objects.filter(pk=phase.current_control().pk).update(phase=Phase.SHADOW)
        assert lead_client.get(self.DOWN)["Location"] == "/sales/phase"


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
