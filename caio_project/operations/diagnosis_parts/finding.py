"""One line of the diagnosis."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StageFinding:
    name: str
    ok: bool
    waiting: int | None
    text: str
    is_starting: bool = False  # not ok yet: its sweep has not had its time since the start
    is_known: bool = True  # False where nothing says yet whether it works: no fault, not green

    @property
    def state(self) -> str:
        if self.ok:
            return "works" if self.is_known else "not known"
        return "starting" if self.is_starting else "does not"
