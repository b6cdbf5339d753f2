"""Mailboxes of providers, of relays and of roles: none of them says where somebody works."""

import pytest

from leads import normal
from leads.models import Company, Lead
from leads.suppression import lists, suppression
from tests.factories import LeadFactory
from tests.fakes import rb2b
from tests.leads.conftest import arrived

CUSTOMERS_OF_US_PROVIDERS = (
    "centurylink.net", "q.com", "embarqmail.com", "swbell.net", "pacbell.net", "ameritech.net",
    "prodigy.net", "rr.com", "twc.com", "tampabay.rr.com", "nycap.rr.com", "suddenlink.net",
    "optimum.net", "spectrum.net", "tds.net", "wowway.com", "rcn.com", "mchsi.com", "ptd.net",
    "frontiernet.net", "netzero.net", "cableone.net", "atlanticbb.net", "zoominternet.net",
)  # fmt: skip
CUSTOMERS_ELSEWHERE = (
    "freenet.de", "arcor.de", "vodafone.de", "bluewin.ch", "wanadoo.fr", "sfr.fr",
    "virginmedia.com", "ntlworld.com", "talktalk.net", "sky.com", "telus.net", "bell.net",
    "videotron.ca", "uol.com.br", "terra.com.br", "bk.ru", "list.ru", "inbox.ru", "xtra.co.nz",
    "online.no", "telia.com", "ziggo.nl", "kpnmail.nl", "planet.nl", "telenet.be", "skynet.be",
)  # fmt: skip
NAMES_THAT_MAIL_SERVICES_GIVE = (
    "usa.com", "consultant.com", "tuta.io", "fastmail.us", "hushmail.me",
)  # fmt: skip
BRANDS_ABROAD = (
    "hotmail.it", "outlook.es", "yahoo.com.mx", "yahoo.com.br", "live.com.mx", "live.nl",
    "gmx.us", "gmx.at", "aol.co.uk", "yandex.by",
)  # fmt: skip
RELAYS = (
    "privaterelay.appleid.com", "mozmail.com", "relay.firefox.com", "passmail.net", "duck.com",
    "simplelogin.com", "aleeas.com", "anonaddy.com", "anonaddy.me", "dana.anonaddy.com",
    "addy.io", "33mail.com", "users.noreply.github.com",
)  # fmt: skip
EMPLOYERS = (
    "centurylink.com", "charter.com", "appleid.com", "github.com", "swisscom.com", "stanford.edu",
    "ieee.org", "alumni.test", "live.com.acme.test", "yahoo.acme.test", "notyahoo.de", "live.io",
    "yahoo.engineering", "hotmail.blogspot.com",
)  # fmt: skip
ROLES = (
    "contactus", "contact-us", "contact_us", "contact.us", "donotreply", "do-not-reply",
    "do_not_reply", "unsubscribe", "kontakt", "vertrieb", "purchasing", "accountspayable",
    "accounts.payable", "frontdesk", "front-desk", "customerservice", "customer-service",
    "no.reply", "sales-team", "technical_support", "buchhaltung", "ventas",
)  # fmt: skip
PEOPLE = (
    "dana", "dana.okafor", "s.ales", "i.n.fo", "h-r", "it.smith", "salesman", "contactus1a",
    "post.malone", "donot",
)  # fmt: skip


def reason(address: str) -> str:
    stop = suppression.stop_by_lists(address)
    return stop.reason if stop else ""


@pytest.mark.parametrize(
    "host",
    [
        *CUSTOMERS_OF_US_PROVIDERS,
        *CUSTOMERS_ELSEWHERE,
        *NAMES_THAT_MAIL_SERVICES_GIVE,
        *BRANDS_ABROAD,
        *RELAYS,
    ],
)
def test_a_mailbox_at_a_provider_is_personal(host: str) -> None:
    assert reason(f"dana.okafor@{host}") == "personal"


@pytest.mark.parametrize("host", EMPLOYERS)
def test_an_employer_with_a_similar_name_is_no_provider(host: str) -> None:
    assert reason(f"dana.okafor@{host}") == ""


@pytest.mark.parametrize("local", ROLES)
def test_a_role_is_recognised_with_any_sign_between_its_words(local: str) -> None:
    assert reason(f"{local}@northline.test") == "role"


@pytest.mark.parametrize("local", PEOPLE)
def test_a_person_is_no_role(local: str) -> None:
    assert reason(f"{local}@northline.test") == ""


@pytest.mark.parametrize("name", ["free_mail", "disposable_mail"])
def test_listed_hosts_are_written_as_they_are_compared(name: str) -> None:
    lines = (lists.LIST_FOLDER / f"{name}.txt").read_text().splitlines()
    hosts = [line for line in lines if line and not line.startswith("#")]

    assert len(set(hosts)) == len(hosts)
    assert [host for host in hosts if "*" not in host and normal.host_name(host) != host] == []
    assert [host for host in hosts if normal.is_public_suffix(host)] == []


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["centurylink.net", "cfl.rr.com", "privaterelay.appleid.com"])
def test_neighbours_with_one_provider_share_no_company(host: str) -> None:
    blank = {"Website": None, "LinkedIn URL": None}
    one, other = (
        arrived(rb2b.person({"Business Email": f"{name}@{host}", "Company Name": company, **blank}))
        for name, company in (("amy.ray", "Corner Bakery"), ("bob.lee", "Hill Plumbing"))
    )

    assert one.company != other.company
    assert not Company.objects.exclude(domain=None).exists()
    assert (one.address, other.address) == (Lead.Address.NONE, Lead.Address.NONE)
    assert one.personal_email == f"amy.ray@{host}"


@pytest.mark.django_db
def test_a_lead_stored_as_usable_is_judged_again() -> None:
    lead = LeadFactory(email="amy.ray@centurylink.net", address=Lead.Address.USABLE)

    stop = suppression.find_stop(lead.email, lead)

    assert stop is not None and stop.reason == "personal"
