"""Countries in any language and location texts become ISO codes; what is unclear stays unknown."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.enrichment import clay_answers
from leads.field_values import countries
from leads.field_values.countries import country_code, location_country
from leads.models import Enrichment, Lead
from tests.factories import LeadFactory
from tests.field_cases import case


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ("US|us|USA|U.S.|U.S.A.|United States|United States of America|America|🇺🇸", "US"),
        ("Vereinigte Staaten|Etats-Unis|Estados Unidos|Stati Uniti|США|美国|アメリカ|EUA", "US"),
        ("GB|UK|U.K.|United Kingdom|Great Britain|England|Großbritannien|Royaume-Uni", "GB"),
        ("DE|DEU|Germany|Deutschland|Allemagne|Alemania|Германия|ドイツ|德国|🇩🇪|Niemcy", "DE"),
        ("Federal Republic of Germany|Germany (DE)|DE - Germany|Berlin, Germany", "DE"),
        ("AT|Austria|Österreich|OESTERREICH|Autriche", "AT"),
        ("CH|Schweiz|Suisse|Svizzera|Switzerland|CHE", "CH"),
        ("NL|The Netherlands|Nederland|Holland|Pays-Bas", "NL"),
        ("KR|South Korea|Republic of Korea|Korea, Republic of|대한민국", "KR"),
        ("TZ|Tanzania, United Republic of|Tanzania", "TZ"),
        ("IN|India|भारत|Indien|Inde", "IN"),
        ("GR|EL|Greece|Ελλάδα|Griechenland", "GR"),
        ("CI|Côte d’Ivoire|Cote d'Ivoire|Ivory Coast", "CI"),
        ("AE|UAE|United Arab Emirates|الإمارات العربية المتحدة", "AE"),
        ("CZ|Czechia|Czech Republic|Česko", "CZ"),
        ("TR|Turkey|Türkiye|TURKIYE", "TR"),
    ],
)  # fmt: skip
def test_a_country_is_read_in_any_language(texts: str, code: str) -> None:
    for text in texts.split("|"):
        assert country_code(text) == code, text


@pytest.mark.parametrize(
    "text",
    ["", "  ", "XX", "zz", "Narnia", "unknown", "Europe", "EMEA", "N/A", "12", "US, DE", "()"],
)  # fmt: skip
def test_what_is_no_country_is_unknown(text: str) -> None:
    assert country_code(text) == ""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Berlin, Germany", "DE"),
        ("10115 Berlin, Deutschland", "DE"),
        ("München, Bayern, Deutschland", "DE"),
        ("Paris, Île-de-France, France", "FR"),
        ("Greater London, England, United Kingdom", "GB"),
        ("Greater Munich Metropolitan Area", "DE"),
        ("Montréal et périphérie", "CA"),
        ("Columbus, OH", "US"),
        ("Columbus, OH 43215", "US"),
        ("Columbus, Ohio, United States", "US"),
        ("Texas", "US"),
        ("San Francisco Bay Area", "US"),
        ("New York City Metropolitan Area", "US"),
        ("Austin, Texas Metropolitan Area", "US"),
        ("Remote - US", "US"),
        ("San Francisco, CA", "US"),
        ("Toronto, CA", "CA"),
        ("Toronto, ON, CA", "CA"),
        ("Toronto, Ontario", "CA"),
        ("London, ON", "CA"),
        ("London, UK", "GB"),
        ("Wilmington, DE", "US"),
        ("Berlin, DE", "DE"),
        ("Indianapolis, IN", "US"),
        ("Mumbai, IN", "IN"),
        ("Pune, Maharashtra", "IN"),
        ("Perth, WA", "AU"),
        ("Seattle, WA", "US"),
        ("Sydney, NSW", "AU"),
        ("Atlanta, Georgia", "US"),
        ("Atlanta, Georgia, United States", "US"),
        ("Vienna, AT", "AT"),
        ("US", "US"),
    ],
)
def test_a_location_names_its_country(text: str, code: str) -> None:
    assert location_country(text) == code


@pytest.mark.parametrize(
    "text",
    ["", "Remote", "Nowhere", "Smallville, DE", "CA", "Tbilisi, Georgia", "London", "Earth, ZZ",
     "Worldwide", ", ,", "12345"],
)  # fmt: skip
def test_an_unclear_location_stays_unknown(text: str) -> None:
    assert location_country(text) == ""


@pytest.mark.parametrize(
    ("known", "told", "stands"),
    [("", "DE", "DE"), ("US", "DE", "DE"), ("DE", "US", "DE"), ("US", "", "US"), ("", "", ""),
     ("US", "US", "US")],
)  # fmt: skip
def test_of_two_countries_the_one_not_allowed_stands(known: str, told: str, stands: str) -> None:
    assert countries.stricter_country(known, told, frozenset({"US"})) == stands


@pytest.mark.parametrize(
    ("typed", "code"), [("germany", "DE"), ("us", "US"), ("Narnia", "NARNIA"), (" uk ", "GB")]
)
def test_a_setting_keeps_what_is_no_country(typed: str, code: str) -> None:
    assert countries.country_or_typed(typed) == code


@given(st.text(max_size=40))
def test_any_text_is_a_code_or_unknown(text: str) -> None:
    for found in (country_code(text), location_country(text)):
        assert found == "" or (len(found) == 2 and found.isupper())


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "before", "country"), [
    ("K10", "", "US"), ("K11", "", "GB"), ("K11", "US", "GB"), ("K13", "", "DE"),
    ("K13", "US", "DE"), ("K10", "DE", "DE"),
])  # fmt: skip
def test_clays_country_reaches_the_lead(name: str, before: str, country: str) -> None:
    lead = LeadFactory(country=before, state="")
    Enrichment.objects.create(lead=lead, request_id="enr_1")
    body: dict[str, Any] = case("clay", name)["body"]
    clay_answers.record_answer("enr_1", body)
    assert Lead.objects.get(pk=lead.pk).country == country
