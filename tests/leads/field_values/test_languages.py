"""In which language people are written to, by country and by the words of their title."""

import pytest

from leads.field_values import countries, languages


@pytest.mark.parametrize(
    ("country", "title", "expected"),
    [
        ("US", "CEO", ("en",)),
        ("us", "CEO", ("en",)),
        ("DE", "CEO", ("de",)),
        ("CH", "CEO", ("de", "fr", "it")),
        ("CA", "CEO", ("en", "fr")),
        ("", "CEO", ()),
        ("XX", "CEO", ()),
        ("", "", ()),
        ("US", "Geschäftsführer", ("de",)),
        ("", "Directeur des ventes", ("fr",)),
        ("CH", "Directrice des achats", ("fr", "de", "it")),
        ("CA", "Gérante", ("fr",)),
        ("US", "Gerente de ventas", ("es",)),
        ("US", "Director of Operations", ("en",)),
        ("US", "Head Chef", ("en",)),
        ("US", "Director General", ("en",)),
    ],
)
def test_a_person_is_written_to_in_these_languages(
    country: str, title: str, expected: tuple[str, ...]
) -> None:
    assert languages.reading_languages(country, title) == expected


def test_every_language_of_a_country_has_a_name() -> None:
    found = languages._by_country()
    assert {code for spoken in found.values() for code in spoken} <= set(languages.NAMES)
    assert set(found) <= countries._country_codes() and len(found) > 180


@pytest.mark.parametrize(
    ("code", "name"), [("DE", "Germany"), ("US", "United States"), ("XX", "XX"), ("", "")]
)
def test_a_country_has_its_english_name(code: str, name: str) -> None:
    assert countries.country_name(code) == name
