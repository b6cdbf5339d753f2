"""Fixed lists of codes: who is told, by which channel, and why a step of a ladder was skipped."""

from django.db.models import TextChoices


class Channel(TextChoices):
    SLACK = "slack", "Slack"
    EMAIL = "email", "Email"
    PAGE = "page", "Notices page"


class Count(TextChoices):
    """What the minutes of a step are minutes of."""

    BUSINESS = "business", "business time"
    CLOCK = "clock", "clock time"


class Who(TextChoices):
    NEXT = "next", "Next in order"
    OWNER = "owner", "The lead's owner"
    PERSON = "person", "One person"


class SkipReason(TextChoices):
    """Why nobody could be told at a step."""

    NOBODY = "nobody", "nobody is in the order of people to tell"
    ALL_AWAY = "all_away", "everybody in the order is away"
    AWAY = "away", "this person is away and has no delegate"
    DELEGATES_AWAY = "delegates_away", "this person and their delegates are away"
    CIRCLE = "circle", "the delegates of this person lead back to themselves"
    LONG_CHAIN = "long_chain", "more than three delegates would stand in for each other"
    NO_OWNER = "no_owner", "the lead has no owner"
    GONE = "gone", "this person is not on the team any more"
    NEVER_OPEN = "never_open", "the business calendar has no working hours"
