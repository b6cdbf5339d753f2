"""The page for practice: how many emails wait, who caught what, and a Lead's button for more."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from approvals import forms
from approvals.training import results, seeding
from approvals.views.pages import SeeOther, render_page, viewer_page
from caio_project.lib.words.role_words import ask_a_lead

NOT_A_LEAD = ask_a_lead("make emails for practice", "made")


@viewer_page
def training_page(request: HttpRequest) -> HttpResponse:
    """GET shows the results; POST makes emails for practice."""
    if request.method != "POST":
        return _render(request, forms.TrainingForm())
    if not request.user.has_perm("approvals.seed_training"):
        raise PermissionDenied(NOT_A_LEAD)
    form = forms.TrainingForm(request.POST)
    if not form.is_valid():
        return _render(request, form, 422)
    made = seeding.seed_training_emails(form.cleaned_data["count"], request.user)
    messages.success(request, f"{len(made)} emails for practice wait in the queue, under Training.")
    return SeeOther(reverse("training"))


def _render(request: HttpRequest, form: forms.TrainingForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "state": results.training_state(), "most": seeding.MOST_EMAILS}
    return render_page(request, "approvals/training/training.html", context, status)
