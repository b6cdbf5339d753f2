"""Quality scores that people give to emails."""

from django.conf import settings
from django.db import models
from django.db.models import Max, Q
from django.utils import timezone

from caio_project.lib.db.append_only import AppendOnly
from leads.models import Kind
from outreach.models import Message


class ScoreSource(models.TextChoices):
    DESK = "desk", "Desk"
    FILE = "file", "File"


class QualityScoreQuerySet(models.QuerySet["QualityScore"]):
    def standing(self) -> "QualityScoreQuerySet":
        """The newest score of each person for each email; earlier ones are replaced by it."""
        newest = QualityScore.objects.order_by().values("message", "by").annotate(pk_of=Max("pk"))
        return self.filter(pk__in=newest.values("pk_of"))

    def counted(self) -> "QualityScoreQuerySet":
        return self.standing().of_live_emails()

    def of_live_emails(self) -> "QualityScoreQuerySet":
        """To live leads, whatever their transport: a text is read in the sandbox as elsewhere."""
        return self.filter(message__kind=Kind.LIVE, message__lead__kind=Kind.LIVE)


def _mark() -> models.PositiveSmallIntegerField:
    return models.PositiveSmallIntegerField(help_text="1 to 5.")


def _is_mark(name: str) -> Q:
    return Q(**{f"{name}__gte": 1, f"{name}__lte": 5})


class QualityScore(AppendOnly):
    """One person's marks for one text of one email."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="scores")
    version = models.PositiveIntegerField(help_text="Of the text that was read.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    personalisation = _mark()
    subject_line = _mark()
    value_proposition = _mark()
    call_to_action = _mark()
    tone = _mark()
    source = models.CharField(max_length=4, choices=ScoreSource.choices)
    at = models.DateTimeField(default=timezone.now)

    objects = QualityScoreQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=_is_mark("personalisation")
                & _is_mark("subject_line")
                & _is_mark("value_proposition")
                & _is_mark("call_to_action")
                & _is_mark("tone"),
                name="marks_are_1_to_5",
            )
        ]
        indexes = [models.Index(fields=["message", "by"], name="score_of_person")]

    def __str__(self) -> str:
        return f"{self.message}: {self.total} of 25"

    @property
    def total(self) -> int:
        return (
            self.personalisation
            + self.subject_line
            + self.value_proposition
            + self.call_to_action
            + self.tone
        )

    @property
    def mean(self) -> float:
        return self.total / 5


class QualityComment(models.Model):
    """What a person wrote beside a score. Erasable."""

    score = models.OneToOneField(QualityScore, on_delete=models.PROTECT, related_name="comment")
    text = models.TextField()
