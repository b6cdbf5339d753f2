"""Admin pages of users, groups, API keys, access events and heartbeats."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework_api_key.models import APIKey
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from caio_project.event_vault import vault_admin as vault_admin  # registers
from caio_project.import_pages import import_admin as import_admin  # registers
from caio_project.lib.models import AccessEvent, ApiKey, Heartbeat
from caio_project.lib.web.admin_classes import ReadOnlyAdmin
from caio_project.lib.web.list_lookups import CarefulAdmin
from caio_project.operations import switches as switches  # registers
from caio_project.team_access import api_key_changes, second_factor
from caio_project.team_access.access_log import record_access
from caio_project.webhook_pages import webhook_admin as webhook_admin  # registers

ALLAUTHS = (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession)
for theirs in (User, Group, APIKey, *ALLAUTHS):  # ours are below, or none
    if admin.site.is_registered(theirs):
        admin.site.unregister(theirs)


@admin.register(User)
class TeamUserAdmin(UserAdmin, CarefulAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "first_name", "last_name", "is_active", "is_superuser")
    actions = ("remove_factors",)

    @admin.action(description="Remove second factor", permissions=["change"])
    def remove_factors(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        done = sum(
            second_factor.remove_factors(user, by=request.user, request=request)
            for user in queryset
        )
        messages.success(request, f"Removed the second factor of {done}.")

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        """Django's page; a change of the password is put on record."""
        user = self.get_object(request, unquote(id))
        before = user.password if user else ""
        response = super().user_change_password(request, id, form_url)
        if user and not User.objects.filter(pk=user.pk, password=before).exists():
            kind = AccessEvent.Kind.PASSWORD_CHANGED
            record_access(kind, user=user, by=request.user, request=request, about="by the admin")
        return response


@admin.register(Group)
class RoleAdmin(GroupAdmin, CarefulAdmin):
    pass


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "prefix",
        "user",
        "scopes",
        "created",
        "last_used_at",
        "expiry_date",
        "revoked",
    )
    fields = list_display
    list_filter = ("revoked",)
    list_select_related = ("user",)
    search_fields = ("name", "prefix")
    actions = ("revoke_keys",)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(api_key_changes.REVOKE_ANY)

    @admin.action(description="Revoke for good", permissions=["revoke"])
    def revoke_keys(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        done = sum(
            api_key_changes.revoke_key(key, by=request.user, request=request)
            for key in queryset.select_related("user")
        )
        messages.success(request, f"Revoked {done}. Requests with them get 401 from now on.")


@admin.register(AccessEvent)
class AccessEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "kind", "user", "by", "address", "about")
    list_filter = ("kind",)
    list_select_related = ("user", "by")
    search_fields = ("=user__username", "=address", "about")
    ordering = ("-at", "-pk")
    show_full_result_count = False


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("name", "seen_at", "worked_at")
