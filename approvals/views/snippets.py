"""The team's snippets: short texts to insert into an email."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from approvals.views.pages import SeeOther, render_page, viewer_page
from caio_project.lib.web.client_input import read_id
from caio_project.lib.words.role_words import ask_a_lead
from outreach.models import Snippet

READERS_NOTE = "You can read and insert snippets. Ask a Lead to change them."


class SnippetForm(forms.ModelForm):
    class Meta:
        model = Snippet
        fields = ("name", "text")
        widgets = {"text": forms.Textarea(attrs={"rows": 3})}
        error_messages = {
            "name": {"required": "Give it a name.", "unique": "There is a snippet of that name."},
            "text": {"required": "Type the text."},
        }


@viewer_page
def snippets_page(request: HttpRequest) -> HttpResponse:
    """GET lists them; POST saves one, a new one without `pk`, or removes it."""
    if request.method != "POST":
        return _render(request, SnippetForm())
    if not request.user.has_perm("outreach.change_snippets"):
        raise PermissionDenied(ask_a_lead("change snippets"))
    wanted = request.POST.get("pk", "")
    found = Snippet.objects.filter(pk=read_id(wanted)).first()
    if wanted and found is None:
        messages.error(request, "That snippet is gone. Nothing was changed.")
        return SeeOther(reverse("snippets"))
    if found and request.POST.get("do") == "remove":
        found.delete()
        messages.success(request, f"Removed: {found.name}.")
        return SeeOther(reverse("snippets"))
    form = SnippetForm(request.POST, instance=found)
    if not form.is_valid():
        return _render(request, form, 422)
    saved = form.save(commit=False)
    saved.changed_at, saved.changed_by = timezone.now(), request.user
    saved.save()
    messages.success(request, f"Saved: {saved.name}.")
    return SeeOther(reverse("snippets"))


def _render(request: HttpRequest, form: SnippetForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "snippets": Snippet.objects.select_related("changed_by"),
        "may_change": request.user.has_perm("outreach.change_snippets"),
        "not_a_lead": READERS_NOTE,
    }
    return render_page(request, "approvals/settings/snippets.html", context, status)
