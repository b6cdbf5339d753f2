"""Admin pages of users, groups, API keys and heartbeats."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from rest_framework_api_key.models import APIKey
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from caio_project.event_vault import vault_admin as vault_admin  # registers
from caio_project.lib.models import ApiKey, Heartbeat
from caio_project.lib.web.admin_classes import ReadOnlyAdmin
from caio_project.operations import switches as switches  # registers

admin.site.unregister(User)
admin.site.unregister(Group)
if admin.site.is_registered(APIKey):
    admin.site.unregister(APIKey)  # keys without scopes; ours are below


@admin.register(User)
class TeamUserAdmin(UserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "first_name", "last_name", "is_active", "is_superuser")


@admin.register(Group)
class RoleAdmin(GroupAdmin, ModelAdmin):
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
    search_fields = ("name",)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("name", "seen_at", "worked_at")
