"""Normal forms in which people and companies are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads import normal
from leads.models import Company, KnownContact

LONGEST_HOST = f"{'b' * 63}.{'c' * 63}.{'d' * 63}.{'e' * 56}.test"  # 253 characters, RFC 1035
LONGEST_ADDRESS = f"{'a' * 62}@{'b' * 63}.{'c' * 63}.{'d' * 58}.test"  # 254 characters, RFC 5321


@pytest.mark.parametrize(
    ("given_", "address"),
    [
        ("dana@northline.test", "dana@northline.test"),
        ("  Dana.Okafor@NorthLine.TEST ", "dana.okafor@northline.test"),
        ("<dana@northline.test>", "dana@northline.test"),
        ("mailto:dana@northline.test", "dana@northline.test"),
        ("dana+rb2b@northline.test", "dana+rb2b@northline.test"),
        ("dana@münchen.de", "dana@xn--mnchen-3ya.de"),
        ("dana@xn--mnchen-3ya.de", "dana@xn--mnchen-3ya.de"),
        ("Dana <dana@northline.test>", ""),
        ("dana@northline", ""),
        ("dana", ""),
        ("dana@", ""),
        ("@northline.test", ""),
        ("a@b@northline.test", ""),
        ("dana@northline.test, other@northline.test", ""),
        ("dana @northline.test", ""),
        ("", ""),
        ("x" * 300 + "@northline.test", ""),
        (LONGEST_ADDRESS, LONGEST_ADDRESS),
        (f"a{LONGEST_ADDRESS}", ""),
        (f"dana@{LONGEST_HOST}", ""),
    ],
)
def test_addresses_are_compared_in_one_spelling(given_: str, address: str) -> None:
    assert normal.clean_email(given_) == address


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.linkedin.com/in/dana-okafor", "in/dana-okafor"),
        ("http://linkedin.com/in/Dana-Okafor/", "in/dana-okafor"),
        ("linkedin.com/in/dana-okafor", "in/dana-okafor"),
        ("https://uk.linkedin.com/in/dana-okafor/en?trk=x#about", "in/dana-okafor"),
        ("https://www.linkedin.com/IN/dana-okafor", "in/dana-okafor"),
        ("https://www.linkedin.com/in/jos%C3%A9", "in/josé"),
        ("https://www.linkedin.com/company/northline", ""),
        ("https://www.linkedin.com/in/", ""),
        ("https://www.linkedin.com/in/%20", ""),
        ("https://www.linkedin.com/", ""),
        ("https://notlinkedin.com/in/dana-okafor", ""),
        ("https://linkedin.com.evil.test/in/dana-okafor", ""),
        ("https://evil.test/in/dana-okafor?from=linkedin.com", ""),
        ("https://[linkedin.com/in/x", ""),
        ("", ""),
    ],
)
def test_linkedin_urls_are_compared_in_one_spelling(url: str, key: str) -> None:
    assert normal.linkedin_key(url) == key


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://www.northline.com/about?x=1", "northline.com"),
        ("northline.com", "northline.com"),
        ("NORTHLINE.COM.", "northline.com"),
        ("northline.com:8080/x", "northline.com"),
        ("northline.com/a//b", "northline.com"),
        ("//northline.com/x", "northline.com"),
        ("https://user:pw@shop.northline.com/", "northline.com"),
        ("https://shop.acme.co.uk", "acme.co.uk"),
        ("dana@mail.acme.co.uk", "acme.co.uk"),
        ("acme.com.au", "acme.com.au"),
        ("https://www.northline.test/", "northline.test"),
        ("a.b.northline.example", "northline.example"),
        ("https://video.com/@northline", "video.com"),
        ("https://münchen.de/", "xn--mnchen-3ya.de"),
        ("jane@acme.onmicrosoft.com", "acme.onmicrosoft.com"),
        ("acme.mail.onmicrosoft.com", "acme.mail.onmicrosoft.com"),
        ("onmicrosoft.com", ""),
        ("co.uk", ""),
        ("test", ""),
        ("localhost", ""),
        ("127.0.0.1", ""),
        ("http://[::1", ""),
        ("Northline Freight", ""),
        ("", ""),
        ("..", ""),
    ],
)
def test_registrable_domain_is_found_in_any_text(text: str, domain: str) -> None:
    assert normal.registrable_domain(text) == domain


@pytest.mark.parametrize(
    ("text", "host"),
    [
        (LONGEST_HOST, LONGEST_HOST),
        (f"https://{LONGEST_HOST}/about", LONGEST_HOST),
        (f"e{LONGEST_HOST}", ""),
        ("https://Shop.Acme.co.uk:8080/x", "shop.acme.co.uk"),
        ("dana@mail.acme.com", "mail.acme.com"),
    ],
)
def test_host_is_read_up_to_its_longest(text: str, host: str) -> None:
    assert normal.host_name(text) == host


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ("acme.github.io", "github.io"),
        ("https://acme.myshopify.com/about", "myshopify.com"),
        ("dana@acme.blogspot.com", "blogspot.com"),
        ("acme.uk.com", ""),
        ("acme.onmicrosoft.com", ""),
        ("acme.com.de", ""),
        ("acme.co.uk", ""),
        ("acme.com", ""),
        ("", ""),
    ],
)
def test_hosts_given_to_everybody_are_told_from_domains(text: str, suffix: str) -> None:
    assert normal.shared_suffix(text) == suffix


@pytest.mark.parametrize(
    ("name", "is_suffix"),
    [
        ("com", True),
        ("co.uk", True),
        ("uk.com", True),
        ("onmicrosoft.com", True),
        ("acme.com", False),
        ("acme.onmicrosoft.com", False),
        ("", False),
    ],
)
def test_nobody_owns_a_public_suffix(name: str, is_suffix: bool) -> None:
    assert normal.is_public_suffix(name) is is_suffix


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("dana+rb2b@acme.test", "dana@acme.test"),
        ("dana+a+b@acme.test", "dana@acme.test"),
        ("dana@acme.test", "dana@acme.test"),
        ("+dana@acme.test", "+dana@acme.test"),
    ],
)
def test_a_plus_leads_to_the_same_mailbox(address: str, mailbox: str) -> None:
    assert normal.mailbox_address(address) == mailbox


@pytest.mark.parametrize("model", [Company, KnownContact])
def test_a_key_of_any_name_fills_its_column_at_most(model: type[Company | KnownContact]) -> None:
    most = model._meta.get_field("name_key").max_length
    assert len(normal.company_key("x" * 300)) == len(normal.person_key("x" * 300)) == most


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Acme, Inc.", "acme"),
        ("ACME INC", "acme"),
        ("The Acme Company", "acme"),
        ("Acme L.L.C.", "acme"),
        ("Acme GmbH & Co", "acme"),
        ("Société Générale S.A.", "societe generale"),
        ("J.P. Morgan", "jp morgan"),
        ("JP Morgan", "jp morgan"),
        ("Group", "group"),
        ("The Company", "the company"),
        ("株式会社", "株式会社"),
        ("  ", ""),
        ("...", ""),
    ],
)
def test_company_names_are_compared_without_legal_form(name: str, key: str) -> None:
    assert normal.company_key(name) == key


@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_normal_forms_are_idempotent_for_any_text(text: str) -> None:
    for form in (
        normal.clean_email,
        normal.registrable_domain,
        normal.company_key,
        normal.host_name,
        normal.us_state,
        normal.storable_text,
    ):
        once = form(text)
        assert form(once) == once
        assert "\x00" not in once
    normal.linkedin_key(text)
