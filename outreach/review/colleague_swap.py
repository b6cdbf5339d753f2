"""A person's choice to write to a colleague instead: one email goes on hold, the other is held."""

from dataclasses import replace
from typing import Any

from leads import locks
from leads.models import Company
from outreach.choices import MoveCode, Status
from outreach.contact_history import recipients
from outreach.drafting import drafting_facts, recheck
from outreach.lifecycle import colleagues_wait
from outreach.models import Message


class SwapForbidden(Exception):
    """The text says why the colleague cannot be written to instead."""


def lock_both(held: Message, on_hold: Message) -> tuple[Message, Message]:
    """Both emails as they are now, locked with their leads and the company of the first."""
    first, *_ = locks.lock_leads(held.lead_id, on_hold.lead_id)
    list(Company.objects.select_for_update(no_key=True).filter(pk=first.company_id or 0))
    pks = (held.pk, on_hold.pk)
    list(Message.objects.select_for_update().filter(pk__in=pks).order_by("pk").values_list("pk"))
    related = Message.objects.select_related("lead__company", "template", "assessment", "sender")
    return related.get(pk=held.pk), related.get(pk=on_hold.pk)


def write_instead(held: Message, on_hold: Message, *, by: Any) -> Message:
    """Put `held` on hold and hold the other for review. Both are locked.

    Raises SwapForbidden where the other is not on hold, or would be blocked by something else.
    """
    same = held.lead.company_id == on_hold.lead.company_id is not None
    if not same or held.pk == on_hold.pk or not recipients.is_on_hold(on_hold):
        raise SwapForbidden(f"{on_hold.lead} is not on hold behind {held.lead}.")
    colleagues_wait.put_behind([held], on_hold.lead, MoveCode.COLLEAGUE_CHOSEN, by=by)
    facts = replace(drafting_facts.load_facts(on_hold.lead), chosen_by=by)
    chosen = recheck.check_blocked_again(on_hold, facts)
    if chosen.status != Status.HELD:
        raise SwapForbidden(chosen.error)
    return chosen
