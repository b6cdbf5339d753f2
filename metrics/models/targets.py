"""What a Lead sets for figures: targets of months, and prices."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from caio_project.lib.db.append_only import AppendOnly


class MonthlyTarget(AppendOnly):
    """What each month is to reach, until a later row. Of rows for one month the newest stands."""

    month = models.DateField(help_text="The first day of the first month.")
    sent = models.PositiveIntegerField()
    reply_percent = models.DecimalField(max_digits=4, decimal_places=2)
    meetings = models.PositiveIntegerField()
    pipeline_value = models.PositiveBigIntegerField(help_text="In dollars.")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view",)
        permissions = [("set_targets", "Can set monthly targets and prices")]

    def __str__(self) -> str:
        return f"from {self.month:%Y-%m}: {self.sent} emails, {self.reply_percent} % replies"


class UnitPrice(AppendOnly):
    """Prices in dollars until a later row. Of rows for one day the newest stands.

    Empty: not known, so that there is no figure of costs.
    """

    starts_on = models.DateField(help_text="The first day that costs as much.")
    clay_credit = models.DecimalField(max_digits=10, decimal_places=4, null=True, blank=True)
    million_tokens = models.DecimalField(max_digits=10, decimal_places=4, null=True, blank=True)
    review_hour = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"prices from {self.starts_on}"
