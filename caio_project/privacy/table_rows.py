"""Erases rows as the places of their fields say, and cleans texts about other people."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from approvals.models import Notice
from caio_project.lib.db.append_only import AppendOnly
from caio_project.privacy import field_places
from caio_project.privacy.field_places import BLANK, DELETE, FREE, PERSONAL, TablePlaces
from caio_project.privacy.marks import names_marked, replace_marked
from leads import normal
from leads.models import KnownContact, Lead, Merge, Suppression
from leads.suppression import suppression
from outreach.choices import Phase

CHUNK = 500
# A lead with a marked address is that person; the others have work of their own.
CLEANED_ELSEWHERE = ("leads.Lead", "leads.Suppression")
MARKED_TEXT = ("@", "linkedin.com")  # one of these stands in every text that names somebody marked


def rows_about(places: TablePlaces, pks: list[int]) -> QuerySet[Any]:
    """Rows of one table about these leads, merged leads included."""
    wanted = Q(pk__in=[])
    for lookup in places.person:
        wanted |= Q(**{f"{lookup}__in": pks})
    return all_rows(places.model).filter(wanted)


def all_rows(model: Any) -> QuerySet[Any]:
    return models.QuerySet(model).order_by("pk")  # a default manager may leave rows out


def erase_rows(leads: list[Lead]) -> Counter[str]:
    """Erase every row about these leads; call it in a transaction in which they are locked."""
    pks = [lead.pk for lead in leads]
    counts: Counter[str] = Counter()
    counts["admin.LogEntry"] = _blank_admin_log(pks)
    counts["leads.KnownContact"] = KnownContact.objects.filter(contacts_who_are(leads)).delete()[0]
    _close_notices_and_proposals(pks)
    for places in field_places.tables_about_people():
        if places.erase in (BLANK, DELETE):
            counts[places.label] += _erase_table(places, pks)
    return +counts


def _erase_table(places: TablePlaces, pks: list[int]) -> int:
    keys = list(rows_about(places, pks).values_list("pk", flat=True))
    rows = all_rows(places.model).filter(pk__in=keys)
    if places.erase == DELETE:
        rows.delete()
        return len(keys)
    values = blank_values(places)
    if places.label == "leads.Lead":
        values["address"] = Lead.Address.NONE
    if places.label == "outreach.Message":
        return _blank_messages(rows, values)
    return rows.exclude(_holds(values)).update(**values) if values else 0


def _holds(values: dict[str, Any]) -> Q:
    return Q(
        **{
            name if value is not None else f"{name}__isnull": True if value is None else value
            for name, value in values.items()
        }
    )


def _blank_messages(rows: QuerySet[Any], values: dict[str, Any]) -> int:
    """Of the machines' verdicts only yes and no stay, by which agreement is counted."""
    changed = 0
    for row in rows.only("pk", *values):
        kept = {
            phase: {"machine_approves": one.get("machine_approves", False), "reasons": []}
            for phase, one in row.verdicts.items()
            if phase in Phase.values
        }
        wanted = {**values, "verdicts": kept}
        if any(getattr(row, name) != value for name, value in wanted.items()):
            changed += type(row).objects.filter(pk=row.pk).update(**wanted)
    return changed


def blank_values(places: TablePlaces) -> dict[str, Any]:
    fields = {field.name: field for field in places.model._meta.concrete_fields}
    return {name: _blank_value(fields[name]) for name in places.named(PERSONAL)}


def _blank_value(field: Any) -> Any:
    if field.null:
        return None
    if isinstance(field, models.BinaryField):
        return b""
    return (
        field.get_default() if isinstance(field, models.JSONField | models.BigIntegerField) else ""
    )


def _close_notices_and_proposals(pks: list[int]) -> None:
    """Nobody is told of an erased person any more, nor asked whether they are somebody else."""
    now = timezone.now()
    about = Q(message__lead__in=pks) | Q(reply__lead__in=pks) | Q(note__message__lead__in=pks)
    waiting = list(Notice.objects.filter(about, told_at=None).values_list("pk", flat=True))
    Notice.objects.filter(pk__in=waiting).update(
        told_at=now, channel=Notice.Channel.PAGE, lease_until=None
    )
    open_merges = Merge.objects.filter(Q(survivor__in=pks) | Q(loser__in=pks))
    open_merges.filter(state=Merge.State.PROPOSED).update(state=Merge.State.DECLINED, ended_at=now)


