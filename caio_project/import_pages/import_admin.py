"""Imports in the admin, read-only. What is said of single lines may quote a file's people."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from caio_project.import_pages.import_page import PERMISSION
from caio_project.lib.models import FileImport
from caio_project.lib.web.admin_classes import ReadOnlyAdmin
from leads.inbound import masking

READ_PERSONAL = "leads.read_inboundevent"
COUNTS = ("read", "new", "known")


@admin.register(FileImport)
class FileImportAdmin(ReadOnlyAdmin):
    """Shown to whoever may import: the table has no permission to view."""

    list_display = ("at", "kind", "by", "outcome", "progress", "counted", "wrong_lines", "ended_at")
    fields = (
        *("public_id", "kind", "options", "at", "by", "outcome", "progress", "counts", "errors"),
        *("notes", "ended_at", "attempts", "lease_until"),
    )
    readonly_fields = ("progress", "errors", "notes")
    list_filter = ("kind", "outcome")
    list_select_related = ("by",)
    ordering = ("-pk",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(PERMISSION)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(PERMISSION)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if request.user.has_perm(READ_PERSONAL):
            return self.fields
        return [name for name in self.fields if name not in ("errors", "notes")] + ["hidden_lines"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.readonly_fields, "hidden_lines")

    @admin.display(description="Done")
    def progress(self, run: FileImport) -> str:
        return f"{run.done} of {run.total}" if run.total else ""

    @admin.display(description="Read, new, known")
    def counted(self, run: FileImport) -> str:
        return ", ".join(str(run.counts.get(name, 0)) for name in COUNTS) if run.counts else ""

    @admin.display(description="Wrong lines")
    def wrong_lines(self, run: FileImport) -> int:
        return len(run.lines.get("errors", ())) + int(run.counts.get("more_errors", 0))

    @admin.display(description="Errors")
    def errors(self, run: FileImport) -> SafeString:
        whole = [("The file", run.lines["file"])] if "file" in run.lines else []
        return _as_lines(whole + _numbered(run, "errors"))

    @admin.display(description="Notes")
    def notes(self, run: FileImport) -> SafeString:
        return _as_lines(_numbered(run, "notes"))

    @admin.display(description="Errors and notes")
    def hidden_lines(self, run: FileImport) -> str:
        return masking.HIDDEN if run.lines else ""


def _numbered(run: FileImport, name: str) -> list[tuple[str, str]]:
    return [(f"Line {line}", text) for line, text in run.lines.get(name, ())]


def _as_lines(rows: list[tuple[str, str]]) -> SafeString:
    return format_html_join("", "<p>{}: {}</p>", rows)
