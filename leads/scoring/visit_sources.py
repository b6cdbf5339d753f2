"""Where a visitor came from, by the address of the page before. Pure."""

from functools import lru_cache
from urllib.parse import urlsplit

NAMES = {
    "google": "Google", "bing": "Bing", "duckduckgo": "DuckDuckGo", "yahoo": "Yahoo",
    "ecosia": "Ecosia", "baidu": "Baidu", "yandex": "Yandex", "brave": "Brave Search",
    "linkedin": "LinkedIn", "lnkd": "LinkedIn", "facebook": "Facebook", "instagram": "Instagram",
    "twitter": "X", "x": "X", "t": "X", "youtube": "YouTube", "reddit": "Reddit",
    "chatgpt": "ChatGPT", "openai": "ChatGPT", "perplexity": "Perplexity", "claude": "Claude",
    "gemini": "Gemini", "copilot": "Copilot", "github": "GitHub", "medium": "Medium",
}  # fmt: skip
SHORT_HOSTS = {"t": "t.co", "x": "x.com"}  # names of one letter stand for these hosts only
LONGEST_NAME = 60


@lru_cache(maxsize=4096)
def source_name(referrer: str, own_domains: frozenset[str] = frozenset()) -> str:
    """ "Google" or "trade-news.example"; "" for our own pages and for what is no web address."""
    try:
        parts = urlsplit(referrer.strip())
        host = (parts.hostname or "").lower().removeprefix("www.").rstrip(".")
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or "." not in host or not host.isprintable():
        return ""
    if any(host == own or host.endswith(f".{own}") for own in own_domains):
        return ""
    return _known_name(host) or host[:LONGEST_NAME]


def _known_name(host: str) -> str:
    labels = host.split(".")
    for known, name in NAMES.items():
        if known in SHORT_HOSTS:
            if host == SHORT_HOSTS[known]:
                return name
        elif known in labels[:-1] and len(labels) - labels.index(known) <= 3:
            return name
    return ""
