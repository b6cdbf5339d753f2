"""The pages that move the phase up and down."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from approvals.views.pages import SeeOther, render_page, viewer_page
from caio_project.lib.words.role_words import ask_a_lead, ask_for_reviewer_role
from metrics.gates import gate_evaluation
from metrics.gates.gate_measures import GATES
from metrics.promotion import phase_page, promotion, signing
from metrics.promotion.move_forms import DemotionForm, OverrideForm, PromotionForm
from outreach.choices import Phase
from outreach.control import phase
from outreach.control.policy import LIMITS_BY_PHASE

NO_PHASE = "There is no phase {} this one. Nothing was changed."


@viewer_page
def promote_view(request: HttpRequest) -> HttpResponse:
    """What is missing for the next phase; the form that moves there, or the one that overrides
    gates. Neither stands where something is missing that no override replaces.
    """
    if not request.user.has_perm("outreach.promote"):
        raise PermissionDenied(ask_a_lead("move the phase up"))
    to = gate_evaluation.phase_above()
    if to is None:
        return _nowhere(request, "above")
    posted = request.POST if request.method == "POST" else None
    anyway = posted is not None and "anyway" in posted
    evaluation = gate_evaluation.evaluate_gates(to) if to in GATES else None
    missing = promotion.what_is_missing(to, evaluation)
    form = PromotionForm(to, None if anyway else posted)
    override = OverrideForm(to, posted if anyway else None)
    sent = override if anyway else form
    is_allowed = not missing.fixed and (anyway or not missing.gates)
    if is_allowed and sent.is_bound and sent.is_valid() and _moved(request, to, sent):
        return SeeOther(reverse("phase"))
    context = {
        "to": to,
        "label": phase_page.phase_label(to),
        "evaluation": phase_page.show_evaluation(evaluation) if evaluation else None,
        "sentence": LIMITS_BY_PHASE[to].sentence,
        "missing": missing.sentences,
        "form": None if missing.sentences else form,
        "override": override if missing.gates and not missing.fixed else None,
        "signs": to == Phase.AUTONOMOUS,
    }
    return render_page(request, "metrics/promote.html", context, 422 if posted is not None else 200)


def _moved(request: HttpRequest, to: Phase, form: PromotionForm) -> bool:
    text, anyway = form.cleaned_data["text"], isinstance(form, OverrideForm)
    try:
        promotion.sign_and_promote(to, by=request.user, text=text, override=anyway)
    except (promotion.NotPromoted, signing.NotSigned) as error:
        form.add_error(None, f"{error} Nothing was changed.")
        return False
    how = " It is marked as an override." if anyway else ""
    messages.success(request, f"The phase is {to.label} now.{how}")
    return True


@viewer_page
def demote_view(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(phase.HALT_PERMISSION):
        raise PermissionDenied(ask_for_reviewer_role("move the phase down"))
    below = promotion.phases_below()
    if not below:
        return _nowhere(request, "below")
    posted = request.method == "POST"
    form = DemotionForm(below, request.POST if posted else None)
    if posted and form.is_valid():
        to = Phase(form.cleaned_data["to"])
        try:
            promotion.demote_phase(to=to, by=request.user, reason=form.cleaned_data["reason"])
        except phase.ChangeNotAllowed as error:  # somebody else moved it at this moment
            form.add_error(None, f"{error} Nothing was changed.")
        else:
            messages.success(request, f"The phase is {to.label} now.")
            return SeeOther(reverse("phase"))
    return render_page(request, "metrics/demote.html", {"form": form}, 422 if posted else 200)


def _nowhere(request: HttpRequest, where: str) -> HttpResponse:
    messages.info(request, NO_PHASE.format(where))
    return SeeOther(reverse("phase"))
