"""Who may do what at each address: the least role for looking and for acting, and API scopes."""

from typing import Any

import pytest

ROLES = ("anonymous", "nobody", "Viewer", "Reviewer", "Lead", "superuser")
OPEN, SIGNED_IN, VIEWER, REVIEWER, LEAD, SUPERUSER = (*ROLES,)
CLOSED = "never"
# Rules of roles are the same on each database; that the pages themselves work on PostgreSQL is seen
# as the one who may do everything, and that refusals do as one who may do some of it.
ON_EACH_DATABASE = {"Reviewer", "superuser"}

# Route: (least role for GET, least role for POST). CLOSED: nobody, whatever the role.
PAGES: dict[str, tuple[str, str]] = {
    "": (OPEN, OPEN),
    "admin": (OPEN, OPEN),
    "sales": (VIEWER, CLOSED),
    "sales/performance": (VIEWER, CLOSED),
    "sales/performance/figures": (VIEWER, CLOSED),
    "sales/targets": (VIEWER, LEAD),
    "sales/report": (VIEWER, CLOSED),
    "sales/phase": (VIEWER, CLOSED),
    "sales/phase/promote": (LEAD, LEAD),
    "sales/phase/demote": (REVIEWER, REVIEWER),
    "sales/phase/agreement": (VIEWER, CLOSED),
    "sales/phase/agreement.csv": (VIEWER, CLOSED),
    "sales/phase/domain": (LEAD, LEAD),
    "sales/domains": (VIEWER, CLOSED),
    "sales/phase/machine": (REVIEWER, REVIEWER),
    "sales/phase/rules": (VIEWER, LEAD),
    "sales/incidents": (VIEWER, CLOSED),
    "sales/incidents/<uuid:public_id>": (VIEWER, CLOSED),
    "sales/incidents/<uuid:public_id>/acknowledge": (CLOSED, REVIEWER),
    "sales/incidents/<uuid:public_id>/note": (CLOSED, REVIEWER),
    "sales/incidents/<uuid:public_id>/clear": (CLOSED, LEAD),
    "sales/experiments": (VIEWER, CLOSED),
    "sales/experiments/<uuid:public_id>/end": (CLOSED, LEAD),
    "sales/experiments/new": (LEAD, LEAD),
    "sales/experiments/<uuid:public_id>/publish": (CLOSED, LEAD),
    "sales/templates": (VIEWER, CLOSED),
    "sales/templates/new": (LEAD, LEAD),
    "sales/templates/<str:key>": (VIEWER, CLOSED),
    "sales/templates/<str:key>/edit": (LEAD, LEAD),
    "sales/templates/<str:key>/retire": (CLOSED, LEAD),
    "sales/follow-ups": (VIEWER, LEAD),
    "sales/segments": (VIEWER, LEAD),
    "sales/segments/<uuid:public_id>": (VIEWER, CLOSED),
    "sales/segments/<uuid:public_id>/confirm": (CLOSED, LEAD),
    "sales/diagnosis": (VIEWER, LEAD),
    "sales/setup": (VIEWER, LEAD),
    "sales/imports": (LEAD, LEAD),
    "sales/imports/<uuid:public_id>": (LEAD, CLOSED),
    "sales/queue": (VIEWER, CLOSED),
    "sales/pulse": (VIEWER, CLOSED),
    "sales/queue/next": (CLOSED, REVIEWER),
    "sales/queue/batch": (CLOSED, REVIEWER),
    "sales/queue/<uuid:public_id>": (VIEWER, CLOSED),
    "sales/queue/<uuid:public_id>/copies": (VIEWER, CLOSED),
    "sales/queue/<uuid:public_id>/read": (VIEWER, REVIEWER),
    "sales/queue/<uuid:public_id>/approve": (VIEWER, REVIEWER),
    "sales/queue/<uuid:public_id>/reject": (REVIEWER, REVIEWER),
    "sales/queue/<uuid:public_id>/edit": (REVIEWER, REVIEWER),
    "sales/queue/<uuid:public_id>/score": (REVIEWER, REVIEWER),
    "sales/queue/<uuid:public_id>/undo": (VIEWER, REVIEWER),
    "sales/queue/<uuid:public_id>/reopen": (VIEWER, LEAD),
    "sales/queue/<uuid:public_id>/instead": (VIEWER, REVIEWER),
    "sales/queue/<uuid:public_id>/take-over": (VIEWER, LEAD),
    "sales/queue/<uuid:public_id>/skip": (VIEWER, REVIEWER),
    "sales/queue/<uuid:public_id>/snooze": (VIEWER, REVIEWER),
    "sales/queue/<uuid:public_id>/note": (VIEWER, REVIEWER),
    "sales/queue/<uuid:public_id>/test": (VIEWER, REVIEWER),
    "sales/queue/<uuid:public_id>/other": (REVIEWER, REVIEWER),
    "sales/queue/<uuid:public_id>/shorter": (REVIEWER, REVIEWER),
    "sales/queue/<uuid:public_id>/insert": (CLOSED, REVIEWER),
    "sales/queue/<uuid:public_id>/withdraw": (VIEWER, REVIEWER),
    "sales/queue/<uuid:public_id>/settle": (VIEWER, REVIEWER),
    "sales/quality": (VIEWER, CLOSED),
    "sales/quality/file": (REVIEWER, REVIEWER),
    "sales/lessons": (VIEWER, CLOSED),
    "sales/lessons/edits.csv": (REVIEWER, CLOSED),
    "sales/training": (VIEWER, LEAD),
    "sales/sent": (VIEWER, CLOSED),
    "sales/sent/kept/<int:pk>": (VIEWER, CLOSED),
    "sales/sent/kept/bring-back": (CLOSED, LEAD),
    "sales/replies/<uuid:public_id>/correct": (VIEWER, REVIEWER),
    "sales/replies/<uuid:public_id>/take": (VIEWER, REVIEWER),
    "sales/rereading": (REVIEWER, CLOSED),
    "sales/rereading/next": (CLOSED, REVIEWER),
    "sales/rereading/judge": (CLOSED, REVIEWER),
    "sales/rereading/rate": (VIEWER, CLOSED),
    "sales/notices": (VIEWER, CLOSED),
    "sales/find": (VIEWER, CLOSED),
    "sales/settings/seller": (VIEWER, LEAD),
    "sales/settings/snippets": (VIEWER, LEAD),
    "sales/settings/me/available": (CLOSED, VIEWER),
    "sales/settings/escalation": (VIEWER, CLOSED),
    "sales/settings/escalation/ladder": (LEAD, LEAD),
    "sales/settings/escalation/calendar": (LEAD, LEAD),
    "sales/settings/escalation/order": (CLOSED, LEAD),
    "sales/settings/escalation/away": (CLOSED, LEAD),
    "sales/halt": (CLOSED, REVIEWER),
    "sales/resume": (LEAD, LEAD),
    "sales/leads": (VIEWER, CLOSED),
    "sales/leads/<uuid:public_id>": (VIEWER, CLOSED),
    "sales/leads/<uuid:public_id>/owner": (CLOSED, REVIEWER),
    "sales/leads/<uuid:public_id>/field": (CLOSED, REVIEWER),
    "sales/leads/<uuid:public_id>/merge": (VIEWER, CLOSED),
    "sales/leads/<uuid:public_id>/merge/<uuid:other_id>": (VIEWER, LEAD),
    "sales/leads/<uuid:public_id>/export": (CLOSED, LEAD),
    "sales/leads/<uuid:public_id>/erase": (LEAD, LEAD),
    "sales/companies/<int:pk>": (VIEWER, CLOSED),
    "sales/merges/<int:pk>/undo": (VIEWER, LEAD),
    "sales/settings": (SIGNED_IN, CLOSED),
    "sales/settings/team": (VIEWER, LEAD),
    "sales/settings/team/<int:pk>": (LEAD, LEAD),
    "sales/settings/webhooks": (LEAD, LEAD),
    "sales/settings/webhooks/<uuid:public_id>": (LEAD, LEAD),
    "sales/settings/me": (SIGNED_IN, SIGNED_IN),
    "sales/settings/me/switches": (CLOSED, SIGNED_IN),
    "sales/settings/sessions": (SIGNED_IN, CLOSED),
    "sales/settings/sessions/end-others": (CLOSED, SIGNED_IN),
    "sales/settings/sessions/<int:pk>/end": (CLOSED, LEAD),
    "sales/settings/sessions/people/<int:pk>/end": (CLOSED, LEAD),
    "sales/keys": (SIGNED_IN, CLOSED),
    "sales/keys/<str:prefix>/revoke": (CLOSED, LEAD),
    "sales/sign-ins": (SIGNED_IN, CLOSED),
}

