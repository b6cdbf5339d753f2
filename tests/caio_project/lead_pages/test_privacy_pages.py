"""A Lead exports and erases a person on their page."""

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from caio_project.lib.models import AccessEvent
from caio_project.privacy import erasing
from leads.models import Erasure, Lead
from tests.caio_project.privacy.whole_person import ADDRESS, NAME, make_person, traces

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(lead_user: User, client: Client) -> Lead:
    client.force_login(lead_user)
    return make_person(lead_user)


def page(name: str, lead: Lead) -> str:
    return reverse(name, args=[lead.public_id])


def test_the_page_says_where_we_have_them_from(lead: Lead, client: Client) -> None:
    shown = client.get(page("lead", lead)).content.decode()
    assert "Source and consent" in shown
    assert "Stop: Unsubscribed" in shown


def test_a_wrong_confirmation_erases_nothing(lead: Lead, client: Client) -> None:
    answer = client.post(page("lead-erase", lead), {"confirm": "yes"})
    assert answer.status_code == 422
    assert "Nothing was erased" in answer.content.decode()
    assert not Erasure.objects.exists()


def test_the_typed_address_erases(lead: Lead, client: Client, lead_user: User) -> None:
    assert f"Type <b>{ADDRESS}</b>" in client.get(page("lead-erase", lead)).content.decode()

    answer = client.post(page("lead-erase", lead), {"confirm": f" {ADDRESS.upper()} "}, follow=True)

    shown = answer.content.decode()
    assert f"lead {lead.pk}" in shown and "Ids, times and counts are left" in shown
    assert NAME not in shown.lower()
    assert Erasure.objects.get().by == lead_user
    assert erasing.repeat_erasures() == 1  # texts about others
    assert [one for one in traces() if not one.startswith("django_session")] == []


def test_every_page_of_an_erased_person_opens(lead: Lead, client: Client) -> None:
    client.post(page("lead-erase", lead), {"confirm": ADDRESS})
    desks = [reverse("desk", args=[one.public_id]) for one in lead.messages.all()]
    lists = ["/sales/leads", "/sales/sent", "/sales/queue", "/sales/notices", "/sales/lessons",
             "/sales/quality", "/sales/phase/agreement", page("lead", lead),
             page("lead-erase", lead), page("merge-search", lead)]  # fmt: skip
    for path in [*desks, *lists]:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert NAME not in answer.content.decode().lower(), path


def test_the_export_has_every_table_about_them(lead: Lead, client: Client) -> None:
    answer = client.post(page("lead-export", lead))
    document = json.loads(answer.content)
    assert f'filename="person-{lead.public_id}.json"' in answer["Content-Disposition"]
    assert ADDRESS in document["person"]["known_as"]
    kinds = " ".join(document["records"])
    for word in ("visits", "enrichments", "message texts", "reply texts", "decisions", "notes",
                 "slack cards", "notices", "inbound events", "contacts of"):  # fmt: skip
        assert word in kinds, word
    events = document["records"]["leads: inbound events"]
    body = next(one["body"] for one in events if one["source"] == "rb2b")
    assert body["Business Email"] == ADDRESS  # as it came, readable
    assert AccessEvent.objects.get(kind="person_exported").about == str(lead.public_id)


def test_a_viewer_sees_no_buttons(lead: Lead, viewer: User, client: Client) -> None:
    client.force_login(viewer)
    shown = client.get(page("lead", lead)).content.decode()
    assert "Source and consent" in shown and "Export all data" not in shown
    assert client.post(page("lead-erase", lead), {"confirm": ADDRESS}).status_code == 403
    assert not Erasure.objects.exists()
