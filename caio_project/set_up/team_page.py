"""Team members on a page: who signs emails, with booking link, login and ids elsewhere."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import URLValidator
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from approvals.views.pages import SeeOther, render_page, viewer_page
from caio_project.lib.words.role_words import ask_a_lead
from caio_project.set_up import parts
from leads.models import TeamMember
from leads.scoring import assess

ADD_PERMISSION, CHANGE_PERMISSION = "leads.add_teammember", "leads.change_teammember"
NEEDS_DEFAULT = "Make another person the default sender first: some leads have no owner."
CHANGED_MEANWHILE = (
    "Somebody else changed the team at this moment. Nothing was changed; save again."
)
WHOLE_ADDRESS = "Type the whole address, with https://."


class MemberForm(forms.ModelForm):
    default = forms.BooleanField(
        required=False,
        label="Default sender",
        help_text="Signs for leads without an owner. There is one: it moves from whoever had it.",
    )

    class Meta:
        model = TeamMember
        fields = (
            *("name", "title", "email", "booking_url", "user", "slack_user_id", "ghl_user_id"),
            "active",
        )
        labels = {
            "title": "Job title",
            "email": "Email address",
            "booking_url": "Booking link",
            "user": "Login",
            "slack_user_id": "Slack user id",
            "ghl_user_id": "GoHighLevel user id",
            "active": "Is in the team and may sign",
        }
        help_texts = {
            "title": "Stands in the signature.",
            "booking_url": "Without one, that of What we sell is used.",
            "user": "Whose decisions and notices are this person's.",
        }
        error_messages = {"name": {"required": "Type the name as it stands in the signature."}}

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.is_new = self.instance.pk is None
        self.was_default = not self.is_new and self.instance.is_default_sender
        is_first = self.is_new and not _default_senders().exists()
        self.fields["default"].initial = self.was_default or is_first
        own = Q(teammember=None) | Q(teammember=self.instance.pk or 0)
        self.fields["user"].queryset = User.objects.filter(own, is_active=True).order_by("username")  # type: ignore[attr-defined]
        self.fields["user"].empty_label = "None"  # type: ignore[attr-defined]
        url = self.fields["booking_url"]
        url.validators = [URLValidator(["https", "http"], message=WHOLE_ADDRESS)]

    def clean_name(self) -> str:
        """Files name members, so two of one name could not be told apart."""
        name = " ".join(str(self.cleaned_data["name"]).split())
        if self._others().filter(name__iexact=name, active=True).exists():
            raise ValidationError(f"“{name}” is in the team already.")
        return name

    def clean_ghl_user_id(self) -> str:
        typed = str(self.cleaned_data["ghl_user_id"]).strip()
        if typed and (other := self._others().filter(ghl_user_id=typed).first()):
            raise ValidationError(f"{other} has this GoHighLevel user id already.")
        return typed

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        stays = bool(typed.get("default") and typed.get("active"))
        if self.was_default and not stays:
            self.add_error("default" if typed.get("active") else "active", NEEDS_DEFAULT)
        elif typed.get("default") and not typed.get("active"):
            self.add_error("default", "Who is not in the team cannot be the default sender.")
        return typed

    def _others(self) -> Any:
        return TeamMember.objects.exclude(pk=self.instance.pk)

    def store(self) -> TeamMember:
        """The default moves from whoever has it, in one transaction."""
        with transaction.atomic():
            if self.cleaned_data["default"]:
                _default_senders().exclude(pk=self.instance.pk).update(is_default_sender=False)
            self.instance.is_default_sender = self.cleaned_data["default"]
            member: TeamMember = self.save()
            if "active" in self.changed_data and not self.is_new:
                transaction.on_commit(assess.mark_recently_seen)
        return member


def _default_senders() -> Any:
    return TeamMember.objects.filter(is_default_sender=True)


@viewer_page
@require_http_methods(["GET", "HEAD", "POST"])
def team_page(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _render_team(request, MemberForm())
    _require(request, ADD_PERMISSION)
    form = MemberForm(request.POST)
    if not form.is_valid():
        return _render_team(request, form, 422)
    try:
        member = form.store()
    except IntegrityError:
        form.add_error(None, CHANGED_MEANWHILE)
        return _render_team(request, form, 409)
    _finish(request, member, ADDITION, f"{member} is in the team.")
    return SeeOther(reverse("team"))


@viewer_page
@require_http_methods(["GET", "HEAD", "POST"])
def member_page(request: HttpRequest, pk: int) -> HttpResponse:
    _require(request, CHANGE_PERMISSION)
    member = get_object_or_404(TeamMember, pk=pk)
    form = MemberForm(request.POST if request.method == "POST" else None, instance=member)
    if request.method != "POST":
        return _render_member(request, pk, form)
    if not form.is_valid():
        return _render_member(request, pk, form, 422)
    if form.has_changed():
        try:
            form.store()
        except IntegrityError:
            form.add_error(None, CHANGED_MEANWHILE)
            return _render_member(request, pk, form, 409)
        _finish(request, member, CHANGE, f"Saved: {member}.", form.changed_data)
    else:
        messages.info(request, "Nothing was different, so nothing was changed.")
    return SeeOther(reverse("team"))


def _render_member(
    request: HttpRequest, pk: int, form: MemberForm, status: int = 200
) -> HttpResponse:
    """Headed by the name on record, whatever was typed."""
    context = {"form": form, "member": TeamMember.objects.get(pk=pk)}
    return render_page(request, "caio_project/set_up/member.html", context, status)


def _require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied(ask_a_lead("change the team"))


def _finish(
    request: HttpRequest, member: TeamMember, flag: int, said: str, changed: Any = ()
) -> None:
    """On record where the admin's changes are; only names of fields, no values."""
    LogEntry.objects.create(
        user_id=request.user.pk or 0,
        content_type=ContentType.objects.get_for_model(TeamMember),
        object_id=str(member.pk),
        object_repr=str(member),
        action_flag=flag,
        change_message=f"On the team's page: {', '.join(changed)}." if changed else "",
    )
    parts.count_done()
    messages.success(request, said)


def _render_team(request: HttpRequest, form: MemberForm, status: int = 200) -> HttpResponse:
    context = {
        "members": TeamMember.objects.select_related("user").order_by("-active", "name"),
        "form": form,
        "may_change": request.user.has_perm(CHANGE_PERMISSION),
    }
    return render_page(request, "caio_project/set_up/team.html", context, status)
