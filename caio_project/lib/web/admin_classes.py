"""Base classes for admin pages that show more than they let people change."""

from typing import Any

from django.http import HttpRequest
from unfold.admin import TabularInline

from caio_project.lib.web.list_lookups import CarefulAdmin


class ReadOnlyAdmin(CarefulAdmin):
    """No adding, changing or deleting, whatever the permissions."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class NoDeleteAdmin(CarefulAdmin):
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(TabularInline):
    """Rows of another table to look at: name `model` and `fields`."""

    extra = 0
    max_num = 0
    can_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields or ()


class LabelledInline(TabularInline):
    """Rows of another table to edit; each field says its column to who cannot see the head."""

    extra = 0

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and field.label:
            field.widget.attrs["aria-label"] = str(field.label)
        return field
