"""What is done at GoHighLevel after an email left: tags, and the workflow. Rows of their own, so that nothing here can
delay or repeat a send.

Tags are added, which may be repeated. Who is added to a workflow twice may get its emails twice: that is done at most
once. That it is asked for is committed before the call, and what may have acted is left to a person.
"""

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from caio_project.lib import http
from caio_project.lib.db import claims
from leads.integrations import alarms
from leads.integrations import ghl as contacts
from leads.integrations import ghl_refusals as refusals
from leads.suppression import suppression
from outreach.control import phase
from outreach.models import AfterSend, Message, Transport

VISITOR_TAG = "rb2b-visitor"
LEASE_SECONDS = 60
ALARM = "ghl:afterwards"
State, What = AfterSend.State, AfterSend.What


def schedule_after_send(message: Message) -> None:
    """`message` has left: what is to be done next. Call it in the transaction that says so."""
    wanted = [What.TAGS]
    if settings.GHL_WORKFLOW_ID and message.step == 1:
        wanted.append(What.WORKFLOW)
    state = State.DUE if message.transport == Transport.GHL else State.KEPT
    rows = (AfterSend(message=message, what=what, state=state) for what in wanted)
    AfterSend.objects.bulk_create(rows, ignore_conflicts=True)


def run_due_actions(batch: int = 10) -> int:
    """Do what is due, unless sending is halted; returns how many were tried."""
    if "ghl" in settings.SANDBOXED or phase.is_halted(phase.current_control()):
        return 0
    _settle_dead_calls()
    count = 0
    due = AfterSend.objects.filter(state=State.DUE, not_before__lte=timezone.now()).order_by(
        "not_before"
    )
    for row in claims.lease_rows(due, LEASE_SECONDS, batch):
        count += 1
        if not _run_action(row):
            break
    return count


def _run_action(row: AfterSend) -> bool:
    """Do one; False where GoHighLevel could not be asked."""
    try:
        with contacts.check_before_each_call(phase.check_not_halted):
            if why := _drop_reason(row):
                _settle_action(row, State.DROPPED, why)
                return True
            _call_ghl(row)
    except http.OutcomeUncertain as failure:
        _settle_action(row, State.UNCERTAIN, failure.detail)
        _raise_alarm(f"We don't know whether a contact was added to the workflow: {failure.detail}")
    except http.RequestRefused as failure:
        _handle_refusal(row, failure)
    except http.HttpError as failure:
        _retry_later(row, failure.detail)
        return False
    else:
        _settle_action(row, State.DONE, "")
        alarms.clear_open(ALARM)
    return True


def _drop_reason(row: AfterSend) -> str:
    message = row.message
    if not message.ghl_contact_id:
        return "The contact at GoHighLevel is not known."
    if stop := suppression.find_stop(message.to_address, message.lead):
        return f"We must not write any more: {stop.text}."
    if row.what == What.WORKFLOW and contacts.get_contact(message.ghl_contact_id).email_blocked:
        return "Do-not-disturb is set at GoHighLevel."
    return ""


def _call_ghl(row: AfterSend) -> None:
    if row.what == What.TAGS:
        contacts.add_tags(row.message.ghl_contact_id, contact_tags(row.message))
        return
    mine = AfterSend.objects.filter(pk=row.pk, state=State.DUE, lease_until=row.lease_until)
    if not claims.claim_row(mine, state=State.ASKING):
        raise http.ServiceUnavailable("another process has it")
    contacts.add_to_workflow(row.message.ghl_contact_id, settings.GHL_WORKFLOW_ID)


def _handle_refusal(row: AfterSend, failure: http.RequestRefused) -> None:
    if refusals.refusal_code(failure) == refusals.CONTACT_GONE:
        _settle_action(row, State.DROPPED, failure.detail)
        return
    _settle_action(row, State.REFUSED, failure.detail)
    _raise_alarm(
        f"GoHighLevel refused what follows a send ({row.get_what_display().lower()}): {failure.detail}"
    )


def contact_tags(message: Message) -> list[str]:
    """GoHighLevel keeps tags in lower case."""
    return [VISITOR_TAG, *([f"priority-{message.tier}".lower()] if message.tier else [])]


def _settle_dead_calls() -> None:
    """Nobody knows what came of a call whose process died."""
    dead = AfterSend.objects.filter(state=State.ASKING, lease_until__lt=timezone.now())
    if dead.update(
        state=State.UNCERTAIN, error="The process ended during the call.", settled_at=timezone.now()
    ):
        _raise_alarm(
            "We don't know whether a contact was added to the workflow: the process ended during the call."
        )


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
    alarms.raise_alarm(ALARM, f"{text} It stands in the admin.")


def retry_failed(rows: QuerySet[AfterSend]) -> int:
    """A person has looked: do once more what was refused or is uncertain; returns how many."""
    failed = rows.filter(state__in=[State.REFUSED, State.UNCERTAIN])
    return failed.update(
        state=State.DUE, not_before=timezone.now(), attempts=0, error="", settled_at=None
    )
