"""Normal forms in which people and companies are compared. Pure."""

import re
import unicodedata
from typing import Any
from urllib.parse import unquote, urlsplit

import idna
import tldextract
from email_validator import EmailNotValidError, validate_email

# Offline: the default fetches the public suffix list at first use.
_OFFLINE: dict[str, Any] = {"suffix_list_urls": (), "cache_dir": None}
# The list has these as private, beside hosts such as github.io. But they are run as registries:
# acme.uk.com is a domain that Acme has bought.
PRIVATE_REGISTRIES = (
    "ae.org", "africa.com", "br.com", "cn.com", "co.com", "co.cz", "co.nl", "co.no", "co.pl",
    "com.de", "com.ru", "com.se", "de.com", "eu.com", "gb.net", "gr.com", "hk.com", "hu.net",
    "in.net", "jp.net", "jpn.com", "mex.com", "radio.am", "radio.fm", "ru.com", "sa.com", "se.net",
    "uk.com", "uk.net", "us.com", "us.org", "za.bz", "za.com", "za.net", "za.org",
)  # fmt: skip
_extract_suffix = tldextract.TLDExtract(extra_suffixes=PRIVATE_REGISTRIES, **_OFFLINE)
_extract_shared = tldextract.TLDExtract(include_psl_private_domains=True, **_OFFLINE)

LEGAL_FORMS = {
    "inc", "incorporated", "llc", "ltd", "limited", "corp", "corporation", "co", "company",
    "gmbh", "ag", "sa", "sas", "bv", "plc", "lp", "llp", "pty", "srl", "oy", "ab", "as",
    "holdings", "group", "the",
}  # fmt: skip

US_STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California",
    "CO": "Colorado", "CT": "Connecticut", "DE": "Delaware", "DC": "District of Columbia",
    "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois",
    "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana",
    "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota",
    "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada",
    "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York",
    "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon",
    "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota",
    "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia",
    "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
}  # fmt: skip
_STATE_CODES = {name.lower(): code for code, name in US_STATES.items()} | {
    code.lower(): code for code in US_STATES
}


def storable_text(text: str) -> str:
    """One line without control characters and lone surrogates, which PostgreSQL cannot store."""
    spaced = re.sub(r"[\t\r\n]+", " ", text)
    return "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cs"))


def clean_email(text: str) -> str:
    """The address as compared and stored: lower case, IDNA domain. "" where it is no address."""
    text = text.strip().strip("<>").removeprefix("mailto:")
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return ""
    address = (found.ascii_email or found.normalized).lower()
    return address if len(address) <= 254 else ""


def mailbox_address(address: str) -> str:
    """The address without what follows a plus: mail to both lies in one mailbox."""
    local, at, host = address.rpartition("@")
    return f"{local.partition('+')[0] or local}{at}{host}"


def linkedin_key(url: str) -> str:
    """ "in/dana-okafor" for any spelling of a person's LinkedIn URL; "" for anything else."""
    try:
        parts = urlsplit(url.strip() if "//" in url else f"https://{url.strip()}")
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""
    if host != "linkedin.com" and not host.endswith(".linkedin.com"):
        return ""
    found = re.match(r"^/(?:[a-z]{2}/)?in/([^/]+)", storable_text(unquote(parts.path)).lower())
    return f"in/{found[1].strip()}"[:200] if found and found[1].strip() else ""


def host_name(text: str) -> str:
    """ "https://www.shop.acme.co.uk/x" or an address -> "www.shop.acme.co.uk", in ASCII."""
    found = storable_text(text).strip().lower()
    if "/" not in found:
        found = found.rpartition("@")[2]
    try:
        found = (
            urlsplit(
                found if re.match(r"([a-z][a-z0-9+.-]*:)?//", found) else f"//{found}"
            ).hostname
            or ""
        )
        found = (found if found.isascii() else idna.encode(found, uts46=True).decode()).rstrip(".")
    except (ValueError, idna.IDNAError):
        return ""
    return found if len(found) <= 253 else ""


def registrable_domain(text: str) -> str:
    """ "https://www.shop.acme.co.uk/x" or an address -> "acme.co.uk"."""
    name = host_name(text)
    found = _extract_suffix(name)
    if found.top_domain_under_public_suffix:
        return found.top_domain_under_public_suffix
    # reserved for tests and examples (RFC 2606), so not in the public suffix list
    labels = name.split(".")
    return ".".join(labels[-2:]) if len(labels) > 1 and labels[-1] in ("test", "example") else ""


def shared_suffix(text: str) -> str:
    """ "acme.github.io" -> "github.io": the suffix under which one owner gives a host to everybody.

    "" for a host under an ordinary suffix.
    """
    found = _extract_shared(host_name(text))
    return found.suffix if found.is_private and found.suffix not in PRIVATE_REGISTRIES else ""


def is_public_suffix(name: str) -> bool:
    """Whether nobody can own `name`: "com", "co.uk"."""
    found = _extract_suffix(name)
    return bool(found.suffix) and not found.domain


def company_key(name: str) -> str:
    """Without case, accents, punctuation and legal form: "Acme, Inc." -> "acme"."""
    folded = fold_text(name)
    # L.L.C., J.P.
    folded = re.sub(r"\b(?:\w\.)+\w\b", lambda initials: initials[0].replace(".", ""), folded)
    words = re.findall(r"\w+", folded)
    kept = [word for word in words if word not in LEGAL_FORMS]
    return " ".join(kept or words)[:200].strip()


def person_key(name: str) -> str:
    """Without case, accents and punctuation: "Zoë O'Neil" -> "zoe o neil"."""
    return " ".join(re.findall(r"\w+", fold_text(name)))[:200].strip()


def fold_text(text: str) -> str:
    for _ in range(2):  # folding case can bring accents, and the other way round
        text = unicodedata.normalize("NFKD", text.casefold())
        text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return text.casefold()


def employees_from(text: str) -> int | None:
    """The lower end of "51-200", "5,000+" or "312", 0 of "under 50"; None if unknown."""
    if re.match(
        r"\s*(<|≤|under\b|up to\b|below\b|(less|fewer) than\b)", text.lower()
    ) and re.search(r"\d", text):
        return 0
    found = re.search(r"\d[\d,.]*", text)
    digits = re.sub(r"\D", "", found[0].split(".")[0] if found else "")
    return int(digits) if digits and len(digits) < 9 else None


def us_state(text: str) -> str:
    """The two-letter code, from code or name; "" where it is none."""
    return _STATE_CODES.get(text.strip().lower(), "")
