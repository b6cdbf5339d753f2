"""The time zone of an address, found from country, state, city and ZIP. Pure.

Sources: zone.tab of the pinned tzdata for countries; 49 CFR 71 for US states with two zones. In
those states a listed city or the first three digits of the ZIP decide; else the zone of most of the
state's people is taken.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from leads import normal


@dataclass(frozen=True)
class TimeZonePlace:
    """Time zone, and country and state as ISO 3166 codes; each "" where it is not known."""

    zone: str = ""
    country: str = ""
    state: str = ""


def _plain_words(text: str) -> str:
    """The name without case, accents and punctuation: "St. John" and "st john" are equal."""
    return " ".join(re.findall(r"\w+", normal.fold_text(text)))


def _zones_by_code(table: dict[str, str]) -> dict[str, str]:
    return {code: zone for zone, codes in table.items() for code in codes.split()}


def _zones_by_city(table: dict[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """Turn {(state, zone): "City, City"} into {(state, city): zone}."""
    return {
        (state, _plain_words(city)): zone
        for (state, zone), cities in table.items()
        for city in cities.split(",")
    }


# --- The United States ---

US_ZONES = _zones_by_code(
    {
        "America/New_York": "CT DC DE FL GA KY MA MD ME NC NH NJ NY OH PA RI SC VA VT WV",
        "America/Detroit": "MI",
        "America/Indiana/Indianapolis": "IN",
        "America/Chicago": "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
        "America/Denver": "CO MT NM UT WY",
        "America/Boise": "ID",
        "America/Phoenix": "AZ",
        "America/Los_Angeles": "CA NV OR WA",
        "America/Anchorage": "AK",
        "Pacific/Honolulu": "HI",
        "America/Puerto_Rico": "PR",
        "America/St_Thomas": "VI",
        "Pacific/Guam": "GU MP",
        "Pacific/Pago_Pago": "AS",
    }
)
TERRITORIES = {
    "puerto rico": "PR", "guam": "GU", "us virgin islands": "VI", "virgin islands": "VI",
    "american samoa": "AS", "northern mariana islands": "MP",
}  # fmt: skip

# Cities in another zone than most of their state's people.
US_CITIES = _zones_by_city(
    {
        # by custom, with Georgia
        ("AL", "America/New_York"): "Phenix City, Lanett, Valley, Smiths Station",
        # the Navajo Nation
        ("AZ", "America/Denver"): "Window Rock, Tuba City, Chinle, Kayenta, Fort Defiance",
        ("FL", "America/Chicago"): "Pensacola, Panama City, Panama City Beach, Lynn Haven, "
        "Fort Walton Beach, Destin, Miramar Beach, Santa Rosa Beach, Crestview, Niceville, "
        "Valparaiso, Shalimar, Navarre, Gulf Breeze, Milton, Pace, Cantonment, Marianna, "
        "Chipley, Bonifay, DeFuniak Springs, Eglin AFB",
        ("ID", "America/Los_Angeles"): "Coeur d'Alene, Post Falls, Hayden, Rathdrum, Sandpoint, "
        "Bonners Ferry, Kellogg, Wallace, Moscow, Lewiston, Orofino, Grangeville",
        ("IN", "America/Chicago"): "Gary, Hammond, East Chicago, Whiting, Merrillville, "
        "Crown Point, Hobart, Munster, Highland, Griffith, Schererville, Dyer, St. John, "
        "Saint John, Cedar Lake, Lowell, Lake Station, Portage, Valparaiso, Chesterton, "
        "Michigan City, La Porte, LaPorte, Knox, Evansville, Newburgh, Boonville, Princeton, "
        "Mount Vernon, Mt. Vernon, Rockport, Tell City",
        ("KS", "America/Denver"): "Goodland, Sharon Springs, Tribune, Syracuse",
        ("KY", "America/Chicago"): "Bowling Green, Owensboro, Paducah, Hopkinsville, Henderson, "
        "Madisonville, Murray, Mayfield, Benton, Calvert City, Princeton, Glasgow, Franklin, "
        "Russellville, Greenville, Central City, Leitchfield, Columbia, Oak Grove, "
        "Fort Campbell",
        ("MI", "America/Chicago"): "Iron Mountain, Kingsford, Norway, Menominee, Ironwood, "
        "Bessemer, Wakefield, Iron River, Crystal Falls",
        ("ND", "America/Denver"): "Dickinson, Belfield, Beach, Medora, Bowman, Hettinger, Killdeer",
        ("NE", "America/Denver"): "Scottsbluff, Gering, Alliance, Chadron, Sidney, Kimball, "
        "Ogallala, Imperial, Crawford, Gordon",
        ("NV", "America/Denver"): "West Wendover, Jackpot",
        ("OR", "America/Boise"): "Ontario, Vale, Nyssa, Jordan Valley",
        ("SD", "America/Denver"): "Rapid City, Box Elder, Summerset, Sturgis, Spearfish, "
        "Belle Fourche, Deadwood, Lead, Custer, Hot Springs, Hill City, Wall, Philip",
        ("TN", "America/New_York"): "Knoxville, Chattanooga, Johnson City, Kingsport, Bristol, "
        "Oak Ridge, Maryville, Alcoa, Morristown, Jefferson City, Sevierville, Pigeon Forge, "
        "Gatlinburg, Seymour, Newport, Greeneville, Rogersville, Elizabethton, Erwin, Clinton, "
        "Powell, Farragut, Lenoir City, Loudon, Kingston, Harriman, Rockwood, Sweetwater, "
        "Madisonville, Athens, Cleveland, Dayton, East Ridge, Red Bank, Soddy-Daisy, Hixson, "
        "Ooltewah, Collegedale, Signal Mountain",
        ("TX", "America/Denver"): "El Paso, Fort Bliss, Socorro, Horizon City, San Elizario, "
        "Canutillo, Clint, Fabens, Anthony, Sierra Blanca",
    }
)  # fmt: skip
# By the first three digits of the ZIP, where nearly all of these ZIPs are in that zone.
US_ZIPS = _zones_by_code(
    {
        "America/New_York": "374 376 377 378 379",
        "America/Chicago": "324 325 420 421 422 423 424 463 464 476 477",
        "America/Los_Angeles": "838",
        "America/Denver": "577 586 693 798 799 885",
        "America/Boise": "979",
    }
)

# --- Canada and Australia ---

CA_ZONES = _zones_by_code(
    {
        "America/St_Johns": "NL",
        "America/Halifax": "NS PE",
        "America/Moncton": "NB",
        "America/Toronto": "ON QC",
        "America/Iqaluit": "NU",
        "America/Winnipeg": "MB",
        "America/Regina": "SK",
        "America/Edmonton": "AB NT",
        "America/Vancouver": "BC",
        "America/Whitehorse": "YT",
    }
)
CA_NAMES = {
    "newfoundland and labrador": "NL", "newfoundland": "NL", "nova scotia": "NS",
    "prince edward island": "PE", "new brunswick": "NB", "nouveau brunswick": "NB", "quebec": "QC",
    "ontario": "ON", "manitoba": "MB", "saskatchewan": "SK", "alberta": "AB",
    "british columbia": "BC", "yukon": "YT", "yukon territory": "YT", "northwest territories": "NT",
    "nunavut": "NU",
}  # fmt: skip
CA_CITIES = _zones_by_city(
    {
        ("NL", "America/Goose_Bay"): "Labrador City, Wabush, Happy Valley-Goose Bay",
        ("QC", "America/Halifax"): "Les Îles-de-la-Madeleine",
        ("ON", "America/Winnipeg"): "Kenora, Dryden, Fort Frances, Sioux Lookout, Red Lake, "
        "Rainy River",
        ("NU", "America/Rankin_Inlet"): "Rankin Inlet, Arviat, Baker Lake",
        ("NU", "America/Cambridge_Bay"): "Cambridge Bay, Kugluktuk",
        ("NT", "America/Inuvik"): "Inuvik",
        ("SK", "America/Edmonton"): "Lloydminster",
        ("BC", "America/Edmonton"): "Cranbrook, Kimberley, Fernie, Sparwood, Invermere, Golden",
        ("BC", "America/Dawson_Creek"): "Dawson Creek, Fort St. John, Fort Saint John",
        ("BC", "America/Fort_Nelson"): "Fort Nelson",
        ("BC", "America/Creston"): "Creston",
    }
)  # fmt: skip
AU_ZONES = {
    "NSW": "Australia/Sydney", "ACT": "Australia/Sydney", "VIC": "Australia/Melbourne",
    "QLD": "Australia/Brisbane", "SA": "Australia/Adelaide", "WA": "Australia/Perth",
    "TAS": "Australia/Hobart", "NT": "Australia/Darwin",
}  # fmt: skip
AU_NAMES = {
    "new south wales": "NSW", "australian capital territory": "ACT", "victoria": "VIC",
    "queensland": "QLD", "south australia": "SA", "western australia": "WA", "tasmania": "TAS",
    "northern territory": "NT",
}  # fmt: skip
AU_CITIES = _zones_by_city({("NSW", "Australia/Broken_Hill"): "Broken Hill"})

# --- Other countries ---

COUNTRY_ALIASES = {"UK": "GB", "EL": "GR"}
# Countries with several zones, of which one holds for all but islands and outposts, or all agree.
MAINLAND_ZONES = {
    "AR": "America/Argentina/Buenos_Aires", "CL": "America/Santiago", "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia", "DE": "Europe/Berlin", "EC": "America/Guayaquil", "ES": "Europe/Madrid",
    "GL": "America/Nuuk", "KZ": "Asia/Almaty", "MY": "Asia/Kuala_Lumpur", "NZ": "Pacific/Auckland",
    "PG": "Pacific/Port_Moresby", "PT": "Europe/Lisbon", "UA": "Europe/Kyiv", "UZ": "Asia/Tashkent",
}  # fmt: skip


def find_place(country: str, state: str, city: str = "", zipcode: str = "") -> TimeZonePlace:
    country = COUNTRY_ALIASES.get(country.strip().upper(), country.strip().upper())
    if country in ("", "US") and (code := normal.us_state(state) or _territory_code(state)):
        by_city = US_CITIES.get((code, _plain_words(city)))
        return TimeZonePlace(by_city or _zone_by_zip(code, zipcode) or US_ZONES[code], "US", code)
    if country == "CA" and (code := _region_code(state, CA_ZONES, CA_NAMES)):
        zone = CA_CITIES.get((code, _plain_words(city))) or CA_ZONES[code]
        return TimeZonePlace(zone, "CA", code)
    if country == "AU" and (code := _region_code(state, AU_ZONES, AU_NAMES)):
        zone = AU_CITIES.get((code, _plain_words(city))) or AU_ZONES[code]
        return TimeZonePlace(zone, "AU", code)
    code = state.strip().upper() if len(state.strip()) <= 3 else ""
    return TimeZonePlace(zone_of_country(country), country, code)


def _territory_code(state: str) -> str:
    return _region_code(state, {code: code for code in TERRITORIES.values()}, TERRITORIES)


def _region_code(text: str, codes: dict[str, str], names: dict[str, str]) -> str:
    code = text.strip().upper()
    return code if code in codes else names.get(_plain_words(text), "")


def _zone_by_zip(state: str, zipcode: str) -> str:
    """The zone of the ZIP; "" where the state does not have that zone, because the ZIP is wrong."""
    zone = US_ZIPS.get(zipcode.strip()[:3], "")
    zones_of_state = {other for (there, _), other in US_CITIES.items() if there == state}
    return zone if zone in zones_of_state else ""


def zone_of_country(country: str) -> str:
    """The zone of a country with one zone, or with one but for outposts; "" for other countries."""
    zones = _zone_tab().get(country, ())
    return MAINLAND_ZONES.get(country) or (zones[0] if len(zones) == 1 else "")


@lru_cache
def country_of_zone(zone: str) -> str:
    """The country that zone.tab names for a zone; "" for UTC and other zones of no country."""
    return next((country for country, zones in _zone_tab().items() if zone in zones), "")


@lru_cache(maxsize=1)
def _zone_tab() -> dict[str, tuple[str, ...]]:
    """The zones of each country.

    Each line of zone.tab has country, coordinates, zone and comment, separated by tabs.
    """
    found: dict[str, tuple[str, ...]] = {}
    table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found[country] = (*found.get(country, ()), zone)
    return found
