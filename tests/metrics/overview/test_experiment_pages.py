"""Starting a test and publishing its winner on the pages."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from outreach.email_templates import publishing
from outreach.experiments import experiments, proposals
from outreach.models import EmailTemplate, Experiment
from tests import factories

pytestmark = pytest.mark.django_db
KEY, PAGE = "tier_1.high_intent", "/sales/experiments/new"
SUBJECT = "One task at {{ company }}"


@pytest.fixture(autouse=True)
def sender(db: None) -> None:
    factories.TeamMemberFactory(default_sender=True)


@pytest.fixture
def lena(client: Client, lead_user: User) -> User:
    client.force_login(lead_user)
    return lead_user


def active(key: str = KEY) -> EmailTemplate:
    return EmailTemplate.objects.get(key=key, active=True)


def post(client: Client, **changes: Any) -> Any:
    typed = {"template": KEY, "kind": "subject", "text": SUBJECT, "per_version": "25"}
    return client.post(PAGE, {**typed, **changes})


def seen(answer: Any) -> str:
    found = re.search(r'name="shown" value="([\w.]+)"', answer.content.decode())
    assert found is not None
    return found[1]


def won_by_b(by: User) -> Experiment:
    proposal = proposals.build_proposal(active(), "subject", SUBJECT)
    test = experiments.start_experiment(proposal.template, proposal.variant, "subject", 50, by)
    Experiment.objects.filter(pk=test.pk).update(
        ended_at=timezone.now(), ended_by=by, verdict="b", result=_result()
    )
    test.refresh_from_db()
    return test


def _result() -> dict[str, Any]:
    side = {"assigned": 25, "left": 25, "ripe": 25, "answered": 1, "edited": 0}
    return {
        "a": side,
        "b": {**side, "answered": 12},
        "difference": [0.1, 0.6],
        "assigned_by_chance": 1.0,
        "left_by_chance": 1.0,
        "is_complete": True,
        "verdict": "b",
        "why": "B is answered more often.",
    }


class TestStarting:
    def test_it_starts_after_the_preview(self, client: Client, lena: User) -> None:
        lead = factories.LeadFactory(first_name="Priya", tier="tier_1")
        factories.AssessmentFactory(lead=lead, angle="high_intent")

        first = post(client)
        assert (first.status_code, Experiment.objects.count()) == (422, 0)
        page = first.content.decode()
        assert "One task at Northline Freight" in page and "Hi Priya," in page
        assert "With 25 emails a side" in page

        assert post(client, shown=seen(first)).status_code == 303
        test = Experiment.objects.get()
        assert (test.size, test.started_by, test.template_b.subject) == (50, lena, SUBJECT)

    def test_another_text_than_was_shown_is_shown_first(self, client: Client, lena: User) -> None:
        mark = seen(post(client))
        assert post(client, text="What comes first?", shown=mark).status_code == 422
        assert post(client, per_version="30", shown=mark).status_code == 422
        assert not Experiment.objects.exists()

    def test_checking_again_starts_nothing(self, client: Client, lena: User) -> None:
        mark = seen(post(client))
        post(client, shown=mark, _continue="1")
        assert not Experiment.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"template": "no-such"}, "Template:"),
            ({"text": ""}, "Write the text of version B."),
            ({"text": "Where AI would pay first at {{ company }}"}, "It says nearly the same."),
            ({"text": "For {{ frist_name }}"}, "frist_name is no field."),
            ({"per_version": "4"}, "Emails for each version:"),
            ({"kind": "body"}, "What version B changes:"),
        ],
    )
    def test_what_cannot_be_tested_is_refused(
        self, client: Client, lena: User, changes: dict[str, str], said: str
    ) -> None:
        if changes.get("text", "").startswith("Where"):
            changes = {"text": active().subject}
        answer = post(client, **changes)
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert not Experiment.objects.exists()

    def test_a_tested_template_is_not_offered(self, client: Client, lena: User) -> None:
        post(client, shown=seen(post(client)))
        assert f'value="{KEY}"' not in client.get(PAGE).content.decode()
        assert post(client).status_code == 422

    def test_a_text_is_suggested(self, client: Client, lena: User) -> None:
        assert "Suggestion: " in client.get(f"{PAGE}?template={KEY}").content.decode()
        assert client.get(f"{PAGE}?template=x&kind=y").status_code == 200

    @pytest.mark.parametrize("role", ["viewer", "reviewer"])
    def test_others_start_none(
        self, client: Client, role: str, request: pytest.FixtureRequest
    ) -> None:
        client.force_login(request.getfixturevalue(role))
        assert post(client).status_code == 403
        assert not Experiment.objects.exists()


class TestPublishing:
    def publish(self, client: Client, test: Experiment) -> Any:
        return client.post(f"/sales/experiments/{test.public_id}/publish", follow=True)

    def test_the_winner_becomes_the_next_version(self, client: Client, lena: User) -> None:
        test, name = won_by_b(lena), active().name
        assert "Publish version B" in client.get("/sales/experiments").content.decode()

        self.publish(client, test)

        now = active()
        assert (now.subject, now.name, now.created_by) == (SUBJECT, name, lena)
        assert "Publish version B" not in client.get("/sales/experiments").content.decode()

    def test_publishing_twice_publishes_once(self, client: Client, lena: User) -> None:
        test = won_by_b(lena)
        self.publish(client, test)
        count = EmailTemplate.objects.count()
        assert "was changed since the test began" in self.publish(client, test).content.decode()
        assert EmailTemplate.objects.count() == count

    def test_a_template_changed_meanwhile_is_not_overwritten(
        self, client: Client, lena: User
    ) -> None:
        test, other = won_by_b(lena), active()
        other.subject = "Theirs, {{ company }}"
        publishing.publish_version(other, lena, instead_of=active())
        self.publish(client, test)
        assert active().subject == "Theirs, {{ company }}"

    @pytest.mark.parametrize("verdict", ["a", "inconclusive", ""])
    def test_b_is_not_published_where_it_has_not_won(
        self, client: Client, lena: User, verdict: str
    ) -> None:
        test, before = won_by_b(lena), active().subject
        Experiment.objects.filter(pk=test.pk).update(verdict=verdict)
        assert "has not won" in self.publish(client, test).content.decode()
        assert active().subject == before

    def test_others_publish_nothing(self, client: Client, reviewer: User, lead_user: User) -> None:
        test, before = won_by_b(lead_user), active().pk
        client.force_login(reviewer)
        assert self.publish(client, test).status_code == 403
        assert active().pk == before
