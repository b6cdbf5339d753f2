"""Decide several selected emails of the queue at once."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from approvals import forms
from approvals.decisions import bulk, decisions
from approvals.decisions.decisions import Decider
from approvals.desk import used_reasons
from approvals.queue.queue_view import QueueView
from approvals.views.pages import SeeOther, render_page, require_decide_permission, viewer_page


@viewer_page
@require_POST
def decide_batch(request: HttpRequest) -> HttpResponse:
    require_decide_permission(request)
    try:
        chosen = bulk.parse_selection(request.POST.getlist("selected"))
    except decisions.DecisionRefused as refused:
        messages.error(request, refused.text)
        return _redirect_to_queue(request)
    if not chosen:
        messages.info(request, "No email was selected.")
        return _redirect_to_queue(request)
    decider = Decider(request.user, "desk")
    if request.POST.get("action") == "approve":
        word = bulk.approved_word()
        answers = bulk.approve_batch(chosen, decider)
        messages.success(request, bulk.result_sentence(answers, word))
        return _redirect_to_queue(request)
    form = _reject_many_form(request)
    if not form.is_valid():
        context = {
            "chosen": chosen,
            "form": form,
            "view": QueueView.read(request.GET),
            "used_reasons": used_reasons.reasons_of(request.user),
        }
        status = 422 if form.is_bound else 200
        return render_page(request, "approvals/desk/reject_many.html", context, status)
    typed = bulk.RejectionText(form.cleaned_data["tag"], form.cleaned_data["reason"])
    answers = bulk.reject_batch(chosen, decider, typed)
    messages.success(request, bulk.result_sentence(answers, "Rejected"))
    return _redirect_to_queue(request)


def _reject_many_form(request: HttpRequest) -> forms.RejectManyForm:
    if "use" in request.POST:
        return forms.RejectManyForm(
            initial={"tag": request.POST.get("tag", ""), "reason": request.POST["use"]}
        )
    is_typed = "tag" in request.POST or "reason" in request.POST
    return forms.RejectManyForm(request.POST if is_typed else None)


def _redirect_to_queue(request: HttpRequest) -> HttpResponse:
    return SeeOther(reverse("queue") + QueueView.read(request.GET).query)
