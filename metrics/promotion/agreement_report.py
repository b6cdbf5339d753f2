"""The agreement report: decision by decision, what a person and the machine said, and why."""

import csv
import io
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from approvals.models import Verdict
from caio_project.lib.spreadsheets.cells import safe_cell
from caio_project.lib.words.diff import diff_words
from metrics.figures import agreement
from metrics.figures.agreement import APPROVED_VERDICTS, ComparedDecision, Outcome
from metrics.promotion import phase_page
from outreach.choices import Phase, Tag
from outreach.control import phase
from outreach.models import Message

PAGE_SIZE = 50
OUTCOME_WORDS = {
    Outcome.SAME: "The same",
    Outcome.EDITED: "You changed it first",
    Outcome.REJECTED: "You rejected it",
    Outcome.LEFT_TO_YOU: "It would have asked",
}
COLUMNS = (
    "decided_at", "email_id", "template", "decided_by", "decision", "edited", "tag", "reason",
    "machine_of", "machine_would", "machine_reasons", "outcome",
)  # fmt: skip


@dataclass(frozen=True)
class ReportRow:
    compared: ComparedDecision
    person: str  # what the person did
    why: str  # what the person wrote, or changed
    machine: str

    @property
    def words(self) -> str:
        return OUTCOME_WORDS[self.compared.outcome]


def report_context(show: str, page: str) -> dict[str, Any]:
    """`show` is an outcome, "differs" or "" for all; `page` is a number from 1, as typed."""
    machine = _machine()
    compared = agreement.compare_decisions(machine, timezone.now())
    chosen = [one for one in compared if _is_shown(one.outcome, show)]
    number = int(page) if page.isdecimal() and len(page) < 6 else 1
    start = (max(number, 1) - 1) * PAGE_SIZE
    return {
        "machine": machine,
        "counts": agreement.count_outcomes(machine, compared),
        "rows": [_report_row(one) for one in chosen[start : start + PAGE_SIZE]],
        "show": show,
        "total": len(chosen),
        "next": number + 1 if len(chosen) > start + PAGE_SIZE else None,
        "before": number - 1 if number > 1 else None,
        "filters": [
            ("", "All"), ("differs", "Different"),
            *((outcome.value, words) for outcome, words in OUTCOME_WORDS.items()),
        ],
    }  # fmt: skip


def report_csv() -> str:
    """All compared decisions, a row each. Names and addresses of recipients are left out."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    machine = _machine()
    for one in agreement.compare_decisions(machine, timezone.now()):
        made = one.decision
        row = (
            made.at.isoformat(),
            str(made.message.public_id),
            made.message.template.key if made.message.template else "",
            made.by_name,
            made.verdict,
            "yes" if made.edited else "no",
            made.tag,
            made.reason.text if hasattr(made, "reason") else "",
            machine.value,
            "approve" if one.would_send else "ask a person",
            "; ".join(one.reasons),
            one.outcome.value,
        )
        writer.writerow(safe_cell(value) for value in row)
    return text.getvalue()


def _machine() -> Phase:
    return phase_page.next_machine(phase.current_control())


def _is_shown(outcome: Outcome, show: str) -> bool:
    return not show or outcome == show or (show == "differs" and outcome != Outcome.SAME)


def _report_row(one: ComparedDecision) -> ReportRow:
    made = one.decision
    approved = made.verdict in APPROVED_VERDICTS
    person = f"Approved{', edited' if made.edited else ''}" if approved else "Rejected"
    machine = "would have approved it" if one.would_send else "would have asked a person"
    return ReportRow(one, f"{person} by {made.by_name}", _why(one), machine)


def _why(one: ComparedDecision) -> str:
    made = one.decision
    if made.verdict in (Verdict.REJECTED, Verdict.WOULD_REJECT):
        typed = f": “{made.reason.text}”" if hasattr(made, "reason") else ""
        return f"{Tag(made.tag).label if made.tag else 'No tag'}{typed}"
    return _changes(made.message, made.version) if made.edited else ""


def _changes(message: Message, version: int) -> str:
    texts = {text.version: text for text in message.texts.all()}
    decided = texts.get(version)
    drafts = [text for text in texts.values() if text.author_id is None and text.version < version]
    if decided is None or not drafts:
        return ""
    draft = drafts[-1]
    found = diff_words(f"{draft.subject}\n\n{draft.body}", f"{decided.subject}\n\n{decided.body}")
    return f"{found.sentence}."
