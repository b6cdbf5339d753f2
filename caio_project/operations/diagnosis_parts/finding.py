"""One line of the diagnosis."""

from dataclasses import dataclass

NOT_SET_UP, NOT_KNOWN = "not set up", "not known"


@dataclass(frozen=True)
class StageFinding:
    name: str
    ok: bool
    waiting: int | None
    text: str
    is_starting: bool = False  # not ok yet: its sweep has not had its time since the start
    unproven: str = ""  # "not set up", "not known" …: no fault, and nothing that was seen working
    mend: str = ""  # of a fault: the command, page or setting

    @property
    def state(self) -> str:
        if self.ok:
            return self.unproven or "works"
        return "starting" if self.is_starting else "does not"


def not_set_up(name: str, text: str) -> StageFinding:
    return StageFinding(name, True, None, text, unproven=NOT_SET_UP)
