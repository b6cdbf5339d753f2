"""Publishing a template in the admin.

What is wrong stands at its field, and nothing is published unseen.
"""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from outreach.email_templates import preview, publishing
from outreach.models import EmailTemplate, SandboxEmail
from outreach.sending import send
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]
LIST = "/admin/outreach/emailtemplate/"


@pytest.fixture
def old(client: Client, lead_user: User) -> EmailTemplate:
    client.force_login(lead_user)
    return EmailTemplate.objects.get(key="tier_1.general", active=True)


def typed(template: EmailTemplate, **changes: Any) -> dict[str, Any]:
    return {
        **{name: getattr(template, name) for name in ("name", "subject", "body")},
        "_save": "1",
        **changes,
    }


def post(client: Client, template: EmailTemplate, **changes: Any) -> Any:
    return client.post(
        reverse("admin:outreach_emailtemplate_change", args=[template.pk]),
        typed(template, **changes),
    )


def errors(answer: Any) -> dict[str, list[str]]:
    return answer.context["adminform"].form.errors


def seen(answer: Any) -> str:
    found = re.search(r'name="shown" value="(\w+)"', answer.content.decode())
    assert found is not None
    return found[1]


def versions(key: str = "tier_1.general") -> list[tuple[int, bool, str]]:
    found = EmailTemplate.objects.filter(key=key).order_by("version")
    return [(one.version, one.active, one.subject) for one in found]


def test_publishing_after_preview_keeps_the_old_version(
    client: Client, old: EmailTemplate, lead_user: User
) -> None:
    subject = "{{ role_topic }} for {{ company }}"
    first = post(client, old, subject=subject)
    assert (first.status_code, versions()) == (200, [(1, True, old.subject)])
    assert "Nothing is published yet." in errors(first)["__all__"][0]
    page = first.content.decode()
    assert page.count("<iframe") == 10
    assert "<del>at</del><ins>for</ins>" in page.replace(" </ins>", "</ins>").replace(
        " </del>", "</del>"
    )
    assert post(client, old, subject=subject, shown=seen(first)).status_code == 302
    assert versions() == [(1, False, old.subject), (2, True, subject)]
    newest = EmailTemplate.objects.get(key="tier_1.general", version=2)
    assert (newest.created_by, newest.seeded, newest.tier, newest.angle) == (
        lead_user,
        False,
        "tier_1",
        "general",
    )
    old.refresh_from_db()
    assert old.body == newest.body


def test_a_text_changed_after_it_was_shown_is_shown_again(
    client: Client, old: EmailTemplate
) -> None:
    mark = seen(post(client, old, subject="One for {{ company }}"))
    again = post(client, old, subject="Another for {{ company }}", shown=mark)
    assert (again.status_code, versions()) == (200, [(1, True, old.subject)])
    assert "Another for Northline Freight" in again.content.decode()


def test_checking_again_publishes_nothing(client: Client, old: EmailTemplate) -> None:
    mark = seen(post(client, old))
    body = {**typed(old), "shown": mark, "_continue": "1"}
    assert (
        client.post(reverse("admin:outreach_emailtemplate_change", args=[old.pk]), body).status_code
        == 200
    )
    assert versions() == [(1, True, old.subject)]


def test_what_somebody_else_published_meanwhile_is_not_overwritten(
    client: Client, old: EmailTemplate, reviewer: User
) -> None:
    mark = seen(post(client, old, subject="Mine, {{ company }}"))
    other = EmailTemplate.objects.get(pk=old.pk)
    other.subject = "Theirs, {{ company }}"
    publishing.publish_version(other, reviewer, instead_of=old)
    answer = post(client, old, subject="Mine, {{ company }}", shown=mark)
    assert answer.status_code == 200
    assert versions() == [(1, False, old.subject), (2, True, "Theirs, {{ company }}")]
    with pytest.raises(publishing.PublishedMeanwhile):
        publishing.publish_version(other, reviewer, instead_of=old)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"body": "Hi {{ frist_name }},"}, "body", "frist_name is no field."),
        (
            {"body": "Hi {{ first_name }},\n\n[if company]"},
            "body",
            "[if company] has no paragraph under it.",
        ),
        (
            {"body": "Hi {{ first_name }},\n\nJust following up on {{ company }}."},
            "body",
            "A guard stops it: It opens",
        ),
        (
            {"subject": "Re: our call"},
            "subject",
            "A guard stops it: The subject pretends to be an answer.",
        ),
        ({"subject": "Hello"}, "", ""),
        ({"subject": ""}, "subject", "This field is required."),
    ],
    ids=["unknown field", "bad tag", "worn opener", "false subject", "plain subject", "empty"],
)
def test_an_error_stands_at_its_field_and_cannot_be_published(
    client: Client, old: EmailTemplate, changes: dict[str, str], field: str, said: str
) -> None:
    answer = post(client, old, **changes)
    if field:
        assert any(said in text for text in errors(answer)[field]), errors(answer)
        proof = answer.context["adminform"].form.proof
        again = post(client, old, **changes, shown=proof.fingerprint if proof else "")
        assert again.status_code == 200
    assert versions() == [(1, True, old.subject)]


