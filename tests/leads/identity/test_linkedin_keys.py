"""One key for each profile, in whatever spelling it comes; none for what is nobody's profile."""

from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leads import normal
from leads.models import Lead, Suppression
from tests.fakes import rb2b
from tests.leads.conftest import arrive

SITE = "https://www.linkedin.com"
SLUGS = st.text(st.characters(categories=("L", "N"), include_characters="-_"), min_size=3)
OF_JANE = (
    f"{SITE}/comm/in/jane-doe", f"{SITE}/en-us/in/jane-doe", f"{SITE}/de/in/jane-doe/",
    f"{SITE}/mwlite/profile/in/jane-doe", f"{SITE}//in/jane-doe", f"{SITE}/in//jane-doe",
    "linkedin.com//in/jane-doe", "//in/jane-doe", "http://https://www.linkedin.com/in/jane-doe",
    f"{SITE}/in/jane%252Ddoe", f"{SITE}/in/jane-doe%2F", f"{SITE}/in/jane-doe)",
    f"[Jane]({SITE}/in/jane-doe)"[7:], f"{SITE}/in/jane-doe.", f"{SITE}/in/jane-doe\u200b",
    f"{SITE}/in/jane\u00ad-doe", f"{SITE}/in/jane-doe&trk=x", f"{SITE}/in/jane-doe&amp;trk=x",
    f"{SITE}/in/jane-doe;x", f"{SITE}/in/jane-doe (2nd)", f"{SITE}/in/jane-doe | LinkedIn",
    f"{SITE}/in/jane-doe https://acme.test", f"{SITE}/in/<jane-doe>", f'{SITE}/in/jane-doe"',
    f"{SITE}/in/jane-doe\\n", "linkedin.com/in/jane-doe?next=https://acme.test",
)  # fmt: skip
OF_NOBODY = (
    "null", "NULL", "undefined", "unavailable", "none", "n-a", "N%2FA", "unknown", "not-found",
    "me", "-", "...", "%20", "linkedin-member", "null/", "null?trk=x", "null)", "(none)",
    "[object Object]", "jane-d***", "jane-do…", "jane-do...",
)  # fmt: skip
AS_BEFORE = {
    "jane-doe-1a2b3": "in/jane-doe-1a2b3",
    "jane-": "in/jane-",
    "jane.doe": "in/jane.doe",
    "jane_doe": "in/jane_doe",
    "o'neil": "in/o'neil",
    "jane doe": "in/jane doe",
    "jos%C3%A9": "in/josé",
    "nullmann": "in/nullmann",
    "i-am-jane": "in/i-am-jane",
    "ACoAAB123456": "urn/ACoAAB123456",
    "ACoAAB123456/": "urn/ACoAAB123456",
}


@pytest.mark.parametrize("url", OF_JANE)
def test_every_spelling_of_a_profile_has_its_key(url: str) -> None:
    assert normal.linkedin_key(url) == "in/jane-doe"


@pytest.mark.parametrize("slug", OF_NOBODY)
def test_a_profile_of_nobody_has_no_key(slug: str) -> None:
    assert normal.linkedin_key(f"{SITE}/in/{slug}") == ""
    assert normal.linkedin_key(f"{SITE}/pub/{slug}") == ""


@pytest.mark.parametrize("url", ["urn:li:member:0", f"{SITE}/sales/lead/0", "urn/000"])
def test_an_id_of_zero_is_nobodys(url: str) -> None:
    assert normal.linkedin_key(url) == ""


@pytest.mark.parametrize(("slug", "key"), AS_BEFORE.items())
def test_what_had_a_key_keeps_it(slug: str, key: str) -> None:
    assert normal.linkedin_key(f"{SITE}/in/{slug}") == key


@pytest.mark.parametrize("end", [")", ".", "&trk=x", ";x", '"'])
def test_an_id_is_read_up_to_its_end(end: str) -> None:
    assert normal.linkedin_key(f"{SITE}/comm/in/ACoAAB123456{end}") == "urn/ACoAAB123456"


@given(SLUGS)
def test_any_slug_is_its_own_key(slug: str) -> None:
    key = normal.linkedin_key(f"{SITE}/in/{quote(slug)}")
    assume(key)
    assert key == f"in/{slug.lower()}"[:200]
    assert normal.linkedin_key(quote(normal.linkedin_url(key), safe=":/")) == key


@pytest.mark.django_db
@pytest.mark.parametrize("slug", ["null", "undefined", "n-a"])
def test_strangers_with_a_missing_profile_stay_two_leads(slug: str) -> None:
    for name in ("ann", "bob"):
        arrive(
            rb2b.person(
                {
                    "Business Email": f"{name}@{name}.test",
                    "First Name": name.title(),
                    "LinkedIn URL": f"{SITE}/in/{slug}",
                    "Website": f"https://{name}.test",
                    "Captured URL": f"https://oursite.test/{name}",
                }
            )
        )

    assert list(Lead.objects.order_by("email").values_list("first_name", "linkedin_key")) == [
        ("Ann", None),
        ("Bob", None),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("url", OF_JANE[::4])
def test_an_erased_profile_is_known_in_every_spelling(url: str) -> None:
    mark = normal.erased_hash("in/jane-doe")
    Suppression.objects.create(scope="address_hash", value=mark, reason="erased", source="x")

    arrive(rb2b.person({"Business Email": "jane@new.test", "LinkedIn URL": url}))

    assert not Lead.objects.exists()
