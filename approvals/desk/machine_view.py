"""What the desk says of automatic approval: rules that leave an email to a person, and, once its
decision can no longer be taken back, what the machine would have decided.
"""

from dataclasses import dataclass

from django.utils import timezone

from approvals.models import Decision
from caio_project.lib.models import PersonalSettings
from outreach.choices import Phase, Status
from outreach.control import phase, segment_rules
from outreach.models import Message


@dataclass(frozen=True)
class MachineView:
    rules: tuple[str, ...] = ()  # names of those that fit an email that waits
    verdict: str = ""
    reasons: tuple[str, ...] = ()


def machine_view(message: Message) -> MachineView:
    if message.status in (Status.HELD, Status.BLOCKED):
        return MachineView(rules=_fitting_rules(message))
    decision = message.decisions.last_standing()
    if decision is None or message.by_machine or not _is_final(message, decision):
        return MachineView()
    machine = verdict_phase(decision)
    stored = message.verdicts.get(machine.value)
    if not stored:
        return MachineView()
    would = "approved it" if stored["machine_approves"] else "left it to a person"
    text = f"The machine of {machine.label} would have {would}."
    return MachineView(verdict=text, reasons=tuple(stored["reasons"]))


def verdict_phase(decision: Decision) -> Phase:
    """The phase whose machine a decision is compared with: its own, or the first that has one."""
    return Phase.AUTONOMOUS if decision.phase == Phase.AUTONOMOUS else Phase.ASSISTED


def _fitting_rules(message: Message) -> tuple[str, ...]:
    """Only where the machine approves: elsewhere a rule would tell what it would have decided."""
    if not phase.phase_limits(phase.current_control()).machine_approves:
        return ()
    rules = segment_rules.load_rules()
    if not rules or message.assessment is None:
        return ()
    key = message.template.key if message.template else ""
    return segment_rules.fitting_names(rules, message.lead, message.assessment, key)


def _is_final(message: Message, decision: Decision) -> bool:
    now = timezone.now()
    waits_for_undo = message.waiting_for == "undo" and message.not_before > now
    is_cleared = message.status == Status.CLEARED
    wait = PersonalSettings.undo_wait_of(decision.by)
    return decision.at + wait <= now and not (is_cleared and waits_for_undo)
