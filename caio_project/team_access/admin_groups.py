"""The admin's tables in groups: what the team uses first, internals last."""

from typing import Any

from django.http import HttpRequest

ADMIN_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Weekly work",
        (
            "approvals.approval",
            "leads.lead",
            "leads.company",
            "outreach.emailtemplate",
            "leads.scoringrules",
            "leads.ownerrule",
            "leads.suppression",
            "leads.teammember",
            "leads.switch",
        ),
    ),
    (
        "Emails and replies",
        (
            "outreach.message",
            "outreach.reply",
            "outreach.meeting",
            "outreach.opportunity",
            "outreach.experiment",
            "outreach.segment",
            "outreach.sandboxemail",
            "outreach.emailevent",
            "outreach.optout",
        ),
    ),
    (
        "Phase and safety limits",
        (
            "outreach.control",
            "outreach.approvalrule",
            "outreach.controlchange",
            "metrics.gateevaluation",
            "metrics.baseline",
            "metrics.signoff",
            "metrics.monthlytarget",
            "metrics.unitprice",
            "metrics.domainday",
            "metrics.dmarcreport",
            "metrics.dmarcsource",
            "outreach.sendingdomain",
            "outreach.healthverdict",
            "outreach.guardrailbreach",
            "metrics.incident",
            "metrics.digest",
        ),
    ),
    (
        "Who is told when",
        (
            "approvals.escalationladder",
            "outreach.teamcalendar",
            "outreach.dayoff",
            "approvals.absence",
            "approvals.delegate",
        ),
    ),
    ("Accounts", ("auth.user", "auth.group", "lib.apikey", "lib.accessevent")),
    (
        "Records (read-only)",
        (
            "leads.inboundevent",
            "leads.merge",
            "leads.erasure",
            "leads.ownerchange",
            "leads.ownerrun",
            "approvals.decision",
            "approvals.notice",
            "approvals.slackcard",
            "approvals.slackclick",
            "outreach.modeldraft",
            "outreach.aftersend",
            "lib.fileimport",
            "lib.webhookendpoint",
            "lib.webhookattempt",
            "lib.webhookevent",
            "lib.webhookchange",
        ),
    ),
    ("Internals (read-only)", ("outreach.synccursor", "lib.heartbeat", "metrics.detectorstate")),
)


def group_apps(apps: list[dict[str, Any]], index_url: str) -> list[dict[str, Any]]:
    """Sort the tables of Django's `apps` into our groups; a table of no group comes last."""
    tables = {
        f"{app['app_label']}.{table['object_name'].lower()}": table
        for app in apps
        for table in app["models"]
    }
    groups = [
        (title, [tables.pop(label) for label in labels if label in tables])
        for title, labels in ADMIN_GROUPS
    ]
    return [
        {
            "name": title,
            "app_label": title.split(" ")[0].lower(),
            "app_url": index_url,
            "has_module_perms": True,
            "models": found,
        }
        for title, found in [*groups, ("More", list(tables.values()))]
        if found
    ]


def sidebar_groups(request: HttpRequest) -> list[dict[str, Any]]:
    from django.contrib import admin

    return [
        {
            "title": group["name"],
            "separator": True,
            "items": [
                {"title": str(table["name"]), "link": table["admin_url"]}
                for table in group["models"]
                if table["admin_url"]
            ],
        }
        for group in admin.site.get_app_list(request)
    ]
