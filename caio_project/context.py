"""Context of every page: phase, halt, sandbox, overdue emails and what is left today."""

from typing import Any

from django.conf import settings
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from approvals.queue import review_queue
from caio_project.checks import is_loopback, loosened_limits
from caio_project.lib.db.caches import process_cache
from caio_project.lib.models import SetUpCount
from caio_project.lib.vendor_access.access import is_sandboxed, sandboxed_vendors
from caio_project.operations import releases
from outreach.choices import Phase
from outreach.control import phase
from outreach.control.policy import LIMITS_BY_PHASE
from outreach.limits import current_limits

OWN_PAGES = ("/sales", "/accounts")
SET_UP_KEY, SET_UP_SECONDS = "set-up-count", 10


def page_status(request: HttpRequest) -> dict[str, Any]:
    """For our own pages. The values come from the rows that sending reads."""
    user = getattr(request, "user", None)
    if (
        not request.path.startswith(OWN_PAGES)
        or user is None
        or not user.has_perm("outreach.view_message")
    ):
        return {}
    releases.note_process(releases.Part.WEB)
    row = phase.current_control()
    limits = current_limits.read_limits(row, timezone.now())
    return {
        "house": {
            "phase": row.phase,
            "phase_label": f"Phase {LIMITS_BY_PHASE[Phase(row.phase)].number}: "
            f"{row.get_phase_display()}",
            "halted": phase.is_halted(row),
            "halted_by_setting": settings.EMERGENCY_STOP,
            "control": row,
            "sandbox": sandboxed_vendors(),
            "test_server": is_loopback(settings.GHL_BASE_URL) and not is_sandboxed("ghl"),
            "loosened": loosened_limits(),
            "overdue": review_queue.count_overdue(),
            "waiting": review_queue.waiting_messages().count(),
            "daily": limits.of_day.limit,
            "left": limits.of_day.left,
            "team_zone": settings.TEAM_TIME_ZONE,
            "release": releases.release_of_page(),
            "set_up": _set_up_count() if user.has_perm("lib.set_up_vendors") else None,
        }
    }


def _set_up_count() -> SetUpCount | None:
    """As last counted; None where every part is done, and before the first count."""
    found: list[SetUpCount] | None = process_cache.get(SET_UP_KEY)
    if found is None:
        found = list(SetUpCount.objects.filter(done__lt=F("parts")))
        process_cache.set(SET_UP_KEY, found, SET_UP_SECONDS)
    return found[0] if found else None


def sign_in_ways(request: HttpRequest) -> dict[str, Any]:
    return {"oidc": settings.OIDC} if request.path.startswith(OWN_PAGES) else {}


def admin_badge(request: HttpRequest) -> list[str]:
    """The badge in the admin's head: the enforced phase, and whether anything can be sent."""
    row = phase.current_control()
    if phase.is_halted(row):
        return ["Halted", "danger"]
    if is_sandboxed("ghl"):
        return [f"{row.get_phase_display()}, sandbox", "warning"]
    return [row.get_phase_display(), "info"]
