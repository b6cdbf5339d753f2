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

TAG = "rb2b-visitor"
LEASE_SECONDS = 60
ALARM = "ghl:afterwards"
State, What = AfterSend.State, AfterSend.What


def note(message: Message) -> None:
    """`message` has left: what is to be done next. Call it in the transaction that says so."""
    wanted = [What.TAGS]
    if settings.GHL_WORKFLOW_ID and message.step == 1:
        wanted.append(What.WORKFLOW)
    state = State.DUE if message.transport == Transport.GHL else State.KEPT
    rows = (AfterSend(message=message, what=what, state=state) for what in wanted)
    AfterSend.objects.bulk_create(rows, ignore_conflicts=True)


def do_due(batch: int = 10) -> int:
    """Do what is due, unless sending is halted; returns how many were tried."""
    if "ghl" in settings.SANDBOXED or phase.is_halted(phase.control()):
        return 0
    _give_up_asking()
    count = 0
    due = AfterSend.objects.filter(state=State.DUE, not_before__lte=timezone.now()).order_by(
        "not_before"
    )
    for row in claims.leased(due, LEASE_SECONDS, batch):
        count += 1
        if not _do(row):
            break
    return count


def _do(row: AfterSend) -> bool:
    """Do one; False where GoHighLevel could not be asked."""
    try:
        with contacts.only_while(phase.ask):
            if why := _why_drop(row):
                _settle(row, State.DROPPED, why)
                return True
            _act(row)
    except http.Uncertain as failure:
        _settle(row, State.UNCERTAIN, failure.detail)
        _tell(f"We don't know whether a contact was added to the workflow: {failure.detail}")
    except http.Refused as failure:
        _refused(row, failure)
    except http.Failure as failure:
        _put_back(row, failure.detail)
        return False
    else:
        _settle(row, State.DONE, "")
        alarms.clear_open(ALARM)
    return True


def _why_drop(row: AfterSend) -> str:
    message = row.message
    if not message.ghl_contact_id:
        return "The contact at GoHighLevel is not known."
    if stop := suppression.verdict(message.to_address, message.lead):
        return f"We must not write any more: {stop.text}."
    if row.what == What.WORKFLOW and contacts.get_contact(message.ghl_contact_id).email_blocked:
        return "Do-not-disturb is set at GoHighLevel."
    return ""


def _act(row: AfterSend) -> None:
    if row.what == What.TAGS:
        contacts.add_tags(row.message.ghl_contact_id, tags_of(row.message))
        return
    mine = AfterSend.objects.filter(pk=row.pk, state=State.DUE, lease_until=row.lease_until)
    if not claims.claim(mine, state=State.ASKING):
        raise http.Unavailable("another process has it")
    contacts.add_to_workflow(row.message.ghl_contact_id, settings.GHL_WORKFLOW_ID)


def _refused(row: AfterSend, failure: http.Refused) -> None:
    if refusals.why(failure) == refusals.CONTACT_GONE:
        _settle(row, State.DROPPED, failure.detail)
        return
    _settle(row, State.REFUSED, failure.detail)
    _tell(
        f"GoHighLevel refused what follows a send ({row.get_what_display().lower()}): {failure.detail}"
    )


def tags_of(message: Message) -> list[str]:
    """GoHighLevel keeps tags in lower case."""
    return [TAG, *([f"priority-{message.tier}".lower()] if message.tier else [])]


def _give_up_asking() -> None:
    """Nobody knows what came of a call whose process died."""
    dead = AfterSend.objects.filter(state=State.ASKING, lease_until__lt=timezone.now())
    if dead.update(
        state=State.UNCERTAIN, error="The process ended during the call.", settled_at=timezone.now()
    ):
        _tell(
            "We don't know whether a contact was added to the workflow: the process ended during the call."
        )


def _settle(row: AfterSend, state: str, error: str) -> None:
    _mine(row).update(state=state, error=error[:300], settled_at=timezone.now(), lease_until=None)


def _put_back(row: AfterSend, error: str) -> None:
    wait = claims.backoff(row.attempts, base=5)
    _mine(row).update(
        state=State.DUE, error=error[:300], not_before=timezone.now() + wait, lease_until=None
    )


def _mine(row: AfterSend) -> QuerySet[AfterSend]:
    return AfterSend.objects.filter(
        pk=row.pk, lease_until=row.lease_until, state__in=[State.DUE, State.ASKING]
    )


def _tell(text: str) -> None:
    alarms.raise_alarm(ALARM, f"{text} It stands in the admin.")


def again(rows: QuerySet[AfterSend]) -> int:
    """A person has looked: do once more what was refused or is uncertain; returns how many."""
    failed = rows.filter(state__in=[State.REFUSED, State.UNCERTAIN])
    return failed.update(
        state=State.DUE, not_before=timezone.now(), attempts=0, error="", settled_at=None
    )
