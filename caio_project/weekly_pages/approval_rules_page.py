"""The team's rules for automatic approval: which segments a person decides."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from approvals.views.pages import SeeOther, render_page, viewer_page
from caio_project.lib.words.role_words import ask_a_lead
from caio_project.weekly_pages.approval_rule_form import ApprovalRuleForm, EndRuleForm, rule_words
from outreach.auto_approval import rule_changes, template_runs
from outreach.auto_approval.rule_changes import RuleRefused
from outreach.models import ApprovalRule, EmailTemplate

ADD_PERMISSION = "outreach.add_approvalrule"
END_PERMISSION = "outreach.change_approvalrule"
NOT_A_LEAD = ask_a_lead("change the rules")


@viewer_page
@require_http_methods(["GET", "HEAD", "POST"])
def approval_rules_page(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _render(request, ApprovalRuleForm(initial={"from_intent": 0}))
    if "rule" in request.POST:
        return _end_rule(request)
    if not request.user.has_perm(ADD_PERMISSION):
        raise PermissionDenied(NOT_A_LEAD)
    form = ApprovalRuleForm(request.POST)
    if not form.is_valid():
        return _render(request, form, 422)
    try:
        rule = rule_changes.add_rule(
            form.save(commit=False), by=request.user, reason=form.cleaned_data["reason"]
        )
    except RuleRefused as refused:
        form.add_error(refused.field or None, refused.text)
        return _render(request, form, 422)
    messages.success(request, f"In use: {rule.name}.")
    return SeeOther(reverse("approval-rules"))


def _end_rule(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(END_PERMISSION):
        raise PermissionDenied(NOT_A_LEAD)
    form = EndRuleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why the rule ends. Nothing was changed.")
        return _render(request, ApprovalRuleForm(initial={"from_intent": 0}), 422)
    rule = form.cleaned_data["rule"]
    try:
        rule_changes.end_rule(rule, by=request.user, reason=form.cleaned_data["reason"])
        messages.success(request, f"Ended: {rule.name}.")
    except RuleRefused as refused:
        messages.warning(request, f"{rule.name}: {refused.text} Nothing was changed.")
    return SeeOther(reverse("approval-rules"))


def _render(request: HttpRequest, form: ApprovalRuleForm, status: int = 200) -> HttpResponse:
    rules = [(rule, rule_words(rule)) for rule in ApprovalRule.objects.select_related("owner")]
    context: dict[str, Any] = {
        "form": form,
        "in_use": [pair for pair in rules if pair[0].ended_at is None],
        "ended": [pair for pair in rules if pair[0].ended_at is not None],
        "may_add": request.user.has_perm(ADD_PERMISSION),
        "may_end": request.user.has_perm(END_PERMISSION),
        "full_runs": _full_runs(),
        "most_in_a_row": template_runs.MOST_IN_A_ROW,
    }
    return render_page(request, "caio_project/weekly_pages/approval_rules.html", context, status)


def _full_runs() -> list[str]:
    keys = [run.template_key for run in template_runs.full_runs()]
    found = (
        EmailTemplate.objects.filter(key__in=keys).order_by("version").values_list("key", "name")
    )
    names = dict(found)
    return [names.get(key, "no template") for key in keys]
