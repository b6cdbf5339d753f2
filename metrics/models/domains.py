"""The health of each sending domain by day, and what receivers report of it by DMARC."""

from django.db import models
from django.utils import timezone

from caio_project.lib.db.append_only import AppendOnly
from outreach.choices import Record
from outreach.guardrails.guardrail_rules import DNS_RECORDS


class DomainDay(models.Model):
    """A sending domain on one day of the team: the lowest score and the sum that made it.

    It changes until the day is over.
    """

    domain = models.CharField(max_length=253)
    day = models.DateField()
    score = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="0-100, the day's lowest; empty: too few emails to say."
    )
    window = models.PositiveSmallIntegerField(default=0, help_text="Days that the sum is of.")
    parts = models.JSONField(default=list, help_text="Terms of the sum: code, points, said.")
    counts = models.JSONField(default=list, help_text="What became of the emails, by window.")
    spf = models.CharField(max_length=8, choices=Record.choices, blank=True, default="")
    dkim = models.CharField(max_length=8, choices=Record.choices, blank=True, default="")
    dmarc = models.CharField(max_length=8, choices=Record.choices, blank=True, default="")
    dns = models.JSONField(default=dict, help_text="What DNS said last: findings and facts.")
    version = models.CharField(max_length=10, blank=True, default="")
    verdicts = models.PositiveSmallIntegerField(default=0)
    measured_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["domain", "day"], name="one_row_a_day")]
        ordering = ["-day", "domain"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.domain} {self.day}: {'–' if self.score is None else self.score}"

    @property
    def is_dns_known(self) -> bool:
        return all(getattr(self, name) not in ("", Record.UNKNOWN) for name in DNS_RECORDS)


class DmarcReport(AppendOnly):
    """An aggregate report of one receiver about mail that claims to be from a domain."""

    organisation = models.CharField(max_length=200, help_text="Who reports.")
    report_id = models.CharField(max_length=300)
    domain = models.CharField(max_length=253, help_text="The domain of the policy.")
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    messages = models.PositiveBigIntegerField()
    policy = models.JSONField(default=dict, help_text="The policy as the receiver found it.")
    imported_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "report_id"], name="report_once")
        ]
        indexes = [models.Index(fields=["domain", "-ends_at"], name="report_newest")]
        ordering = ["-ends_at"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.organisation}: {self.domain}, {self.ends_at:%Y-%m-%d}"


class DmarcSource(AppendOnly):
    """Emails from one address in a report, and whether they were aligned with the domain."""

    report = models.ForeignKey(DmarcReport, on_delete=models.PROTECT, related_name="sources")
    address = models.GenericIPAddressField()
    organisation = models.CharField(
        max_length=253, blank=True, help_text="By its name in DNS, or by what it signs as."
    )
    messages = models.PositiveBigIntegerField()
    dkim = models.BooleanField(help_text="Aligned by DKIM.")
    spf = models.BooleanField(help_text="Aligned by SPF.")
    disposition = models.CharField(max_length=12, blank=True)
    header_from = models.CharField(max_length=253, blank=True)

    class Meta:
        ordering = ["-messages"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.address}: {self.messages}"
