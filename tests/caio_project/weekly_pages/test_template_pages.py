"""Templates under /sales: the list says what is wrong, and nothing is published unseen."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from caio_project.weekly_pages.template_form import TemplatePageForm
from leads.models import TeamMember
from outreach.email_templates import publishing
from outreach.experiments import experiments, proposals
from outreach.models import EmailTemplate, Message
from outreach.review import review_actions
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]
KEY = "tier_1.general"
LIST, PAGE = "/sales/templates", f"/sales/templates/{KEY}"


@pytest.fixture
def lena(client: Client, lead_user: User) -> User:
    client.force_login(lead_user)
    return lead_user


@pytest.fixture
def old(db: None) -> EmailTemplate:
    return EmailTemplate.objects.get(key=KEY, active=True)


def post(client: Client, template: EmailTemplate, **changes: Any) -> Any:
    texts = {name: getattr(template, name) for name in ("name", "subject", "body")}
    texts["other_subjects"] = "\n".join(template.other_subjects)
    return client.post(f"/sales/templates/{template.key}/edit", {**texts, **changes})


def seen(answer: Any) -> str:
    found = re.search(r'name="shown" value="(\w+)"', answer.content.decode())
    assert found is not None
    return found[1]


def versions(key: str = KEY) -> list[tuple[int, bool, str]]:
    rows = EmailTemplate.objects.filter(key=key).order_by("version")
    return [(row.version, row.active, row.subject) for row in rows]


def test_the_list_counts_sent_and_replies(client: Client, viewer: User, old: EmailTemplate) -> None:
    client.force_login(viewer)
    message = factories.cleared_email()
    sent_at = timezone.now() - timedelta(days=4)
    Message.objects.filter(pk=message.pk).update(
        status="sent", transport="ghl", sent_at=sent_at, template=old
    )
    message.refresh_from_db()
    factories.create_feedback(message)

    page = client.get(LIST).content.decode()

    assert "1 of 1 answered: 100% (21% to 100%)" in page
    assert "Tier 1: everybody without a closer template" in page


def test_a_template_whose_field_is_gone_says_so_by_name(
    client: Client, viewer: User, old: EmailTemplate
) -> None:
    client.force_login(viewer)
    assert "is no field" not in client.get(LIST).content.decode()
    EmailTemplate.objects.filter(pk=old.pk).update(body=old.body + "\n\n{{ favorite_color }}?")

    page = client.get(LIST).content.decode()

    assert "Body: favorite_color is no field." in page
    assert "Emails from this template are blocked" in client.get(PAGE).content.decode()


def test_a_booking_link_that_is_gone_is_said(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    TeamMember.objects.update(booking_url="https://cal.example.com/sam")
    assert "booking link" not in client.get(LIST).content.decode()

    TeamMember.objects.filter(is_default_sender=True).update(booking_url="")

    name = TeamMember.objects.get(is_default_sender=True).name
    page = client.get(LIST).content.decode()
    assert f"No booking link is set for {name}: their emails go out without one." in page


def test_publishing_comes_after_the_preview(client: Client, lena: User, old: EmailTemplate) -> None:
    subject = "Who answers for AI at {{ company }}?"

    first = post(client, old, subject=subject)
    assert (first.status_code, versions()) == (422, [(1, True, old.subject)])
    assert "Who answers for AI at Northline Freight?" in first.content.decode()

    second = post(client, old, subject=subject, shown=seen(first))
    assert second.status_code == 303
    assert versions() == [(1, False, old.subject), (2, True, subject)]
    assert EmailTemplate.objects.get(key=KEY, version=2).created_by == lena


def test_checking_again_publishes_nothing(client: Client, lena: User, old: EmailTemplate) -> None:
    mark = seen(post(client, old, subject="Mine, {{ company }}"))
    answer = post(client, old, subject="Mine, {{ company }}", shown=mark, _continue="1")
    assert (answer.status_code, len(versions())) == (422, 1)


def test_an_error_names_the_field_and_keeps_what_was_typed(
    client: Client, lena: User, old: EmailTemplate
) -> None:
    answer = post(client, old, body="Hi {{ frist_name }},\n\nShall we talk?")
    page = answer.content.decode()
    assert (answer.status_code, len(versions())) == (422, 1)
    assert "Body: frist_name is no field." in page
    assert "Hi {{ frist_name }}," in page
    assert 'name="shown"' not in page


def test_a_merge_field_lost_on_the_way_is_named(
    client: Client, lena: User, old: EmailTemplate
) -> None:
    answer = post(client, old, body=old.body.replace("{{ first_name }}", "there"))
    text = "{{ first_name }} is in the version in use and not in this one."
    assert text in answer.content.decode()


def test_the_same_text_is_not_published_twice(
    client: Client, lena: User, old: EmailTemplate
) -> None:
    mark = seen(post(client, old))
    answer = post(client, old, shown=mark)
    assert (answer.status_code, len(versions())) == (303, 1)


def test_two_who_edit_at_once_lose_nothing(
    client: Client, lena: User, reviewer: User, old: EmailTemplate
) -> None:
    mark = seen(post(client, old, subject="Mine, {{ company }}"))
    other = EmailTemplate.objects.get(pk=old.pk)
    other.subject = "Theirs, {{ company }}"
    publishing.publish_version(other, reviewer, instead_of=old)

    answer = post(client, old, subject="Mine, {{ company }}", shown=mark)

    assert answer.status_code == 422
    assert "Mine, {{ company }}" in answer.content.decode()
    assert versions() == [(1, False, old.subject), (2, True, "Theirs, {{ company }}")]


def test_the_preview_shows_the_chosen_people(
    client: Client, lena: User, old: EmailTemplate
) -> None:
    lead = factories.LeadFactory(first_name="Priya", tier="tier_1")
    factories.AssessmentFactory(lead=lead, angle="general")
    page = post(client, old, chosen=[lead.pk], _continue="1").content.decode()
    assert "Hi Priya," in page


def test_more_than_five_people_are_refused(client: Client, lena: User, old: EmailTemplate) -> None:
    leads = [factories.LeadFactory(tier="tier_1") for _ in range(6)]
    for lead in leads:
        factories.AssessmentFactory(lead=lead, angle="general")
    answer = post(client, old, chosen=[lead.pk for lead in leads])
    assert "Choose up to 5 people." in answer.content.decode()
    assert len(versions()) == 1


def test_a_new_template_gets_its_key_from_its_place(client: Client, lena: User) -> None:
    body = EmailTemplate.objects.get(key="tier_2.content", active=True).body
    typed = {
        "tier": "tier_2",
        "angle": "content",
        "signal": "tech_stack",
        "name": "New",
        "subject": "A question for {{ company }}",
        "body": body,
    }
    first = client.post("/sales/templates/new", typed)
    assert client.post("/sales/templates/new", {**typed, "shown": seen(first)}).status_code == 303
    assert EmailTemplate.objects.get(key="tier_2.content.tech_stack").active


def test_a_retired_template_is_used_again_by_publishing(client: Client, lena: User) -> None:
    retired = EmailTemplate.objects.get(key="tier_1.hiring", active=True)
    assert client.post("/sales/templates/tier_1.hiring/retire").status_code == 303
    assert versions("tier_1.hiring") == [(1, False, retired.subject)]
    assert "Use it" in client.get("/sales/templates/tier_1.hiring").content.decode()

    mark = seen(post(client, retired))
    post(client, retired, shown=mark)

    assert [one[:2] for one in versions("tier_1.hiring")] == [(1, False), (2, True)]


def test_the_last_resort_of_a_tier_is_not_retired(
    client: Client, lena: User, old: EmailTemplate
) -> None:
    answer = client.post(f"{PAGE}/retire", follow=True)
    assert "falls back on" in answer.content.decode()
    assert versions() == [(1, True, old.subject)]


def test_an_older_version_is_a_start_for_the_next(
    client: Client, lena: User, old: EmailTemplate
) -> None:
    newer = EmailTemplate.objects.get(pk=old.pk)
    newer.subject = "Newer, {{ company }}"
    publishing.publish_version(newer, lena, instead_of=old)
    page = client.get(f"{PAGE}/edit?version=1").content.decode()
    assert f'value="{old.subject}"' in page


def test_no_widget_of_the_admin_stands_in_the_form(client: Client, lena: User) -> None:
    page = client.get("/sales/templates/new").content.decode()
    assert 'name="language"' in page and "expand_more" not in page
    widgets = [type(field.widget).__module__ for field in TemplatePageForm().fields.values()]
    assert widgets and not [name for name in widgets if name.startswith("unfold")]


@pytest.mark.parametrize("version", ["9", "x", "²", "1" * 30, "-1"])
def test_a_version_that_is_not_there_is_404(client: Client, lena: User, version: str) -> None:
    assert client.get(f"{PAGE}/edit?version={version}").status_code == 404
    assert client.get("/sales/templates/no-such-key").status_code == 404


@pytest.mark.parametrize("role", ["viewer", "reviewer"])
def test_only_leads_change_templates(
    client: Client, role: str, request: pytest.FixtureRequest, old: EmailTemplate
) -> None:
    client.force_login(request.getfixturevalue(role))
    assert post(client, old, subject="Another for {{ company }}").status_code == 403
    assert client.post(f"{PAGE}/retire").status_code == 403
    assert client.get("/sales/templates/new").status_code == 403
    page = client.get(PAGE).content.decode()
    assert "Retire this template" not in page and "/edit" not in page
    assert versions() == [(1, True, old.subject)]


def test_a_running_test_is_said_before_publishing(
    client: Client, lena: User, old: EmailTemplate
) -> None:
    edit, said = f"{PAGE}/edit", "An A/B test of this template is running."
    assert said not in client.get(edit).content.decode()
    proposal = proposals.build_proposal(old, "subject", "One task at {{ company }}")
    experiments.start_experiment(old, proposal.variant, "subject", 10, lena)
    assert said in client.get(edit).content.decode()


def test_the_list_says_which_template_the_machine_does_not_approve(
    client: Client, lena: User, old: EmailTemplate
) -> None:
    def reject(count: int) -> None:
        for _ in range(count):
            message = factories.held_email()
            Message.objects.filter(pk=message.pk).update(template=old)
            review_actions.reject_email(message, 1, by=lena, tag="other", reason="Not this one.")

    def page() -> str:
        return " ".join(client.get(LIST).content.decode().split())

    reject(19)
    assert "the machine does not approve it" not in page()
    reject(1)
    assert "People rejected 20 of 20: the machine does not approve it." in page()
