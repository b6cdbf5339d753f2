"""Where an address is: the table, its borders, and that every zone in it exists."""

from datetime import UTC, datetime
from zoneinfo import TZPATH, ZoneInfo

import holidays
import pytest

from leads.normal import US_STATES
from outreach.limits import time_zones
from outreach.limits.time_zones import TimeZonePlace, find_place

SUMMER, WINTER = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (("US", "OH"), TimeZonePlace("America/New_York", "US", "OH")),
        (("", "oh"), TimeZonePlace("America/New_York", "US", "OH")),
        (("us", " California "), TimeZonePlace("America/Los_Angeles", "US", "CA")),
        (("US", "Arizona"), TimeZonePlace("America/Phoenix", "US", "AZ")),
        (("US", "Puerto Rico"), TimeZonePlace("America/Puerto_Rico", "US", "PR")),
        (("US", "Atlantis"), TimeZonePlace("", "US", "")),
        (("US", ""), TimeZonePlace("", "US", "")),
        (("CA", "ON"), TimeZonePlace("America/Toronto", "CA", "ON")),
        (("CA", "Québec"), TimeZonePlace("America/Toronto", "CA", "QC")),
        (("CA", "Newfoundland and Labrador"), TimeZonePlace("America/St_Johns", "CA", "NL")),
        (("CA", ""), TimeZonePlace("", "CA", "")),
        (("AU", "South Australia"), TimeZonePlace("Australia/Adelaide", "AU", "SA")),
        (("AU", "NT"), TimeZonePlace("Australia/Darwin", "AU", "NT")),
        (("UK", ""), TimeZonePlace("Europe/London", "GB", "")),
        (("GB", "ENG"), TimeZonePlace("Europe/London", "GB", "ENG")),
        (("DE", "BY"), TimeZonePlace("Europe/Berlin", "DE", "BY")),
        (("IN", "Karnataka"), TimeZonePlace("Asia/Kolkata", "IN", "")),
        (("NP", ""), TimeZonePlace("Asia/Kathmandu", "NP", "")),
        (("ES", "Madrid"), TimeZonePlace("Europe/Madrid", "ES", "")),
        (("BR", "SP"), TimeZonePlace("", "BR", "SP")),  # several zones: not known
        (("MX", ""), TimeZonePlace("", "MX", "")),
        (("ZZ", ""), TimeZonePlace("", "ZZ", "")),
        (("", ""), TimeZonePlace()),
        (("", "Ontario"), TimeZonePlace()),  # also a city; the country is not said
        (("DE", "CA"), TimeZonePlace("Europe/Berlin", "DE", "CA")),  # not California
    ],
)
def test_an_address_tells_zone_country_and_state(
    address: tuple[str, str], expected: TimeZonePlace
) -> None:
    assert find_place(*address) == expected


@pytest.mark.parametrize(
    ("state", "city", "zipcode", "zone"),
    [
        ("TN", "Nashville", "", "America/Chicago"),
        ("TN", "KNOXVILLE", "", "America/New_York"),
        ("TN", "", "37919", "America/New_York"),
        ("TN", "", "37203", "America/Chicago"),
        (
            "TN",
            "Nashville",
            "37919",
            "America/New_York",
        ),  # where they differ the ZIP is the more exact one
        ("TX", "El Paso", "", "America/Denver"),
        ("TX", "", "79901-1234", "America/Denver"),
        ("TX", "El Campo", "", "America/Chicago"),
        ("FL", "Pensacola", "", "America/Chicago"),
        ("FL", "Miami", "33101", "America/New_York"),
        ("IN", "Saint John", "", "America/Chicago"),
        ("IN", "st. john", "", "America/Chicago"),
        ("IN", "Indianapolis", "46204", "America/Indiana/Indianapolis"),
        ("KY", "Louisville", "40202", "America/New_York"),
        ("KY", "Bowling Green", "", "America/Chicago"),
        (
            "OH",
            "Bowling Green",
            "",
            "America/New_York",
        ),  # a city of that name, in a state with one zone
        ("OH", "", "37919", "America/New_York"),  # a ZIP of another state moves nobody
        ("NY", "", "79901", "America/New_York"),
        ("ID", "Coeur d'Alene", "", "America/Los_Angeles"),
        ("ID", "Boise", "83702", "America/Boise"),
        ("OR", "Ontario", "", "America/Boise"),
        ("SD", "Rapid City", "", "America/Denver"),
        ("SD", "Sioux Falls", "57104", "America/Chicago"),
        ("AZ", "Window Rock", "", "America/Denver"),
    ],
)
def test_city_or_zip_decides_between_two_zones(
    state: str, city: str, zipcode: str, zone: str
) -> None:
    assert find_place("US", state, city, zipcode).zone == zone


@pytest.mark.parametrize(
    ("country", "state", "city", "zone"),
    [
        ("CA", "ON", "Kenora", "America/Winnipeg"),
        ("CA", "ON", "Ottawa", "America/Toronto"),
        ("CA", "NL", "Happy Valley - Goose Bay", "America/Goose_Bay"),
        ("CA", "BC", "Fort St. John", "America/Dawson_Creek"),
        ("CA", "SK", "Lloydminster", "America/Edmonton"),
        ("AU", "NSW", "Broken Hill", "Australia/Broken_Hill"),
    ],
)
def test_so_it_does_in_canada_and_australia(country: str, state: str, city: str, zone: str) -> None:
    assert find_place(country, state, city).zone == zone


def test_every_state_and_province_has_a_zone() -> None:
    assert set(US_STATES) | set(time_zones.TERRITORIES.values()) == set(time_zones.US_ZONES)
    assert (
        set(time_zones.CA_ZONES)
        == set(time_zones.CA_NAMES.values())
        == set(holidays.list_supported_countries()["CA"])
    )
    tables = (
        time_zones.US_ZONES,
        time_zones.US_CITIES,
        time_zones.US_ZIPS,
        time_zones.CA_ZONES,
        time_zones.CA_CITIES,
        time_zones.AU_ZONES,
    )
    for zone in {
        zone
        for table in (*tables, time_zones.AU_CITIES, time_zones.MAINLAND_ZONES)
        for zone in table.values()
    }:
        assert ZoneInfo(zone).key == zone


def test_listed_cities_differ_from_their_states() -> None:
    for states, cities in (
        (time_zones.US_ZONES, time_zones.US_CITIES),
        (time_zones.AU_ZONES, time_zones.AU_CITIES),
    ):
        for (state, city), zone in cities.items():
            own, larger = ZoneInfo(zone), ZoneInfo(states[state])
            assert any(
                at.astimezone(own).utcoffset() != at.astimezone(larger).utcoffset()
                for at in (SUMMER, WINTER)
            ), city


def test_countries_and_zones_match_both_ways() -> None:
    countries = time_zones._zone_tab()
    assert len(countries) > 240
    for country, listed in countries.items():
        known = time_zones.zone_of_country(country)
        assert bool(known) == (len(listed) == 1 or country in time_zones.MAINLAND_ZONES)
        assert not known or known in listed
        assert all(time_zones.country_of_zone(zone) == country for zone in listed)
    assert time_zones.country_of_zone("UTC") == ""


def test_zones_come_from_the_pinned_package() -> None:
    assert TZPATH == ()
