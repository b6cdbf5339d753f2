"""People, companies, pages and actions that fit a few words, as far as a role may open them."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse

from caio_project.lead_pages import lead_list
from leads.models import Company, Lead
from outreach.choices import Status
from outreach.control import phase
from outreach.models import Message

MOST_PEOPLE, MOST_COMPANIES = 6, 3
LONGEST_WORDS = 60
LEAST_LETTERS = 2  # before people and companies are looked for

# Label, name of the address, permission; "" for everybody with a role. As in the menus.
PAGES = (
    ("Overview", "overview", ""),
    ("Queue", "queue", ""),
    ("Sent & replies", "sent", ""),
    ("Leads", "leads", "leads.view_lead"),
    ("Experiments", "experiments", ""),
    ("Phase", "phase", ""),
    ("Templates", "templates", ""),
    ("Follow-ups", "follow-ups", ""),
    ("Write to a segment", "segments", ""),
    ("Performance", "performance", ""),
    ("Targets & prices", "targets", ""),
    ("Report", "report", ""),
    ("Second look", "rereading", "approvals.decide"),
    ("Quality scores", "quality", ""),
    ("Rejections & edits", "lessons", ""),
    ("Training", "training", ""),
    ("Incidents", "incidents", ""),
    ("Notices", "notices", ""),
    ("Sending domains", "domains", ""),
    ("Diagnosis", "diagnosis", ""),
    ("Set-up", "set-up", ""),
    ("Settings", "settings", ""),
    ("Your settings", "personal-settings", ""),
    ("Imports", "imports", "lib.import_files"),
    ("What we sell", "seller", ""),
    ("Snippets", "snippets", ""),
    ("Who is told when", "escalation", ""),
    ("API keys", "keys", ""),
    ("Webhooks", "webhooks", "lib.manage_webhooks"),
    ("Sign-ins", "sign-ins", ""),
    ("Where you are signed in", "sessions", ""),
)


@dataclass(frozen=True)
class Finding:
    """One result. `is_action` is done by a POST, and never without its button."""

    kind: str
    label: str
    address: str
    beside: str = ""
    is_action: bool = False

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


def find_all(words: str, user: Any) -> list[Finding]:
    words = words.strip()[:LONGEST_WORDS]
    found = [one for one in _actions(user) + _pages(user) if words.lower() in one.label.lower()]
    if len(words) < LEAST_LETTERS or not user.has_perm("leads.view_lead"):
        return found
    return [*_people(words), *_companies(words), *found]


def _actions(user: Any) -> list[Finding]:
    found = []
    is_halted = phase.is_halted(phase.current_control())
    if user.has_perm("approvals.decide"):
        found.append(Finding("Action", "Review the next email", reverse("next"), is_action=True))
    if user.has_perm("outreach.halt") and not is_halted:
        found.append(Finding("Action", "Halt sending", reverse("halt"), is_action=True))
    if user.has_perm("outreach.resume") and is_halted:
        found.append(Finding("Action", "Resume sending…", reverse("resume")))
    return found


def _pages(user: Any) -> list[Finding]:
    allowed = [one for one in PAGES if not one[2] or user.has_perm(one[2])]
    return [Finding("Page", label, reverse(name)) for label, name, _ in allowed]


def _people(words: str) -> list[Finding]:
    rows = lead_list.search_leads(Lead.objects.select_related("company"), words)
    leads = list(rows.order_by(*lead_list.LIST_ORDER)[:MOST_PEOPLE])
    waiting = Message.objects.filter(lead__in=leads, status__in=[Status.HELD, Status.BLOCKED])
    desks = dict(waiting.values_list("lead", "public_id"))
    return [_person(lead, desks.get(lead.pk)) for lead in leads]


def _person(lead: Lead, email: Any) -> Finding:
    job = ", ".join(str(one) for one in (lead.title, lead.company) if one)
    if email is None:
        return Finding("Person", str(lead), reverse("lead", args=[lead.public_id]), job)
    beside = f"{job}: email to decide" if job else "email to decide"
    return Finding("Person", str(lead), reverse("desk", args=[email]), beside)


def _companies(words: str) -> list[Finding]:
    rows = Company.objects.filter(Q(name__icontains=words) | Q(domain__icontains=words))
    return [
        Finding("Company", str(one), reverse("company", args=[one.pk]))
        for one in rows.order_by("-pk")[:MOST_COMPANIES]
        if one.name
    ]