# Route: {method: scope}; a session needs the permission that the scope stands for.
API: dict[str, dict[str, str]] = {
    "api/pending-emails": {"GET": "messages:read"},
    "api/notices": {"GET": "messages:read"},
    "api/emails/<uuid:public_id>/approve": {"POST": "approvals:decide"},
    "api/emails/<uuid:public_id>/reject": {"POST": "approvals:decide"},
    "api/emails/<uuid:public_id>/undo": {"POST": "approvals:decide"},
    "api/emails/<uuid:public_id>/reopen": {"POST": "approvals:reopen"},
    "api/messages/forecast": {"GET": "messages:read"},
    "api/messages/<uuid:public_id>": {"GET": "messages:read"},
    "api/visitors": {"POST": "leads:write"},
    "api/test-visitors": {"POST": "leads:write"},
    "api/test-visitors/<uuid:public_id>": {"GET": "leads:write"},
    "api/leads": {"GET": "leads:read"},
    "api/leads/<uuid:public_id>": {"GET": "leads:read"},
    "api/leads/<uuid:public_id>/owner": {"POST": "leads:write"},
    "api/visits": {"GET": "leads:read"},
    "api/visits/<int:pk>": {"GET": "leads:read"},
    "api/companies": {"GET": "leads:read"},
    "api/companies/<int:pk>": {"GET": "leads:read"},
    "api/suppressions": {"GET": "leads:read", "POST": "leads:write"},
    "api/suppressions/<int:pk>": {"GET": "leads:read"},
    "api/decisions": {"GET": "messages:read"},
    "api/messages": {"GET": "messages:read"},
    "api/webhook-endpoints": {"GET": "webhooks:manage", "POST": "webhooks:manage"},
    "api/webhook-endpoints/<uuid:public_id>": {"GET": "webhooks:manage"},
    "api/webhook-endpoints/<uuid:public_id>/disable": {"POST": "webhooks:manage"},
    "api/webhook-endpoints/<uuid:public_id>/enable": {"POST": "webhooks:manage"},
    "api/webhook-endpoints/<uuid:public_id>/rotate": {"POST": "webhooks:manage"},
    "api/webhook-endpoints/<uuid:public_id>/test": {"POST": "webhooks:manage"},
    "api/webhook-endpoints/<uuid:public_id>/deliveries": {"GET": "webhooks:manage"},
    "api/webhook-deliveries/<uuid:public_id>/replay": {"POST": "webhooks:manage"},
    "api/phase": {"GET": "metrics:read"},
    "api/experiments": {"GET": "metrics:read"},
    "api/experiments/<uuid:public_id>": {"GET": "metrics:read"},
    "api/gates": {"GET": "metrics:read"},
    "api/incidents": {"GET": "metrics:read"},
    "api/incidents/<uuid:public_id>": {"GET": "metrics:read"},
    "api/incidents/<uuid:public_id>/acknowledge": {"POST": "outreach:halt"},
    "api/metrics": {"GET": "metrics:read"},
    "api/metrics/domains": {"GET": "metrics:read"},
    "api/rereading": {"GET": "metrics:read"},
    "api/halt": {"POST": "outreach:halt"},
}
LEAST_ROLE_OF_SCOPE = {
    "leads:read": VIEWER,
    "messages:read": VIEWER,
    "metrics:read": VIEWER,
    "approvals:decide": REVIEWER,
    "approvals:reopen": LEAD,
    "outreach:halt": REVIEWER,
    "leads:write": SUPERUSER,
    "webhooks:manage": LEAD,
}

