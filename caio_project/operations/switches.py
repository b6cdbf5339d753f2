"""The switches in the admin: what each does, whether it is on, and who changed it last."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display

from caio_project.lib.web.admin_classes import NoDeleteAdmin
from leads.models import Switch
from leads.scoring import assess
from outreach.control import phase
from outreach.drafting import follow_ups
from outreach.drafting.language_model import rewrite_requests

SWITCH_DESCRIPTIONS = {
    one.SWITCH_NAME: one.SWITCH_DESCRIPTION for one in (assess, follow_ups, rewrite_requests)
}


@admin.register(Switch)
class SwitchAdmin(NoDeleteAdmin):
    """Rows are created by the code that reads them; any other row would do nothing."""

    list_display = ("called", "shown", "does", "changed_at", "changed_by")
    list_select_related = ("changed_by",)
    ordering = ("name",)
    fields = ("name", "does", "on")
    readonly_fields = ("name", "does")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="switch", ordering="name")
    def called(self, switch: Switch) -> str:
        return switch.name.replace("_", " ").capitalize()

    @display(description="now", label={"On": "success", "Off": "warning"})
    def shown(self, switch: Switch) -> str:
        return "On" if switch.on else "Off"

    @admin.display(description="what it does")
    def does(self, switch: Switch) -> str:
        return SWITCH_DESCRIPTIONS.get(switch.name, "Nothing: no part of the product asks it.")

    def save_model(self, request: HttpRequest, obj: Switch, form: Any, change: bool) -> None:
        obj.changed_by, obj.changed_at = request.user, timezone.now()  # type: ignore[assignment]
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if "on" in form.changed_data:
                phase.log_switch(obj.name, obj.on, request.user, "Turned in the admin.")
