"""The resolver for one look at a domain: one deadline for all questions, and a note of silences."""

import time
from typing import Any

import dns.exception
import dns.nameserver
import dns.rdatatype
import dns.resolver
from django.conf import settings

LOOKUP_SECONDS = 2.0  # for one question
DOMAIN_SECONDS = 20.0  # for all questions about a domain: SPF may ask dozens


class NotingResolver(dns.resolver.Resolver):
    """The one that DNS_SERVER names, else the machine's own; it reaches no other.

    Raises NoResolverConfiguration where there is none.
    """

    def __init__(self) -> None:
        super().__init__(configure=not settings.DNS_SERVER)
        if settings.DNS_SERVER:
            host, _, port = settings.DNS_SERVER.rpartition(":")
            self.nameservers = [dns.nameserver.Do53Nameserver(host, int(port))]
        self.timeout = self.lifetime = LOOKUP_SECONDS
        self.unanswered: list[tuple[str, str]] = []  # name, kind of record
        self._has_answered = self._has_timed_out = False
        self._until = time.monotonic() + DOMAIN_SECONDS

    def resolve(self, qname: Any, rdtype: Any = "A", *args: Any, **more: Any) -> Any:
        """As dnspython's; a server that fails raises one of its exceptions, never OSError."""
        kind = dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rdtype))
        if kind == "SPF":  # RFC 7208 took that type away; it decides nothing
            raise dns.resolver.NXDOMAIN()
        left = min(LOOKUP_SECONDS, self._until - time.monotonic())
        is_silent = self._has_timed_out and not self._has_answered
        try:
            if left <= 0 or is_silent:  # a server that has not answered once is not waited for
                raise dns.resolver.NoNameservers()
            more |= {"lifetime": left, "search": False}
            answer = super().resolve(qname, rdtype, *args, **more)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            self._has_answered = True
            raise
        except (dns.exception.Timeout, dns.resolver.NoNameservers, OSError) as error:
            self._has_timed_out |= isinstance(error, dns.exception.Timeout)
            self.unanswered.append((str(qname).rstrip(".").lower(), kind))
            if isinstance(error, OSError):
                raise dns.resolver.NoNameservers() from error
            raise
        self._has_answered = True
        return answer

    def forget_unanswered(self) -> None:
        """Begin the notes of another record."""
        self.unanswered = []
