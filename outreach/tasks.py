"""Sweeps of drafting and of the door."""

from celery import shared_task

from caio_project.lib.models import Heartbeat
from outreach import (
    afterwards,
    clearing,
    drafting,
    follow_ups,
    guardrails,
    inbox,
    looking,
    model_drafting,
    one_person,
    opting_out,
    review,
    sending,
    syncing,
    uncertain,
)


@shared_task(name="outreach.draft_due")
def draft_due() -> None:
    followed = one_person.follow()
    opened = drafting.take_assessments()
    written = drafting.write_drafts()
    Heartbeat.beat("outreach.draft_due", worked=bool(followed or opened or written))


@shared_task(name="outreach.write_drafts")
def write_drafts() -> None:
    Heartbeat.beat("outreach.draft_due", worked=drafting.write_drafts() > 0)


@shared_task(name="outreach.free_blocked")
def free_blocked() -> None:
    freed, signed = drafting.free_blocked(), drafting.follow_owners()
    Heartbeat.beat("outreach.free_blocked", worked=bool(freed or signed))


@shared_task(name="outreach.look_due")
def look_due() -> None:
    Heartbeat.beat("outreach.look_due", worked=looking.look_due() > 0)


@shared_task(name="outreach.ask_model")
def ask_model() -> None:
    Heartbeat.beat("outreach.ask_model", worked=model_drafting.ask_due() > 0)


@shared_task(name="outreach.follow_up")
def follow_up() -> None:
    stopped = follow_ups.stop_ended()
    opened = follow_ups.open_due()
    Heartbeat.beat("outreach.follow_up", worked=bool(stopped or opened))


@shared_task(name="outreach.send_due")
def send_due() -> None:
    Heartbeat.beat("outreach.send_due", worked=sending.send_due() > 0)


@shared_task(name="outreach.recover")
def recover() -> None:
    Heartbeat.beat("outreach.recover", worked=uncertain.recover() > 0)


@shared_task(name="outreach.settle_uncertain")
def settle_uncertain() -> None:
    Heartbeat.beat("outreach.settle_uncertain", worked=uncertain.settle_due() > 0)


@shared_task(name="outreach.expire_due")
def expire_due() -> None:
    Heartbeat.beat("outreach.expire_due", worked=review.expire_due() > 0)


@shared_task(name="outreach.watch_guardrails")
def watch_guardrails() -> None:
    Heartbeat.beat("outreach.watch_guardrails", worked=bool(guardrails.check()))


@shared_task(name="outreach.sync_ghl")
def sync_ghl() -> None:
    Heartbeat.beat("outreach.sync_ghl", worked=syncing.sync_due() > 0)


@shared_task(name="outreach.work_off_inbox")
def work_off_inbox() -> None:
    Heartbeat.beat("outreach.work_off_inbox", worked=inbox.work_off() > 0)


@shared_task(name="outreach.clear_due")
def clear_due() -> None:
    Heartbeat.beat("outreach.clear_due", worked=clearing.clear_due() > 0)


@shared_task(name="outreach.do_afterwards")
def do_afterwards() -> None:
    Heartbeat.beat("outreach.do_afterwards", worked=afterwards.do_due() > 0)


@shared_task(name="outreach.tell_opt_outs")
def tell_opt_outs() -> None:
    Heartbeat.beat("outreach.tell_opt_outs", worked=opting_out.tell_due() > 0)