# For everybody; none reads or changes anything without a secret or a token of its own.
PUBLIC = (
    "api/health", "api/health/live", "api/health/ready", "api/queue-status", "api/schema",
    "api/docs", "^api/", "webhooks/", "metrics", "u/<str:token>", "accounts/",
    "^accounts/",
)  # fmt: skip

# What a person of the role may add, change or delete in the admin; everything else is refused.
# A superuser may do all of it.
ADMIN_CHANGES: dict[str, tuple[str, set[str]]] = {
    "outreach.emailtemplate": (LEAD, {"add", "change"}),
    "leads.scoringrules": (LEAD, {"add", "change"}),
    "leads.teammember": (LEAD, {"add", "change"}),
    "leads.ownerrule": (LEAD, {"add", "change"}),
    "leads.suppression": (LEAD, {"add"}),
    "leads.switch": (LEAD, {"change"}),
    "auth.user": (SUPERUSER, {"add", "change", "delete"}),
    "auth.group": (SUPERUSER, {"add", "change", "delete"}),
}
# Lists that less than every Viewer may see.
ADMIN_VIEWS = {
    "auth.user": SUPERUSER,
    "auth.group": SUPERUSER,
    "lib.heartbeat": SUPERUSER,
    "lib.apikey": LEAD,
    "lib.accessevent": LEAD,
    "lib.fileimport": LEAD,
    "lib.webhookendpoint": LEAD,
    "lib.webhookattempt": LEAD,
    "lib.webhookevent": LEAD,
    "lib.webhookchange": LEAD,
}
ADMIN_ACTIONS: dict[str, dict[str, str]] = {
    "approvals.approval": {"approve_emails": REVIEWER, "reject_emails": REVIEWER},
    "outreach.aftersend": {"do_again": LEAD},
    "outreach.emailtemplate": {"compare": VIEWER, "retire": LEAD},
    "leads.scoringrules": {"see_moves": VIEWER, "publish_rules": LEAD, "copy_as_draft": LEAD},
    "leads.inboundevent": {"replay_events": LEAD},
    "lib.apikey": {"revoke_keys": LEAD},
    "auth.user": {"remove_factors": SUPERUSER, "delete_selected": SUPERUSER},
    "auth.group": {"delete_selected": SUPERUSER},
}
# Pages of single models beside list, add, change, delete and history.
ADMIN_EXTRAS = {
    "leads.inboundevent/replay": LEAD,
    "leads.ownerrule/apply": LEAD,
    "auth.user/password": SUPERUSER,
}
# Command: (least role of --as, its arguments). The others run for whoever has the server's shell.
COMMANDS: dict[str, tuple[str, list[str]]] = {
    "halt_sending": (REVIEWER, ["--reason", "a test of who may"]),
    "resume_sending": (LEAD, ["--reason", "a test of who may"]),
    "promote_phase": (LEAD, ["--to", "assisted"]),
    "demote_phase": (REVIEWER, ["--to", "shadow", "--reason", "a test of who may"]),
    "auto_approve": (LEAD, ["--on", "--reason", "a test of who may"]),
    "warm_up": (LEAD, ["--domain", "ours.test", "--start", "--reason", "a test of who may"]),
    "bring_back_sandboxed": (LEAD, ["--dry-run"]),
    "record_baseline": (
        LEAD,
        ["--emails", "1", "--reply-rate", "1", "--meetings", "1", "--pipeline-value", "1"],
    ),
    "sign_off": (LEAD, ["--evaluation", "999999", "--text", "a test of who may"]),
    "webhook_endpoint": (LEAD, ["list"]),
    "import_quality_scores": (REVIEWER, ["scores.csv"]),
    "erase_person": (LEAD, ["nobody@example.com", "--mark"]),
    "queue_segment": (LEAD, ["--tier", "tier_1", "--limit", "1", "--dry-run"]),
}


def each_role(*left_out: str) -> list[Any]:
    return [
        pytest.param(role, marks=[] if role in ON_EACH_DATABASE else pytest.mark.sqlite_is_enough)
        for role in ROLES
        if role not in left_out
    ]


def has_least(role: str, least: str) -> bool:
    return least != CLOSED and ROLES.index(role) >= ROLES.index(least)