def test_a_warning_stands_at_its_field_and_can_be_published(
    client: Client, old: EmailTemplate
) -> None:
    changes = {
        "subject": "A very long subject about who it is that owns all of AI at {{ company }}?"
    }
    answer = post(client, old, **changes)
    [said] = errors(answer)["subject"]
    assert said == "Warning: 77 characters; 45 at most are read. (A made-up CEO)"
    assert post(client, old, **changes, shown=seen(answer)).status_code == 302
    assert versions()[-1] == (2, True, changes["subject"])


def test_required_field_missing_for_recent_leads_warns_with_count(
    client: Client, old: EmailTemplate
) -> None:
    for n in range(10):
        lead = factories.LeadFactory(tier="tier_1", title="" if n < 3 else "VP Sales")
        factories.AssessmentFactory(lead=lead, angle="general")
    factories.AssessmentFactory(
        lead=factories.LeadFactory(tier="tier_1", title=""), angle="content"
    )
    answer = post(
        client,
        old,
        body=old.body.replace("Hi {{ first_name }},", "Hi {{ first_name }} ({{ title }}),"),
    )
    assert "Warning: title is not known of 3 of the 10 leads seen last." in errors(answer)["body"]


def test_the_preview_for_a_lead_is_what_leaves(
    client: Client, old: EmailTemplate, loose: None
) -> None:
    message = factories.cleared_email(angle="general")
    lead = message.lead
    found = preview.preview_template(old, [lead]).previews[-1]
    assert found.who == f"{lead}, VP Sales"
    send.send_due()
    kept = SandboxEmail.objects.get(message=message)
    assert found.subject == kept.subject
    assert found.html == kept.html.replace(message.unsubscribe_token, "preview")
    page = post(client, old, chosen=[lead.pk]).content.decode()
    assert page.count("<iframe") == 11 and lead.last_name in page


def test_new_template_gets_key_and_needs_free_place(client: Client, old: EmailTemplate) -> None:
    place = {"tier": "tier_2", "angle": "content", "signal": "hiring"}
    theirs = EmailTemplate.objects.create(**place, key="ours", name="N", subject="S", body="B")
    taken = client.post(LIST + "add/", {**typed(old), **place})
    assert "ours v1 has this tier, angle and signal." in errors(taken)["__all__"][0]
    publishing.retire_template(theirs)
    first = client.post(LIST + "add/", {**typed(old), **place})
    assert (
        client.post(LIST + "add/", {**typed(old), **place, "shown": seen(first)}).status_code == 302
    )
    assert versions("tier_2.content.hiring") == [(1, True, old.subject)]
    assert "signal" in errors(
        client.post(LIST + "add/", {**typed(old), **place, "signal": "psychic"})
    )


def test_adding_to_a_taken_place_becomes_next_version(client: Client, old: EmailTemplate) -> None:
    answer = client.post(
        LIST + "add/", {**typed(old), "tier": "tier_2", "angle": "content", "signal": ""}
    )
    assert "Against tier_2.content v1, which is in use" in answer.content.decode()
    assert len(versions("tier_2.content")) == 1


def test_a_signal_that_the_angle_says_already_is_refused(
    client: Client, old: EmailTemplate
) -> None:
    answer = client.post(
        LIST + "add/", {**typed(old), "tier": "tier_1", "angle": "hiring", "signal": "hiring"}
    )
    assert errors(answer)["signal"] == ["The angle says so already. Leave the signal empty."]


def test_two_versions_are_compared(client: Client, old: EmailTemplate, lead_user: User) -> None:
    old.subject = "Another, {{ company }}"
    new = publishing.publish_version(
        old, lead_user, instead_of=EmailTemplate.objects.get(pk=old.pk)
    )
    both = {"action": "compare", "_selected_action": [old.pk, new.pk]}
    page = client.post(LIST, both).content.decode()
    assert "From tier_1.general v1 to tier_1.general v2" in page and "<ins>Another" in page
    one = client.post(LIST, {**both, "_selected_action": [old.pk]}, follow=True)
    assert "Choose two versions." in one.content.decode()
    assert "<ins>Another" in client.get(f"{LIST}{new.pk}/change/").content.decode()


def test_taking_out_of_use(client: Client, old: EmailTemplate) -> None:
    hiring = EmailTemplate.objects.get(key="tier_1.hiring")
    both = {"action": "retire", "_selected_action": [old.pk, hiring.pk]}
    page = client.post(LIST, both, follow=True).content.decode()
    assert "is what Tier 1 falls back on" in page
    assert (versions()[-1][1], versions("tier_1.hiring")[-1][1]) == (True, False)


@pytest.mark.parametrize("who", ["reviewer", "viewer"])
def test_only_a_lead_publishes_or_takes_out_of_use(
    client: Client, old: EmailTemplate, who: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))
    before = list(EmailTemplate.objects.values())
    mark = preview.preview_fingerprint(old, old)
    assert post(client, old, shown=mark).status_code == 403
    assert client.post(LIST + "add/", typed(old)).status_code == 403
    client.post(LIST, {"action": "retire", "_selected_action": [old.pk]})
    assert client.get(f"{LIST}{old.pk}/change/").status_code == 200
    assert list(EmailTemplate.objects.values()) == before
