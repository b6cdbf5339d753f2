"""Whose an address is, by its name in DNS."""

import dns.exception
import dns.reversename

from leads import normal
from metrics.integrations.resolver import NotingResolver


class HostNames:
    """Names of one import: each address is asked for once, and all together have one deadline."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._resolver: NotingResolver | None = None
        try:
            self._resolver = NotingResolver()
        except dns.exception.DNSException:
            pass  # this machine has no resolver: no address has a name

    def owner_of(self, address: str) -> str:
        """The registrable domain of its name; "" where DNS tells none."""
        if address not in self._known:
            self._known[address] = self._ask(address)
        return self._known[address]

    def _ask(self, address: str) -> str:
        if self._resolver is None:
            return ""
        try:
            answer = self._resolver.resolve(dns.reversename.from_address(address), "PTR")
        except dns.exception.DNSException:
            return ""
        name = str(answer[0].target).rstrip(".").lower()
        return normal.registrable_domain(name) or ""