def hash_suppressions(leads: list[Lead], marks: set[str]) -> int:
    """Stops of an address of theirs become stops of its mark, for the same reason."""
    survivor = next((lead for lead in leads if lead.merged_into_id is None), None)
    known = {one for lead in leads for one in (lead.email, lead.personal_email) if one}
    stops = Suppression.objects.filter(scope=Suppression.Scope.ADDRESS)
    found = Q(lead__in=leads) | Q(value__in=known)
    changed = 0
    for row in stops.filter(found) | stops.filter(pk__in=_marked_stops(marks)):
        changed += _hash_one(row, survivor)
    return changed


def _marked_stops(marks: set[str]) -> list[int]:
    rows = Suppression.objects.filter(scope=Suppression.Scope.ADDRESS)
    return [
        pk
        for pk, value in rows.values_list("pk", "value").iterator(chunk_size=CHUNK)
        if names_marked(value, marks)
    ]


def _hash_one(row: Suppression, survivor: Lead | None) -> bool:
    value, scope = suppression.erased_hash(row.value), Suppression.Scope.ADDRESS_HASH
    same = Suppression.objects.filter(scope=scope, value=value, reason=row.reason)
    if same.exists():
        # Of two rows for one mark the one that GoHighLevel was told of points here; it goes along.
        value = suppression.erased_hash(f"{row.value}:{row.pk}")
    return bool(
        Suppression.objects.filter(pk=row.pk).update(
            scope=scope, value=value, lead=survivor or row.lead
        )
    )


def contacts_who_are(leads: list[Lead]) -> Q:
    """The team's contacts who are these people: by address, profile, or name and company."""
    wanted = Q(pk=None)
    for lead in leads:
        addresses = [one for one in (lead.email, lead.personal_email) if one]
        wanted |= Q(email__in=addresses)
        wanted |= Q(linkedin_key=lead.linkedin_key) if lead.linkedin_key else Q(pk=None)
        name, company = normal.person_key(lead.name), lead.company
        if company is not None and " " in name:
            at = Q(domain=company.domain) if company.domain else Q(pk=None)
            at |= Q(company_key=company.name_key) if company.name_key else Q(pk=None)
            wanted |= Q(name_key=name) & at
    return wanted


def _blank_admin_log(pks: list[int]) -> int:
    """What the admin's history calls rows about them."""
    changed = 0
    for places in field_places.tables_about_people():
        keys = [str(pk) for pk in rows_about(places, pks).values_list("pk", flat=True)]
        kind = ContentType.objects.get_for_model(places.model)
        entries = LogEntry.objects.filter(content_type=kind, object_id__in=keys)
        changed += entries.exclude(object_repr="", change_message="").update(
            object_repr="", change_message=""
        )
    return changed


def clean_other_texts(marks: set[str]) -> Counter[str]:
    """Replace addresses and profiles of `marks` in texts about other people, and delete the team's
    contacts who have one. Reads every text in which an address stands.
    """
    counts: Counter[str] = Counter()
    for places in field_places.all_places().values():
        if issubclass(places.model, AppendOnly):
            continue
        for name in places.text_fields(PERSONAL, FREE):
            counts[places.label] += _clean_column(places, name, marks)
    return +counts


def _clean_column(places: TablePlaces, name: str, marks: set[str]) -> int:
    field = places.model._meta.get_field(name)
    if isinstance(field, models.BinaryField) or places.label in CLEANED_ELSEWHERE:
        return 0
    changed = 0
    for pk, value, text in list(_texts_with_addresses(places.model, name)):
        if not names_marked(text, marks):
            continue
        row = all_rows(places.model).filter(pk=pk)
        if places.label == "leads.KnownContact":
            changed += row.delete()[0]
        else:
            cleaned = _cleaned(value, marks)
            changed += row.update(**{name: cleaned or _blank_value(field)})
    return changed


def _texts_with_addresses(model: Any, name: str) -> Iterator[tuple[Any, Any, str]]:
    rows = all_rows(model).annotate(as_text=Cast(name, TextField()))
    marked = Q()
    for sign in MARKED_TEXT:
        marked |= Q(as_text__contains=sign)
    yield from rows.filter(marked).values_list("pk", name, "as_text").iterator(chunk_size=CHUNK)


def _cleaned(value: Any, marks: set[str]) -> Any:
    if isinstance(value, str):
        return replace_marked(value, marks)
    if isinstance(value, list):
        return [_cleaned(one, marks) for one in value]
    if isinstance(value, dict):
        return {replace_marked(key, marks): _cleaned(one, marks) for key, one in value.items()}
    return value
