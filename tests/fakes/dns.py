"""A DNS server on loopback for TXT, PTR and address questions; it can fail, or stay silent."""

import socket
import threading
from collections.abc import Iterable

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.reversename
import dns.rrset

LONGEST_STRING = 255  # characters; longer texts come as several


class FakeDns:
    """`texts[name]` is what there is under a name; other names do not exist.

    `addresses[name]` are the answers to address questions, one list after the other; the last one
    stays. It is how a name that resolves differently a moment later behaves.
    """

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.addresses: dict[str, list[list[str]]] = {}
        self.hosts: dict[str, str] = {}  # address: its name
        self.fails_about: set[str] = set()  # names
        self.fails = self.is_silent = False
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> "FakeDns":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            wire, sender = self._socket.recvfrom(4096)
            if not wire:
                return
            answer = self._answer(dns.message.from_wire(wire))
            if answer is not None:
                self._socket.sendto(answer.to_wire(), sender)

    def _answer(self, question: dns.message.Message) -> dns.message.Message | None:
        (asked,) = question.question
        name = str(asked.name).rstrip(".")
        self.asked.append(name)
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        if self.is_silent:
            return None
        pointers = {str(dns.reversename.from_address(ip)): host for ip, host in self.hosts.items()}
        if self.fails or name in self.fails_about:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif name in self.addresses:
            self._answer_addresses(answer, asked)
        elif host := pointers.get(f"{name}."):
            answer.answer = [dns.rrset.from_text(asked.name, 60, "IN", "PTR", f"{host}.")]
        elif name not in self.texts:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif self.texts[name]:
            answer.answer = [
                dns.rrset.from_text(asked.name, 60, "IN", "TXT", *map(_quoted, self.texts[name]))
            ]
        return answer

    def _answer_addresses(self, answer: dns.message.Message, asked: dns.rrset.RRset) -> None:
        kind = dns.rdatatype.to_text(asked.rdtype)
        answers = self.addresses[str(asked.name).rstrip(".")]
        now = answers[0]
        if kind == "AAAA" and len(answers) > 1:  # the second question of a look-up ends it
            answers.pop(0)
        found = [one for one in now if (":" in one) == (kind == "AAAA")]
        if found and kind in ("A", "AAAA"):
            answer.answer = [dns.rrset.from_text(asked.name, 0, "IN", kind, *found)]


def _quoted(text: str) -> str:
    pieces: Iterable[str] = [
        text[n : n + LONGEST_STRING] for n in range(0, len(text), LONGEST_STRING)
    ] or [""]
    return " ".join('"' + piece.replace('"', r"\"") + '"' for piece in pieces)
