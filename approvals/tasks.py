"""Sweeps that tell people, and that keep Slack in step."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings

from approvals.escalation import escalation, held_notices, ladder_rows
from approvals.rereading import drawing
from approvals.slack_decisions import card_updates, click_work, digest, erased_posts
from caio_project.lib.models import Heartbeat
from caio_project.lib.vendor_access.access import vendor_value
from outreach.control import phase

# An incident is opened of it meanwhile, which is told in its place.
ALARM_WAITS = timedelta(seconds=30)


@shared_task(name="approvals.tell")
def tell() -> None:
    made = (
        (0 if _digest_tells() else held_notices.create_held_notices())
        + escalation.create_alarm_notices(open_for=ALARM_WAITS)
        + escalation.create_reply_notices()
        + digest.create_digest_notice(ladder_rows.first_available)
    )
    told = escalation.deliver_due_notices()
    blanked = card_updates.blank_erased() + erased_posts.blank_erased_posts()
    Heartbeat.beat("approvals.tell", worked=bool(made or told or blanked))


def _digest_tells() -> bool:
    is_on = bool(
        settings.WEEKLY_DIGEST_AT and (vendor_value("SLACK_BOT_TOKEN") or settings.EMAIL_URL)
    )
    return is_on and phase.phase_limits(phase.current_control()).digest_tells


@shared_task(name="approvals.update_cards")
def update_cards() -> None:
    written = card_updates.update_cards()
    Heartbeat.beat("approvals.update_cards", worked=bool(written))


@shared_task(name="approvals.work_off_clicks")
def work_off_clicks() -> None:
    done = click_work.work_off_clicks()
    Heartbeat.beat("approvals.work_off_clicks", worked=bool(done))


@shared_task(name="approvals.draw_rereadings")
def draw_rereadings() -> None:
    Heartbeat.beat("approvals.draw_rereadings", worked=drawing.draw_due() > 0)
