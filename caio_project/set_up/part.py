"""One part of the set-up: its state, what proves it, what is missing, and who can set it."""

from dataclasses import dataclass, field
from datetime import datetime

from caio_project.lib.models import SetUpProof
from caio_project.lib.vendor_access.access import vendor_value
from caio_project.lib.words.check_states import CheckState
from caio_project.lib.words.clock_words import span_words
from caio_project.set_up import proofs

SERVER = "whoever runs the server"
LEADS = "a Lead, here"
LEADS_ADMIN = "a Lead, in the admin"
STATE_WORDS = {CheckState.PASS: "Done", CheckState.NOT_KNOWN: "Open", CheckState.FAIL: "Wrong"}


@dataclass(frozen=True)
class Missing:
    what: str
    who: str


@dataclass(frozen=True)
class Part:
    key: str
    title: str
    state: CheckState
    proof: str  # a sentence: what was seen, and how long ago
    missing: tuple[Missing, ...] = ()
    link: str = ""
    link_words: str = ""

    @property
    def words(self) -> str:
        return STATE_WORDS[self.state]


@dataclass
class PartFinding:
    """What is gathered on the way to one part's state."""

    seen: str = ""
    faults: list[str] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)

    def lack(self, what: str, who: str) -> None:
        self.missing.append(Missing(what, who))

    def lack_values(self, *names: str) -> None:
        for name in names:
            if not vendor_value(name):
                self.lack(name, f"{LEADS}, or {SERVER} in the environment")

    def note_test(self, row: SetUpProof | None, now: datetime) -> None:
        """A failed test with the present values is a fault; a good one is what was seen last."""
        if row is None or row.fingerprint != proofs.fingerprint_of(row.part):
            return
        words = f"{row.text} ({seen_ago('tested', row.at, now)})"
        if row.ok:
            self.seen = self.seen or words
        else:
            self.faults.append(words)

    def as_part(self, key: str, title: str, link: str = "", link_words: str = "") -> Part:
        """Nothing seen is not done, even where nothing is missing."""
        if self.faults:
            state, proof = CheckState.FAIL, " ".join(self.faults)
        elif self.missing or not self.seen:
            state, proof = CheckState.NOT_KNOWN, self.seen or "Nothing was seen yet."
        else:
            state, proof = CheckState.PASS, self.seen
        return Part(key, title, state, proof, tuple(self.missing), link, link_words)


def seen_ago(what: str, at: datetime, now: datetime) -> str:
    return f"{what} {span_words(now - at, units=1)} ago"
