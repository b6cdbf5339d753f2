"""What is done at GoHighLevel after an email was sent: tags, and the workflow.

Each action is a row of its own, so that it can neither delay nor repeat a send. Adding tags may be
repeated. A contact that is added to a workflow twice may get its emails twice, so that call is made
at most once: it is committed before it begins, and an uncertain outcome is left to a person.
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from caio_project.lib import http
from caio_project.lib.db import claims
from caio_project.lib.vendor_access.access import is_ghl_proven, is_sandboxed
from leads.integrations import alarms
from leads.integrations import ghl as contacts
from leads.integrations import ghl_refusals as refusals
from leads.suppression import suppression
from outreach.choices import Transport
from outreach.control import phase
from outreach.models import AfterSend, Message
from outreach.sending.send_errors import UNPROVEN_ALARM

VISITOR_TAG = "rb2b-visitor"
LEASE_SECONDS = 60
LONGEST_CALL = timedelta(seconds=15)
ALARM = "ghl:afterwards"
UNKNOWN_OUTCOME = "We don't know whether a contact was added to the workflow"
State, What = AfterSend.State, AfterSend.What


class ActionDropped(Exception):
    """There is a reason against it by now; the text says which."""


def schedule_after_send(message: Message, *, has_tags: bool = False) -> None:
    """Store the actions for a sent email. Call it in the transaction that marks it as sent.

    `has_tags` where the contact was seen with its tags right before.
    """
    wanted = [What.TAGS]
    if settings.GHL_WORKFLOW_ID and message.step == 1:
        wanted.append(What.WORKFLOW)
    state = State.DUE if message.transport == Transport.GHL else State.KEPT
    rows = [AfterSend(message=message, what=what, state=state) for what in wanted]
    if has_tags:
        rows[0].state, rows[0].settled_at = State.DONE, timezone.now()
    AfterSend.objects.bulk_create(rows, ignore_conflicts=True)


def run_due_actions(batch: int = 10) -> int:
    is_practice, is_proven = is_sandboxed("ghl"), is_ghl_proven()
    if is_practice or is_proven:
        alarms.clear_when_due(UNPROVEN_ALARM)  # also where a tested value was entered again
    if is_practice or not is_proven or phase.is_halted(phase.current_control()):
        return 0
    _settle_dead_calls()
    count = 0
    due = AfterSend.objects.filter(state=State.DUE, not_before__lte=timezone.now())
    for row in claims.lease_rows(due.order_by("not_before"), LEASE_SECONDS, batch):
        count += 1
        if not _run_action(row):
            break
    return count


def _run_action(row: AfterSend) -> bool:
    """Run one action; False where GoHighLevel could not be reached."""
    try:
        with contacts.check_before_each_call(phase.check_not_halted):
            _check_contact(row)
            _call_ghl(row)
    except ActionDropped as dropped:
        _settle_action(row, State.DROPPED, str(dropped))
    except http.OutcomeUncertain as failure:
        _settle_action(row, State.UNCERTAIN, failure.detail)
        _raise_alarm(f"{UNKNOWN_OUTCOME}: {failure.detail}")
    except http.RequestRefused as failure:
        _handle_refusal(row, failure)
    except http.HttpError as failure:
        _retry_later(row, failure.detail)
        return False
    else:
        _settle_action(row, State.DONE, "")
        alarms.clear_open(ALARM)
    return True


def _check_contact(row: AfterSend) -> None:
    """Raises ActionDropped."""
    if not row.message.ghl_contact_id:
        raise ActionDropped("The contact at GoHighLevel is not known.")
    _check_suppression(row)
    if row.what == What.WORKFLOW and contacts.get_contact(row.message.ghl_contact_id).email_blocked:
        raise ActionDropped("Do-not-disturb is set at GoHighLevel.")


def _check_suppression(row: AfterSend) -> None:
    if stop := suppression.find_stop(row.message.to_address, row.message.lead):
        raise ActionDropped(f"Do not contact: {stop.text}.")


def _call_ghl(row: AfterSend) -> None:
    if row.what == What.TAGS:
        contacts.add_tags(row.message.ghl_contact_id, contact_tags(row.message))
        return
    if not claims.claim_row(_own_row(row).filter(state=State.DUE), state=State.ASKING):
        raise http.ServiceUnavailable("another process has it")
    with contacts.check_before_each_call(lambda: _check_workflow(row)):
        contacts.add_to_workflow(row.message.ghl_contact_id, settings.GHL_WORKFLOW_ID)


def _check_workflow(row: AfterSend) -> None:
    """Once more when the connection stands, for a workflow may email its contact.

    Whoever stood still meanwhile may find that a person has started it.
    """
    phase.check_not_halted()
    _check_suppression(row)
    if row.lease_until is None or timezone.now() + LONGEST_CALL > row.lease_until:
        raise http.ServiceUnavailable("It took too long to begin the call; it did not begin.")


def _handle_refusal(row: AfterSend, failure: http.RequestRefused) -> None:
    if refusals.refusal_code(failure) == refusals.CONTACT_GONE:
        _settle_action(row, State.DROPPED, failure.detail)
        return
    _settle_action(row, State.REFUSED, failure.detail)
    what = row.get_what_display().lower()
    _raise_alarm(f"GoHighLevel refused what follows a send ({what}): {failure.detail}")


def contact_tags(message: Message) -> list[str]:
    # GoHighLevel stores tags in lower case.
    return [VISITOR_TAG, *([f"priority-{message.tier}".lower()] if message.tier else [])]


def _settle_dead_calls() -> None:
    dead = AfterSend.objects.filter(state=State.ASKING, lease_until__lt=timezone.now())
    error = "The process ended during the call."
    if dead.update(state=State.UNCERTAIN, error=error, settled_at=timezone.now()):
        _raise_alarm(f"{UNKNOWN_OUTCOME}: the process ended during the call.")


def _settle_action(row: AfterSend, state: str, error: str) -> None:
    _own_row(row).update(
        state=state, error=error[:300], settled_at=timezone.now(), lease_until=None
    )


def _retry_later(row: AfterSend, error: str) -> None:
    wait = claims.retry_delay(row.attempts, base=5)
    _own_row(row).update(
        state=State.DUE, error=error[:300], not_before=timezone.now() + wait, lease_until=None
    )


def _own_row(row: AfterSend) -> QuerySet[AfterSend]:
    return AfterSend.objects.filter(
        pk=row.pk, lease_until=row.lease_until, state__in=[State.DUE, State.ASKING]
    )


def _raise_alarm(text: str) -> None:
    alarms.raise_alarm(ALARM, f"{text} See Things to do after a send in the admin.")


def retry_failed(rows: QuerySet[AfterSend]) -> int:
    failed = rows.filter(state__in=[State.REFUSED, State.UNCERTAIN])
    return failed.update(
        state=State.DUE, not_before=timezone.now(), attempts=0, error="", settled_at=None
    )
