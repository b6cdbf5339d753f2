"""All that can be set, by whom it concerns: oneself, the team, other systems."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from approvals.views.pages import render_page


@dataclass(frozen=True)
class Setting:
    words: str
    does: str
    url: str
    permission: str = ""  # without it the page would be refused
    part: str = ""  # of the page
    is_boosted: bool = True

    @property
    def link(self) -> str:
        return reverse(self.url) + (f"#{self.part}" if self.part else "")


SEES = "outreach.view_message"  # every role
OWN = (
    Setting("Display name", "What colleagues see beside your decisions.", "personal-settings"),
    Setting("Time zone", "In which times are shown to you.", "personal-settings", part="time-zone"),
    Setting(
        "Time to undo", "How long a decision of yours waits.", "personal-settings", part="undo-wait"
    ),
    Setting("Theme", "Light, dark, or as the device.", "personal-settings", part="theme"),
    Setting(
        "Keys and numbers", "Letters that press buttons; numbers that move.", "personal-settings",
        part="switches",
    ),
    Setting(
        "Notices", "By Slack or email, for each kind.", "personal-settings", SEES, part="notices"
    ),
    Setting(
        "Not available", "Until when, and who stands in for you.", "personal-settings", SEES,
        part="away",
    ),
    Setting(
        "Security keys and two-step sign-in", "How you prove that it is you.", "mfa_index",
        is_boosted=False,
    ),
    Setting("Where you are signed in", "End a session, or all others.", "sessions"),
    Setting("Sign-ins", "Who signed in, and who was refused.", "sign-ins"),
)  # fmt: skip
TEAM = (
    Setting("Team", "Who signs emails, booking links, logins.", "team", SEES),
    Setting("What we sell", "The words that every email takes.", "seller", SEES),
    Setting("Snippets", "Short texts to insert into an email.", "snippets", SEES),
    Setting("Who is told when", "Ladders, business hours, days off, order.", "escalation", SEES),
    Setting("What a person must decide", "Segments left to people.", "approval-rules", SEES),
    Setting("Follow-ups", "On or off, and when they are due.", "follow-ups", SEES),
    Setting("Targets & prices", "The month's goals, and what things cost.", "targets", SEES),
)
SYSTEMS = (
    Setting("Set-up", "Secrets, tokens, tests, going live.", "set-up", SEES),
    Setting("Imports", "People, earlier emails, connections.", "imports", "lib.import_files"),
    Setting("API keys", "Programs that read and act here.", "keys"),
    Setting("Webhooks", "Systems that are told what happens.", "webhooks", "lib.manage_webhooks"),
    Setting("Sending domains", "Their health and their records.", "domains", SEES),
)
GROUPS = (("Yours", OWN), ("The team's", TEAM), ("Other systems", SYSTEMS))


@login_required
@never_cache
@require_safe
def settings_index(request: HttpRequest) -> HttpResponse:
    groups = [(title, _allowed(request.user, rows)) for title, rows in GROUPS]
    context = {"groups": [one for one in groups if one[1]]}
    return render_page(request, "caio_project/team_access/settings_index.html", context)


def _allowed(user: Any, rows: tuple[Setting, ...]) -> list[Setting]:
    return [one for one in rows if not one.permission or user.has_perm(one.permission)]
