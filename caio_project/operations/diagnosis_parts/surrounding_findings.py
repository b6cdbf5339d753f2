"""What the stages need: settings, sweeps, broker, vendors, endpoints of other systems, alarms."""

from datetime import datetime

from django.conf import settings

from caio_project.lib.http import url_host
from caio_project.lib.models import WebhookEndpoint
from caio_project.lib.vendor_access.access import is_sandboxed
from caio_project.operations import sweeps
from caio_project.operations.diagnosis_parts.finding import StageFinding, not_set_up
from leads.enrichment import submission_budget
from leads.integrations import alarms, breaker

BROKER_SECONDS = 2.0


def settings_finding() -> StageFinding:
    from caio_project.checks import check_configuration

    wrong = [f"{error.msg} {error.hint or ''}".strip() for error in check_configuration()]
    return StageFinding("settings", not wrong, None, " ".join(wrong) or "none contradicts another")


def sweeps_finding(now: datetime) -> StageFinding:
    """Look at every sweep: one may have stopped before a stage is late by it."""
    states = sweeps.sweep_states(now)
    late = [one for one in states if not one.is_alive]
    text = " ".join(one.sentence for one in late) or f"all {len(states)} were seen in five minutes"
    return StageFinding(
        "sweeps", not late, None, text, bool(late) and all(one.is_starting for one in late)
    )


def broker_finding() -> StageFinding:
    if settings.EMBEDDED:
        text = "none: web and worker share a socket on this machine"
        return StageFinding("broker", True, None, text)
    where = f"Redis at {url_host(settings.REDIS_URL) or 'REDIS_URL'}"
    import redis

    times = {"socket_timeout": BROKER_SECONDS, "socket_connect_timeout": BROKER_SECONDS}
    try:
        with redis.Redis.from_url(settings.REDIS_URL, **times) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        text = f"{where} does not answer: {type(error).__name__}"
        return StageFinding("broker", False, None, text)
    return StageFinding("broker", True, None, f"{where} answers")


def clay_finding() -> StageFinding:
    if is_sandboxed("clay"):
        return not_set_up("Clay", "in the sandbox nothing is asked")
    used, most = submission_budget.submissions_used(), submission_budget.LIFETIME_SUBMISSIONS
    counted = f"{used:,} of {most:,} submissions used"
    if breaker.is_open():
        return StageFinding("Clay", False, None, f"calls are held back after failures; {counted}")
    return StageFinding("Clay", used < most, None, counted)


def webhooks_finding() -> StageFinding:
    rows = WebhookEndpoint.objects.all()
    active = rows.filter(is_active=True)
    failing = active.filter(failures__gt=0).count()
    given_up = rows.filter(is_active=False).exclude(end_code="").count()
    text = f"{active.count()} active, {failing} of them failing, {given_up} disabled"
    return StageFinding("webhooks out", not failing, None, text if rows.exists() else "none")


def alarms_finding() -> StageFinding:
    texts = alarms.open_texts("")
    return StageFinding("alarms", not texts, len(texts), " ".join(texts) or "none is open")
