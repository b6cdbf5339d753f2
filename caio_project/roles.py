"""Permissions of the roles. A Viewer reads. A Reviewer also decides and halts.

A Lead also resumes, promotes, edits templates and the score, reads incoming bodies and the record
of sign-ins, revokes API keys, and ends sessions.
"""

from typing import Any

from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

REVIEWER_PERMISSIONS = (
    "approvals.decide",
    "outreach.halt",
    "outreach.correct_reply",
    "leads.assign_owner",
)
LEAD_PERMISSIONS = (
    "approvals.seed_training",
    "outreach.resume",
    "outreach.promote",
    "outreach.auto_approve",
    "outreach.add_approvalrule",
    "outreach.change_approvalrule",
    "outreach.warm_up_sendingdomain",
    "outreach.queue_segment",
    "outreach.repeat_aftersend",
    "outreach.take_back_stop",
    "outreach.run_experiment",
    "outreach.change_seller",
    "outreach.change_snippets",
    "approvals.change_escalation",
    "approvals.reopen",
    "outreach.change_emailtemplate",
    "outreach.add_emailtemplate",
    "leads.change_scoringrules",
    "leads.add_scoringrules",
    "leads.publish_scoringrules",
    "leads.change_teammember",
    "leads.add_teammember",
    "leads.change_pastemployer",
    "leads.add_pastemployer",
    "leads.delete_pastemployer",
    "leads.change_knowncontact",
    "leads.add_knowncontact",
    "leads.delete_knowncontact",
    "leads.add_suppression",
    "leads.change_switch",
    "leads.decide_merge",
    "leads.change_ownerrule",
    "leads.add_ownerrule",
    "leads.read_inboundevent",
    "leads.replay_inboundevent",
    "leads.erase_person",
    "leads.export_person",
    "metrics.record_baseline",
    "metrics.sign_off",
    "metrics.set_targets",
    "metrics.clear_incident",
    "lib.view_apikey",
    "lib.change_apikey",
    "lib.view_accessevent",
    "lib.end_sessions",
    "lib.run_diagnosis",
    "lib.manage_webhooks",
    "lib.set_up_vendors",
    "lib.import_files",
)
ROLES = ("Viewer", "Reviewer", "Lead")
OWN_APPS = ("leads", "outreach", "approvals", "metrics")


def make_roles(apps: Any = None, **_: Any) -> None:
    """Create the groups and add their permissions; it removes none."""
    from django.apps import apps as installed

    for label in ("lib", *OWN_APPS):
        create_permissions(
            installed.get_app_config(label), verbosity=0
        )  # post_migrate's own comes after ours
    views = Permission.objects.filter(
        content_type__app_label__in=OWN_APPS, codename__startswith="view_"
    )
    for name, codes in (
        ("Viewer", ()),
        ("Reviewer", REVIEWER_PERMISSIONS),
        ("Lead", REVIEWER_PERMISSIONS + LEAD_PERMISSIONS),
    ):
        group, _made = Group.objects.get_or_create(name=name)
        group.permissions.add(*views, *(_find_permission(code) for code in codes))


def _find_permission(code: str) -> Permission:
    label, codename = code.split(".")
    return Permission.objects.get(content_type__app_label=label, codename=codename)
