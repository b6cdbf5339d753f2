"""Suppressions: who must not be emailed."""

import re

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from leads import normal
from leads.field_values import stop_entries
from leads.field_values.stop_entries import RefusedEntry
from leads.models.people import Lead


class Suppression(models.Model):
    """An address, domain or person that must not be emailed. A merge never lifts one."""

    class Scope(models.TextChoices):
        ADDRESS = "address", "Address"
        DOMAIN = "domain", "Domain"
        PERSON = "person", "Person"
        ADDRESS_HASH = "address_hash", "Erased address"

    class Reason(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
        BOUNCED = "bounced", "Hard bounce"
        COMPLAINED = "complained", "Complained of spam"
        INVALID = "invalid", "Invalid address"
        CUSTOMER = "customer", "Customer"
        COMPETITOR = "competitor", "Competitor"
        OWN_DOMAIN = "own_domain", "Our own domain"
        PERSONAL = "personal", "Personal mailbox"
        ROLE = "role", "Role mailbox"
        DISPOSABLE = "disposable", "Disposable mailbox"
        ERASED = "erased", "Erased person"
        MANUAL = "manual", "By hand"
        GONE = "gone", "No longer there"
        STOP_UNSURE = "stop_unsure", "May have asked to stop: a person decides"

    note_text = ""  # what a spelling was taken for, since `clean`

    scope = models.CharField(max_length=14, choices=Scope.choices)
    value = models.CharField(
        max_length=254, help_text="Normalised address, domain, lead id or hash."
    )
    reason = models.CharField(max_length=14, choices=Reason.choices)
    source = models.CharField(max_length=40, help_text="Who or what said so.")
    lead = models.ForeignKey(
        Lead, null=True, blank=True, on_delete=models.SET_NULL, related_name="suppressions"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "value", "reason"], name="suppression_once")
        ]

    def __str__(self) -> str:
        return f"{self.value}: {self.get_reason_display()}"

    @classmethod
    def marks_erased(cls, *identifiers: str) -> bool:
        """Whether one of these normalised addresses or LinkedIn keys is marked as erased; also by
        the mailbox of an address with a plus.
        """
        known = {one for one in identifiers if one}
        known |= {normal.mailbox_address(one) for one in known if "@" in one}
        marks = [normal.erased_hash(one) for one in known]
        rows = cls.objects.filter(scope=cls.Scope.ADDRESS_HASH, reason=cls.Reason.ERASED)
        return bool(marks) and rows.filter(value__in=marks).exists()

    def clean(self) -> None:
        """Normalise the value; refuse one that could never match."""
        if self.scope == self.Scope.PERSON:
            if not (self.value.isdecimal() and Lead.rows.filter(pk=int(self.value)).exists()):
                raise ValidationError({"value": f"There is no lead with the id “{self.value}”."})
        elif self.scope == self.Scope.ADDRESS_HASH:
            if not re.fullmatch(r"[0-9a-f]{64}", self.value):
                also = " It is an address: choose Address." if "@" in self.value else ""
                raise ValidationError({"value": f"It is not the hash of an erased address.{also}"})
        elif self.scope in self.Scope.values:
            self._clean_entry()

    def _clean_entry(self) -> None:
        try:
            entry = stop_entries.read_entry(self.value)
        except RefusedEntry as error:
            raise ValidationError({"value": str(error)}) from error
        if entry.scope != self.scope:
            label = self.Scope(entry.scope).label
            raise ValidationError({"value": f"“{self.value}” is one for the scope {label}."})
        if entry.scope == self.Scope.ADDRESS and self.marks_erased(entry.value):
            raise ValidationError({"value": "This person was erased: a mark stops them already."})
        self.value, self.note_text = entry.value, entry.note_text
