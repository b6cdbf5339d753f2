"""Suppressions: who must not be emailed."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from leads import normal
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

    def clean(self) -> None:
        """Normalise the value, for another spelling would never match; refuse an invalid one."""
        forms = {self.Scope.ADDRESS: normal.clean_email, self.Scope.DOMAIN: normal.host_name}
        if (
            form := forms.get(self.Scope(self.scope)) if self.scope in self.Scope.values else None
        ) is not None:
            self.value = form(self.value)
            if not self.value:
                raise ValidationError({"value": f"It is no {self.get_scope_display().lower()}."})
