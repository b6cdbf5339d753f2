"""Which emails are for practice, and what is wrong with each."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from caio_project.lib.db.append_only import AppendOnly
from outreach.models import Message


class Fault(models.TextChoices):
    NONE = "", "No fault: good to approve"
    WRONG_NAME = "wrong_name", "Wrong name"
    PLACEHOLDER = "placeholder", "Placeholder left in"
    MISSING_FOOTER = "missing_footer", "Address and unsubscribe line missing"
    CUSTOMER = "customer", "Recipient is a customer"
    COMPETITOR = "competitor", "Recipient is a competitor"
    INVENTED_FACT = "invented_fact", "Invented fact"


class TrainingEmail(AppendOnly):
    """One email for practice and the fault that was written into it."""

    message = models.OneToOneField(Message, on_delete=models.PROTECT, related_name="training")
    fault = models.CharField(max_length=14, choices=Fault.choices, blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        permissions = [("seed_training", "Can make emails for practice")]

    def __str__(self) -> str:
        return f"{self.message}: {self.get_fault_display()}"
