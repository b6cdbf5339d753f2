"""The parts that other systems have a share in: RB2B, Clay, GoHighLevel, domain, Slack, email."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from approvals.choices import Channel
from approvals.models import Notice
from caio_project.lib.models import SetUpProof
from caio_project.lib.vendor_access import rb2b_tokens
from caio_project.lib.vendor_access.access import is_ghl_proven, is_sandboxed
from caio_project.lib.words.check_states import CheckState
from caio_project.operations import diagnosis
from caio_project.set_up.going_live import VENDORS, missing_values
from caio_project.set_up.part import LEADS, SERVER, Part, PartFinding, seen_ago
from leads.integrations import alarms
from leads.models import Enrichment, InboundEvent, Kind
from metrics.health import domain_report
from outreach.models import SyncCursor

Tests = dict[str, SetUpProof]


def rb2b_part(tests: Tests, now: datetime) -> Part:
    found = PartFinding(faults=alarms.open_texts("rb2b:"))
    if not rb2b_tokens.count_tokens():
        found.lack("a token", f"{LEADS}, or {SERVER} in RB2B_WEBHOOK_TOKENS")
    rows = InboundEvent.objects.filter(source="rb2b", kind=Kind.LIVE).order_by("-received_at")
    if (last := rows.values_list("received_at", flat=True).first()) is not None:
        found.seen = f"The last event {seen_ago('came', last, now)}."
    else:
        found.lack("a first visitor", "whoever runs RB2B: paste the address there")
    found.note_test(tests.get("rb2b"), now)
    return found.as_part("rb2b", "RB2B")


def clay_part(tests: Tests, now: datetime) -> Part:
    found = PartFinding(faults=alarms.open_texts("clay"))
    _note_sandbox(found, "clay")
    answered = Enrichment.objects.exclude(answered_at=None).order_by("-answered_at")
    if (last := answered.values_list("answered_at", flat=True).first()) is not None:
        found.seen = f"It last {seen_ago('answered', last, now)}."
    found.note_test(tests.get("clay"), now)
    return found.as_part("clay", "Clay")


def ghl_part(tests: Tests, now: datetime) -> Part:
    found = PartFinding(faults=alarms.open_texts("ghl:"))
    _note_sandbox(found, "ghl")
    if not is_sandboxed("ghl"):
        if not is_ghl_proven():
            found.faults.append("Live, and not tested with these values: emails wait. Send a test.")
        found.faults += [f"{row.name}: {row.error}" for row in SyncCursor.objects.exclude(error="")]
        last = SyncCursor.objects.exclude(polled_at=None).order_by("-polled_at").first()
        if last is not None and last.polled_at is not None:
            found.seen = f"It was last {seen_ago('read', last.polled_at, now)}."
    found.note_test(tests.get("ghl"), now)
    return found.as_part("ghl", VENDORS["ghl"])


def _note_sandbox(found: PartFinding, vendor: str) -> None:
    found.lack_values(*missing_values(vendor))
    if is_sandboxed(vendor):
        forced = vendor in settings.SANDBOX_FORCE
        who = f"{SERVER}: SANDBOX_FORCE keeps it there" if forced else LEADS
        found.lack("going live: it is in the sandbox", who)


def domain_part(tests: Tests, now: datetime) -> Part:
    found, link = PartFinding(), reverse("domains")
    if is_sandboxed("ghl"):
        found.lack("GoHighLevel out of the sandbox: until then nothing is sent", LEADS)
        return found.as_part("domain", "Sending domain", link, "Sending domains")
    current = next((one for one in domain_report.report_domains(now) if one.is_current), None)
    if current is None or current.verdict is None:
        found.lack("a first check of SPF, DKIM and DMARC", "the next check, within minutes")
    else:
        at = seen_ago("checked", current.verdict.evaluated_at, now)
        wrong = [one.name for one in current.records if one.state == CheckState.FAIL]
        unknown = [one.name for one in current.records if one.state == CheckState.NOT_KNOWN]
        found.faults += [f"{', '.join(wrong)} missing or broken ({at})."] if wrong else []
        if current.state in (CheckState.FAIL, CheckState.ALERT) and not wrong:
            found.faults.append(f"{current.name}: {current.state_words.lower()} ({at}).")
        if unknown:
            found.lack(f"{', '.join(unknown)} could not be read", "whoever runs the domain's DNS")
        found.seen = f"{current.name}: SPF, DKIM and DMARC are there ({at})."
        if unknown or wrong:
            found.seen = f"{current.name} was {at}."
    return found.as_part("domain", "Sending domain", link, "Sending domains")


def slack_part(tests: Tests, now: datetime) -> Part:
    found = PartFinding()
    found.lack_values("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET")
    state = diagnosis.slack_finding()
    if not state.ok:
        found.faults.append(state.text)
    _note_last_notice(found, Channel.SLACK, now)
    found.note_test(tests.get("slack"), now)
    return found.as_part("slack", "Slack")


def email_part(tests: Tests, now: datetime) -> Part:
    found = PartFinding()
    if not settings.EMAIL_URL:
        found.lack("EMAIL_URL", f"{SERVER}, in the environment")
    else:
        _note_last_notice(found, Channel.EMAIL, now)
        found.note_test(tests.get("email"), now)
    return found.as_part("email", "Email notices", reverse("notices"), "Notices")


def _note_last_notice(found: PartFinding, channel: Channel, now: datetime) -> None:
    told = Notice.objects.filter(channel=channel).exclude(told_at=None).order_by("-told_at")
    if (last := told.values_list("told_at", flat=True).first()) is not None:
        found.seen = f"The last notice {seen_ago('arrived', last, now)}."


def rb2b_address(token: str) -> str:
    return f"{settings.SITE_URL}/webhooks/rb2b?token={token}"


def webhook_addresses(*, with_token: bool) -> dict[str, list[tuple[str, str]]]:
    """By part: what an address is for, and the address; the token is masked unless asked for."""
    site = settings.SITE_URL
    told = rb2b_tokens.environment_tokens()
    shown = told[-1] if told and with_token else "…"
    return {
        "rb2b": [("Webhook", rb2b_address(shown))] if told or not with_token else [],
        "clay": [("Callback of the HTTP column", f"{site}/webhooks/clay")],
        "ghl": [
            ("Webhook of the app", f"{site}/webhooks/ghl"),
            ("Webhook of a workflow", f"{site}/webhooks/ghl/workflow"),
        ],
        "slack": [("Interactivity", f"{site}/webhooks/slack")],
    }


READERS = (rb2b_part, clay_part, ghl_part, domain_part, slack_part, email_part)
