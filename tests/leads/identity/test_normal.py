"""Normal forms in which people and companies are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads import normal


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
