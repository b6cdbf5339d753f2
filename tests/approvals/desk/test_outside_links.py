"""Links to LinkedIn, the company's site and GoHighLevel are made of normalised values only."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from approvals.desk import outside_links
from leads.models import Company, Lead
from outreach.models import Message
from tests import factories


@pytest.mark.parametrize(
    ("key", "url"),
    [
        ("in/dana-okafor", "https://www.linkedin.com/in/dana-okafor"),
        ("in/zoë", "https://www.linkedin.com/in/zo%C3%AB"),
        ("urn/ACoAAB12345", "https://www.linkedin.com/in/ACoAAB12345"),
        ("", ""),
        ("javascript:alert(1)", ""),
        ("//evil.example/in/x", ""),
        ("in/", ""),
    ],
)
def test_profile_url_needs_a_key(key: str, url: str) -> None:
    assert outside_links.profile_url(key) == url


@pytest.mark.parametrize(
    ("stored", "url"),
    [
        ("https://www.linkedin.com/company/northline/about", "https://www.linkedin.com/company/northline"),
        ("linkedin.com/company/northline", "https://www.linkedin.com/company/northline"),
        ("http://de.linkedin.com/school/mit", "https://www.linkedin.com/school/mit"),
        ("https://linkedin.com.evil.example/company/x", ""),
        ("javascript://linkedin.com/company/x", ""),
        ("https://www.linkedin.com/redir?url=x", ""),
        ("https://[bad/company/x", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_company_profile_is_on_linkedin(stored: str, url: str) -> None:
    assert outside_links.company_profile_url(stored) == url


@pytest.mark.parametrize(
    ("domain", "url"),
    [
        ("northline.com", "https://northline.com"),
        ("javascript:alert(1)", ""),
        ("a.com/../x", ""),
        ("user@a.com", ""),
        ("localhost", ""),
        ("", ""),
    ],
)
def test_site_needs_a_host_name(domain: str, url: str) -> None:
    assert outside_links.site_url(domain) == url


@pytest.mark.parametrize(
    ("location", "contact", "is_linked"),
    [
        ("loc_1", "con-1", True),
        ("", "con-1", False),
        ("loc_1", "", False),
        ("loc_1", "x/../../y", False),
        ("a b", "con-1", False),
    ],
)
def test_contact_needs_both_ids(
    settings: Any, location: str, contact: str, is_linked: bool
) -> None:
    settings.GHL_LOCATION_ID = location
    wanted = f"https://app.gohighlevel.com/v2/location/{location}/contacts/detail/{contact}"
    assert outside_links.contact_url(contact) == (wanted if is_linked else "")


@pytest.mark.django_db
def test_desk_and_lead_page_have_the_links(client: Client, reviewer: User, settings: Any) -> None:
    settings.GHL_LOCATION_ID = "loc_1"
    client.force_login(reviewer)
    message = factories.held_email()
    Lead.objects.filter(pk=message.lead_id).update(linkedin_key="in/dana")
    Company.objects.filter(pk=message.lead.company_id).update(domain="northline.com")
    Message.objects.filter(pk=message.pk).update(ghl_contact_id="con_1")
    for page in (f"/sales/queue/{message.public_id}", f"/sales/leads/{message.lead.public_id}"):
        said = client.get(page).content.decode()
        for url in (
            "https://www.linkedin.com/in/dana",
            "https://northline.com",
            "https://app.gohighlevel.com/v2/location/loc_1/contacts/detail/con_1",
        ):
            assert f'<a href="{url}" rel="noopener noreferrer"' in said
        assert f'href="/sales/companies/{message.lead.company_id}"' in said
    desk = client.get(f"/sales/queue/{message.public_id}").content.decode()
    assert f'href="/sales/leads/{message.lead.public_id}"' in desk
