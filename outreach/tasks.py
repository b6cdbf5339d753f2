"""The periodic tasks of outreach, each a sweep."""

from celery import shared_task

from caio_project.lib.models import Heartbeat
from outreach.auto_approval import approval_sweep
from outreach.drafting import drafts, follow_ups, manual_queue, open_drafts, recheck
from outreach.drafting.language_model import rewrite
from outreach.feedback import dnd_sync, polling, webhook_inbox
from outreach.guardrails import guardrails
from outreach.review import ended_tests, ghl_lookup, late_emails, merged_leads, review_actions
from outreach.sending import after_send, send, uncertain


@shared_task(name="outreach.draft_due")
def draft_due() -> None:
    followed = merged_leads.follow_merges()
    opened = open_drafts.open_new_drafts()
    written = drafts.write_drafts()
    Heartbeat.beat("outreach.draft_due", worked=bool(followed or opened or written))


@shared_task(name="outreach.write_drafts")
def write_drafts() -> None:
    Heartbeat.beat("outreach.draft_due", worked=drafts.write_drafts() > 0)


@shared_task(name="outreach.free_blocked")
def free_blocked() -> None:
    freed, signed = recheck.free_blocked(), recheck.sign_for_new_owners()
    renewed = recheck.renew_offers()
    Heartbeat.beat("outreach.free_blocked", worked=bool(freed or signed or renewed))


@shared_task(name="outreach.look_due")
def look_due() -> None:
    Heartbeat.beat("outreach.look_due", worked=ghl_lookup.check_due() > 0)


@shared_task(name="outreach.ask_model")
def ask_model() -> None:
    Heartbeat.beat("outreach.ask_model", worked=rewrite.ask_due_requests() > 0)


@shared_task(name="outreach.follow_up")
def follow_up() -> None:
    stopped = follow_ups.withdraw_ended()
    opened = follow_ups.open_due_follow_ups()
    Heartbeat.beat("outreach.follow_up", worked=bool(stopped or opened))


@shared_task(name="outreach.queue_segments")
def queue_segments() -> None:
    Heartbeat.beat("outreach.queue_segments", worked=manual_queue.work_off_requests() > 0)


@shared_task(name="outreach.send_due")
def send_due() -> None:
    Heartbeat.beat("outreach.send_due", worked=send.send_due() > 0)


@shared_task(name="outreach.recover")
def recover() -> None:
    Heartbeat.beat("outreach.recover", worked=uncertain.recover_expired_leases() > 0)


@shared_task(name="outreach.settle_uncertain")
def settle_uncertain() -> None:
    Heartbeat.beat("outreach.settle_uncertain", worked=uncertain.settle_due() > 0)


@shared_task(name="outreach.expire_due")
def expire_due() -> None:
    withdrawn = ended_tests.withdraw_old_tests()
    expired, late = review_actions.expire_due(), late_emails.mark_overdue()
    Heartbeat.beat("outreach.expire_due", worked=bool(withdrawn or expired or late))


@shared_task(name="outreach.watch_guardrails")
def watch_guardrails() -> None:
    Heartbeat.beat("outreach.watch_guardrails", worked=bool(guardrails.check_guardrails()))


@shared_task(name="outreach.sync_ghl")
def sync_ghl() -> None:
    Heartbeat.beat("outreach.sync_ghl", worked=polling.sync_due_stages() > 0)


@shared_task(name="outreach.work_off_inbox")
def work_off_inbox() -> None:
    Heartbeat.beat("outreach.work_off_inbox", worked=webhook_inbox.process_inbox() > 0)


@shared_task(name="outreach.clear_due")
def clear_due() -> None:
    Heartbeat.beat("outreach.clear_due", worked=approval_sweep.approve_due() > 0)


@shared_task(name="outreach.do_afterwards")
def do_afterwards() -> None:
    Heartbeat.beat("outreach.do_afterwards", worked=after_send.run_due_actions() > 0)


@shared_task(name="outreach.tell_opt_outs")
def tell_opt_outs() -> None:
    Heartbeat.beat("outreach.tell_opt_outs", worked=dnd_sync.push_due() > 0)
