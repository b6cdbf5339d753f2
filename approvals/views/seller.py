"""The page "What we sell": the words that every email takes from it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.validators import URLValidator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from approvals.views.pages import SeeOther, render_page, viewer_page
from caio_project.lib.words.role_words import ask_a_lead
from outreach.content import seller_fields
from outreach.content.roles import ROLES
from outreach.drafting import signing
from outreach.email_templates import seller_settings

READERS_NOTE = "You can read. Ask a Lead to change what emails say we sell."
SAVED_MEANWHILE = (
    "Somebody else saved this page while you were typing. Your words are below and are not saved. "
    "Open the page again to see theirs."
)
HINTS = {
    "company": "As it stands in the signature.",
    "offer": "A sentence that follows the problem, such as “We lend you a small team to change "
    "that with your people.” At most 18 words.",
    "customers": "Follows “We work with”, for templates that name it, such as “freight brokers in "
    "the Midwest”.",
    "start": "The first step, as a sentence. Follow-ups use it. At most 18 words.",
    "booking_url": "For senders without a booking link of their own.",
    "proofs": "One a line: the industry, a colon, and one true sentence of at most 15 words with a "
    "customer, a number or a result. “any” fits every industry. Without a proof the email says "
    "nothing instead.",
    "result": "Used where no proof fits the industry. Leave it empty rather than vague.",
}
SENTENCES = ("offer", "start", "result")
ROLE_WORDS = ("topic", "pain", "question")


class SellerForm(forms.Form):
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    company = forms.CharField(
        label="Company name", max_length=80, error_messages={"required": "Type the company name."}
    )
    offer = forms.CharField(
        label="What we do, in one sentence",
        max_length=200,
        error_messages={"required": "Say what you do in one sentence."},
    )
    customers = forms.CharField(label="Whom we help", max_length=120, required=False)
    start = forms.CharField(label="How it starts", max_length=200, required=False)
    result = forms.CharField(label="The result", max_length=200, required=False)
    booking_url = forms.CharField(
        label="Booking link",
        max_length=200,
        required=False,
        validators=[
            URLValidator(["https", "http"], message="Type the whole address, with https://.")
        ],
    )
    proofs = forms.CharField(
        label="Proof for each industry",
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name, hint in HINTS.items():
            self.fields[name].help_text = hint
        for role in ROLES:
            for name in ROLE_WORDS:
                most = seller_fields.LONGEST_TOPIC if name == "topic" else 200
                self.fields[f"{name}_{role.key}"] = forms.CharField(
                    label=f"{role.label}: {name}", max_length=most
                )

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        wanted = [(name, name) for name in SENTENCES]
        wanted += [(f"{name}_{role.key}", name) for role in ROLES for name in ("pain", "question")]
        for name, kind in wanted:
            self._check_sentence(name, kind, found.get(name, ""))
        for proof in seller_fields.parse_proofs(found.get("proofs", "")):
            self._check_sentence("proofs", "proof", proof.sentence)
        return found

    def _check_sentence(self, name: str, kind: str, text: str) -> None:
        problem = seller_fields.sentence_problem(kind, text) if text else ""
        if problem:
            self.add_error(name, f"{self.fields[name].label}: {problem}")

    @property
    def role_rows(self) -> list[tuple[str, list[Any]]]:
        return [(role.label, [self[f"{name}_{role.key}"] for name in ROLE_WORDS]) for role in ROLES]

    def words(self) -> dict[str, Any]:
        typed = self.cleaned_data
        plain = ("company", "offer", "customers", "start", "result", "booking_url")
        return {
            **{name: typed[name] for name in plain},
            "proofs": [vars(proof) for proof in seller_fields.parse_proofs(typed["proofs"])],
            "roles": {
                role.key: {name: typed[f"{name}_{role.key}"] for name in ROLE_WORDS}
                for role in ROLES
            },
        }


@viewer_page
def seller_page(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _render(request, SellerForm(initial=_shown(signing.current_seller())))
    if not request.user.has_perm("outreach.change_seller"):
        raise PermissionDenied(ask_a_lead("change what emails say we sell"))
    form = SellerForm(request.POST)
    if not form.is_valid():
        return _render(request, form, 422)
    try:
        is_new = seller_settings.save_seller(
            form.words(), request.user, instead_of=form.cleaned_data["version"]
        )
    except seller_settings.SavedMeanwhile:
        form.add_error(None, SAVED_MEANWHILE)
        return _render(request, form, 409)
    said = "Saved. New drafts use it from now on." if is_new else "Nothing changed."
    messages.success(request, said)
    return SeeOther(reverse("seller"))


def _render(request: HttpRequest, form: SellerForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "versions": seller_settings.newest_versions(),
        "may_change": request.user.has_perm("outreach.change_seller"),
        "not_a_lead": READERS_NOTE,
    }
    return render_page(request, "approvals/settings/seller.html", context, status)


def _shown(seller: seller_fields.Seller) -> dict[str, Any]:
    words = seller_fields.words_of_seller(seller)
    roles = {
        f"{name}_{key}": text for key, row in words["roles"].items() for name, text in row.items()
    }
    lines = seller_fields.proofs_as_lines(seller.proofs)
    return {**words, **roles, "proofs": lines, "version": seller.version}
