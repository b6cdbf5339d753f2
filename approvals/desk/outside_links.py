"""Links to a person and a company elsewhere: LinkedIn, the company's site, GoHighLevel.

Built from normalised parts, so that no stored text becomes an address of another kind.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from caio_project.lib.vendor_access.access import vendor_value
from leads import normal
from leads.models import Company, Lead
from outreach.models import Message

_GHL_ID = re.compile(r"[A-Za-z0-9_-]{1,60}")
_COMPANY_PATH = re.compile(r"/(?:company|school|showcase)/[^/]+")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")


@dataclass(frozen=True)
class OutsideLink:
    label: str
    url: str  # always https


def person_links(lead: Lead, company: Company | None) -> list[OutsideLink]:
    """Links about a lead. One query, for the contact at GoHighLevel."""
    found = [
        OutsideLink("LinkedIn", profile_url(lead.linkedin_key or "")),
        OutsideLink("Company site", site_url(company.domain or "") if company else ""),
        OutsideLink("GoHighLevel", contact_url(_contact_id(lead))),
    ]
    return [one for one in found if one.url]


def company_links(company: Company) -> list[OutsideLink]:
    found = [
        OutsideLink("Company site", site_url(company.domain or "")),
        OutsideLink("LinkedIn", company_profile_url(company.linkedin_url)),
    ]
    return [one for one in found if one.url]


def profile_url(key: str) -> str:
    return quote(normal.linkedin_url(key), safe=":/") if normal.linkedin_key(key) == key else ""


def company_profile_url(url: str) -> str:
    try:
        parts = urlsplit(url if "//" in url else f"https://{url}")
        host = (parts.hostname or "").lower()
    except ValueError:
        return ""
    is_linkedin = host == "linkedin.com" or host.endswith(".linkedin.com")
    path = _COMPANY_PATH.match(parts.path)
    if parts.scheme not in ("http", "https") or not is_linkedin or path is None:
        return ""
    return f"https://www.linkedin.com{quote(path[0], safe='/%')}"


def site_url(domain: str) -> str:
    host = normal.host_name(domain)
    return f"https://{host}" if host == domain and _HOST.fullmatch(host) else ""


def contact_url(contact_id: str) -> str:
    location = vendor_value("GHL_LOCATION_ID")
    if not (_GHL_ID.fullmatch(location) and _GHL_ID.fullmatch(contact_id)):
        return ""
    return f"https://app.gohighlevel.com/v2/location/{location}/contacts/detail/{contact_id}"


def _contact_id(lead: Lead) -> str:
    if not vendor_value("GHL_LOCATION_ID"):
        return ""
    rows = Message.objects.filter(lead=lead).order_by("-pk")
    found = rows.values_list("ghl_contact_id", "look__contact_id")
    return next((sent or seen for sent, seen in found if sent or seen), "") or ""
