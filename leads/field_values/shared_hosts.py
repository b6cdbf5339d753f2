"""Websites that are a page on a host of many: they never say which company somebody is of.

A cell may hold several websites; the first that is somebody's own counts.
"""

import re
from functools import lru_cache
from pathlib import Path

from leads import normal

DATA = Path(__file__).parent / "data"
# Hosts of a shared one's own functions, where pages of many lie: no one company's host.
FUNCTION_HOSTS = frozenset(
    {"docs.google.com", "drive.google.com", "maps.google.com", "sites.google.com"}
)
_BETWEEN_SITES = re.compile(r"[\s,;|<>()\[\]{}\"']+")


@lru_cache
def _listed_hosts() -> frozenset[str]:
    lines = (DATA / "shared_hosts.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def shared_host(site: str) -> str:
    """ "https://www.facebook.com/acme" -> "facebook.com"; "" for a host of somebody's own."""
    host = normal.host_name(site)
    if suffix := normal.shared_suffix(host):
        return suffix
    domain, listed = normal.registrable_domain(host), _listed_hosts()
    named = f"{domain.partition('.')[0]}.*"
    return domain if domain and (domain in listed or named in listed) else ""


def split_sites(cell: str) -> list[str]:
    return [part for part in _BETWEEN_SITES.split(cell) if part.strip(".")]


def own_domain(cell: str) -> str:
    """The registrable domain of the first website in the cell that is somebody's own, else ""."""
    for site in split_sites(cell):
        domain = normal.registrable_domain(site)
        if domain and not shared_host(site):
            return domain
    return ""


def employer_domain(typed: str) -> str:
    """As `own_domain`, but a bare "google.com" is Google: people work there too."""
    if found := own_domain(typed):
        return found
    shared = shared_host(typed)
    is_bare = typed.strip().lower().removeprefix("www.") == shared
    return shared if shared != normal.shared_suffix(typed) and is_bare else ""
