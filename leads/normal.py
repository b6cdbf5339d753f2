"""Normal forms in which people and companies are compared. Pure."""

import hashlib
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
# Microsoft gives each of its customers one name below these, which nobody else ever gets: the
# addresses at acme.onmicrosoft.com are those of Acme.
TENANT_SUFFIXES = (
    "onmicrosoft.com", "mail.onmicrosoft.com", "onmicrosoft.us", "onmicrosoft.de",
    "partner.onmschina.cn",
)  # fmt: skip
_OWNED_BELOW = (*PRIVATE_REGISTRIES, *TENANT_SUFFIXES)
_extract_suffix = tldextract.TLDExtract(extra_suffixes=_OWNED_BELOW, **_OFFLINE)
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

# They are not seen, and what follows them is shown in another order: "\u202egnp.exe" as "exe.png".
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSEEN = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff{''.join(TURNING)}]")  # Cc, Cs, TURNING


def storable_text(text: str) -> str:
    """One line without control characters, TURNING, and lone surrogates, which PostgreSQL cannot
    store.
    """
    spaced = re.sub("[\t\r\n\u2028\u2029]+", " ", text)
    return _UNSEEN.sub("", spaced)


def is_unseen(letter: str) -> bool:
    """Whether a letter only moves or controls what stands around it."""
    return _UNSEEN.match(letter) is not None


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


def erased_hash(identifier: str) -> str:
    """The one-way mark of a normalised address or LinkedIn key."""
    return hashlib.sha256(f"caio:{identifier}".encode()).hexdigest()


_LINKEDIN_ID = r"(?:AC[a-z]|AE[A-Z]|AD[a-z])AA[A-Za-z0-9_-]{5,}"
_ID_ENDS = r"(?![A-Za-z0-9_-])"
_BEFORE_PROFILE = r"/(?i:(?:[a-z]{2}(?:-[a-z]{2})?|comm|mwlite|mwlite/profile|m)/)*"
_LINKEDIN_FORMS = (
    # members and leads of Sales Navigator and Recruiter have an id in which case counts
    (rf"{_BEFORE_PROFILE}in/({_LINKEDIN_ID}){_ID_ENDS}", "urn/{}"),
    (rf"/sales/(?:lead|people|profile)/({_LINKEDIN_ID}|\d+){_ID_ENDS}", "urn/{}"),
    (rf"/(?:talent|recruiter)/(?:profile/)?({_LINKEDIN_ID}|\d+){_ID_ENDS}", "urn/{}"),
    (rf"{_BEFORE_PROFILE}in/([^/,]+)", "in/{}"),
    (rf"{_BEFORE_PROFILE}pub/([^/]+/[0-9a-f]+/[0-9a-f]+/[0-9a-f]+)", "pub/{}"),
    (rf"{_BEFORE_PROFILE}pub/([^/]+)/?$", "in/{}"),
    (rf"/profile/view\?(?:.*&)?id=({_LINKEDIN_ID}|\d+)", "urn/{}"),
    (rf"urn:li:(?:person|member|fsd?_?[a-z]*|fs_[a-z]+):\(?({_LINKEDIN_ID}|\d+)", "urn/{}"),
)
# What vendors write where there is no profile, and LinkedIn's own pages: keys of many people.
_NOBODYS_SLUGS = {
    "null", "none", "nil", "nan", "na", "n-a", "n.a", "n", "undefined", "unknown", "unavailable",
    "false", "not-found", "not-available", "not-provided", "not-applicable", "profile-not-found",
    "no-profile", "no-linkedin", "no-data", "no-result", "error", "tbd", "tba", "empty", "blank",
    "redacted", "hidden", "private", "private-profile", "anonymous", "deleted", "linkedin",
    "linkedin-member", "me", "edit", "view", "login", "profile", "public-profile", "user",
    "username", "your-name", "yourname", "your-profile", "yourprofile", "firstname-lastname",
    "first-last", "[object object]",  # "n" is what a path keeps of "n/a"
}  # fmt: skip
_INVISIBLE = re.compile("[\u200b\u2060\ufeff\u00ad]")
_AFTER_SLUG = re.compile(r"[&;?#|!<>()\[\]{}\\\"“”«»]|\s+(?=\W|https?:)")
_TAIL = " .:'’`\u200c\u200d\u200e\u200f"
_CUT_OR_MASKED = re.compile(r"[*•…]|\.\.")


def linkedin_key(url: str) -> str:
    """ "in/dana-okafor" for any spelling of a person's LinkedIn URL; "" for anything else.

    "urn/ACoAAB…" and "pub/…" are keys of their own: they do not tell the name in the URL.
    Keys are stored, and those of erased people as hashes: what has had a key keeps it.
    """
    path = _linkedin_path(storable_text(url).strip())
    for pattern, form in _LINKEDIN_FORMS:
        has_id = form.startswith("urn")
        if found := re.match(pattern, path, 0 if has_id else re.IGNORECASE):
            name = found[1].strip("0") and found[1] if has_id else _slug(found[1])
            return form.format(name)[:200] if name else ""
    return ""


def _linkedin_path(typed: str) -> str:
    """ "/in/dana-okafor" of a URL or of the path alone; an urn as it is; "" for another site."""
    if typed.lower().startswith("urn:li:"):
        return typed
    if re.match(r"/*(?:in|pub|urn)/[^/]", typed):
        typed = f"https://www.linkedin.com/{typed.lstrip('/').replace('urn/', 'sales/lead/', 1)}"
    try:
        parts = urlsplit(re.sub(r"(?i)^(?:[a-z][a-z0-9+.-]*:/+|//)*", "https://", typed))
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""
    if host != "linkedin.com" and not host.endswith(".linkedin.com"):
        return ""
    path = re.sub("/{2,}", "/", storable_text(unquote(unquote(parts.path))))  # %25C3 is met too
    return path + (f"?{parts.query}" if parts.query else "")


def _slug(text: str) -> str:
    """The name in a profile's URL without what was copied with it; "" where it is nobody's.

    A sign that could be part of a name stays: "o'neil" cut short would be somebody else.
    """
    text = _INVISIBLE.sub("", text).strip().lower()
    if text in _NOBODYS_SLUGS or _CUT_OR_MASKED.search(text):
        return ""
    slug = _AFTER_SLUG.split(text.lstrip("<([{\"'“"))[0].rstrip(_TAIL)
    return "" if slug in _NOBODYS_SLUGS or not slug.strip("-_.") else slug


def is_named_profile(key: str) -> bool:
    """Whether the key has the name of a profile, which an id of LinkedIn's does not tell."""
    return key.startswith("in/")


def linkedin_url(key: str) -> str:
    kind, _, rest = key.partition("/")
    if kind == "urn":
        path = f"in/{rest}" if rest.startswith("ACo") else f"sales/lead/{rest}"
        return f"https://www.linkedin.com/{path}"
    return f"https://www.linkedin.com/{key}" if key else ""


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
    return found.suffix if found.is_private and found.suffix not in _OWNED_BELOW else ""


def is_public_suffix(name: str) -> bool:
    """Whether nobody can own `name`: "com", "co.uk"."""
    found = _extract_suffix(name)
    return bool(found.suffix) and not found.domain


def public_suffixes() -> list[str]:
    """All that is_public_suffix is true of: "com", "co.uk", …"""
    return [suffix for suffix in _extract_suffix.tlds if suffix[0] not in "*!"]


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


def us_state(text: str) -> str:
    """The two-letter code, from code or name; "" where it is none."""
    return _STATE_CODES.get(text.strip().lower(), "")
