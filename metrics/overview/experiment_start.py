"""Starting an A/B test on the page: the variant is checked and shown before it begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from outreach.email_templates import preview
from outreach.experiments import ab_statistics, experiments, proposals
from outreach.models import EmailTemplate, Experiment

SHOWN_PEOPLE = 5


@dataclass(frozen=True)
class CheckedStart:
    """A test that could begin, with the preview of its version B."""

    proposal: proposals.Proposal
    size: int
    plan: ab_statistics.ExperimentPlan
    proof: preview.TemplatePreview

    @property
    def fingerprint(self) -> str:
        return f"{self.proof.fingerprint}.{self.size}"

    def is_shown(self, mark: str) -> bool:
        return mark == self.fingerprint


def initial_values(query: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "template": query.get("template", ""),
        "kind": query.get("kind") or Experiment.Kind.SUBJECT,
        "per_version": 25,
    }


def check_start(form: Any) -> CheckedStart | None:
    """Build what was typed; None where it cannot be tested, the reason being at its field."""
    typed = form.cleaned_data
    template = EmailTemplate.objects.filter(key=typed["template"], active=True).first()
    if template is None:
        form.add_error("template", "This template is not in use any more.")
        return None
    try:
        proposal = proposals.build_proposal(template, typed["kind"], typed["text"])
    except proposals.UnfitVariant as error:
        form.add_error("text", str(error))
        return None
    leads = preview.recent_leads(template)[:SHOWN_PEOPLE]
    return CheckedStart(
        proposal,
        form.size,
        experiments.current_plan(template, form.size),
        preview.preview_template(proposal.variant, leads, is_variant=True),
    )


def start_checked(found: CheckedStart, by: Any) -> Experiment:
    """Raises experiments.NotStarted."""
    one = found.proposal
    return experiments.start_experiment(one.template, one.variant, one.kind, found.size, by)


def page_context(form: forms.Form, found: CheckedStart | None) -> dict[str, Any]:
    previews = found.proof.previews if found else ()
    return {
        "found": found,
        "chosen_previews": previews[preview.MADE_UP_PEOPLE :],
        "made_up_previews": previews[: preview.MADE_UP_PEOPLE],
        "suggestion": _suggestion(form),
    }


def _suggestion(form: forms.Form) -> str:
    """A text for version B that passes the checks; "" where no template is chosen yet."""
    if form.is_bound or not form.initial["template"]:
        return ""
    if form.initial["kind"] not in Experiment.Kind.values:
        return ""
    found = proposals.find_proposals(form.initial["kind"], form.initial["template"])
    return found[0].after if found else ""
