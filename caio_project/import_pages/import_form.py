"""The form of one kind of import: its files within bounds, and what its command asks for."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from caio_project.import_pages.import_kinds import KINDS, Files
from caio_project.lib.files import decode_file
from caio_project.lib.models import FileImport
from caio_project.lib.web.body_limits import LARGEST_UPLOAD
from leads.models import Suppression, TeamMember

MOST_LINES = 50_000
MOST_FILES = 500  # settings.DATA_UPLOAD_MAX_NUMBER_FILES is more, so that this is what refuses
SKIP_BAD = "Store the good lines even if others are wrong"
Kind = FileImport.Kind


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One file, or several where the kind takes them."""

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list) else [data]
        return [super(FilesField, self).clean(one, initial) for one in files or [None]]


class ImportForm(forms.Form):
    """Fields that the kind does not have are taken away."""

    file = FilesField(label="File", max_length=200)
    reason = forms.ChoiceField(
        label="Reason of rows without one",
        required=False,
        choices=[("", "None: every row must have one"), *Suppression.Reason.choices],
    )
    member = forms.ModelChoiceField(
        label="Whose connections",
        queryset=TeamMember.objects.order_by("name"),
        empty_label="Choose a team member",
    )
    skip_bad = forms.BooleanField(label=SKIP_BAD, required=False)

    def __init__(self, kind: Kind, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, auto_id=f"{kind}_%s")
        self.kind = kind
        self.what = KINDS[kind]
        self.contents: Files = []
        own = {Kind.SUPPRESSIONS: {"reason"}, Kind.CONNECTIONS: {"member"}}
        wanted = {"file"} | own.get(kind, {"skip_bad"})
        for name in self.fields.keys() - wanted:
            del self.fields[name]
        field = self.fields["file"]
        field.help_text = self.what.help
        given = {"accept": self.what.accept}
        if self.what.is_many:
            field.label = "Files"
            field.widget = FilesInput()
        field.widget.attrs.update(given)

    @property
    def options(self) -> dict[str, Any]:
        said = {name: one for name, one in self.cleaned_data.items() if name != "file"}
        return said | ({"member": said["member"].pk} if "member" in said else {})

    def clean_file(self) -> list[Any]:
        """Raises ValidationError, naming the file."""
        files = self.cleaned_data["file"]
        if len(files) > (most := MOST_FILES if self.what.is_many else 1):
            raise ValidationError(f"{len(files)} files are more than {most}.")
        if sum(one.size for one in files) > LARGEST_UPLOAD:
            raise ValidationError(
                f"More than {LARGEST_UPLOAD // 1_000_000} MB. Split it, or use the command."
            )
        self.contents = [(one.name, one.read()) for one in files]
        lines = sum(decode_file(raw).count("\n") for _, raw in self.contents)
        if lines > MOST_LINES:
            raise ValidationError(
                f"{lines} lines are more than {MOST_LINES}. Split it, or use the command."
            )
        return files
