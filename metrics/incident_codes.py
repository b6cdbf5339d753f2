"""Codes of incidents: causes, moves, actions, ends. Pure."""

from django.db.models import TextChoices


class Cause(TextChoices):
    """What is wrong. One incident is open for each cause and subject."""

    REDIS_DOWN = "redis_down", "Redis is down"
    SWEEPS_STOPPED = "sweeps_stopped", "Background work has stopped"
    WORK_STUCK = "work_stuck", "The queue does not move"
    FIGURES_STOPPED = "figures_stopped", "A figure is no longer computed"
    GHL_DOWN = "ghl_down", "GoHighLevel is down"
    GHL_ACCESS = "ghl_access", "GoHighLevel refuses us"
    GHL_LIMIT = "ghl_limit", "GoHighLevel's daily limit is used up"
    GHL_READING = "ghl_reading", "GoHighLevel cannot be read"
    SENDS_FAILING = "sends_failing", "Sends are failing"
    UNCERTAIN = "uncertain", "Emails with an unknown outcome"
    BOUNCES = "bounces", "Emails bounce"
    BLOCKS = "blocks", "Receivers block us"
    COMPLAINTS = "complaints", "Spam complaints"
    DOMAIN_HEALTH = "domain_health", "Domain health is low"
    AUTHENTICATION = "authentication", "SPF, DKIM or DMARC is missing"
    SILENT_SOURCE = "silent_source", "A source is silent"
    ENRICHMENT_STALLED = "enrichment_stalled", "Enrichment has stalled"
    ENRICHMENT_RATE = "enrichment_rate", "Enrichment rate is low"
    CLAY_BUDGET = "clay_budget", "Clay budget is running out"
    REPLY_RATE = "reply_rate", "Reply rate has fallen"
    APPROVAL_LATENCY = "approval_latency", "Decisions take too long"
    APPROVALS_AGEING = "approvals_ageing", "The review queue is ageing"
    TOKEN_EXPIRING = "token_expiring", "A token is about to expire"
    CLOCKS_APART = "clocks_apart", "Clocks disagree"
    SLACK = "slack", "Slack takes no messages"
    LANGUAGE_MODEL = "language_model", "The language model is not used"
    OTHER = "other", "Something needs attention"


# While one of these is open nobody is promoted.
SIGNALS = (Cause.REPLY_RATE, Cause.ENRICHMENT_RATE, Cause.APPROVAL_LATENCY)

# What explains a cause: while one of these is open, the other is part of it.
EXPLAINED_BY: dict[Cause, tuple[Cause, ...]] = {
    Cause.SWEEPS_STOPPED: (Cause.REDIS_DOWN,),
    Cause.WORK_STUCK: (Cause.REDIS_DOWN, Cause.SWEEPS_STOPPED, Cause.ENRICHMENT_STALLED),
    Cause.FIGURES_STOPPED: (
        Cause.REDIS_DOWN, Cause.SWEEPS_STOPPED, Cause.GHL_ACCESS, Cause.GHL_DOWN, Cause.GHL_LIMIT,
        Cause.GHL_READING,
    ),
    Cause.GHL_READING: (Cause.GHL_ACCESS, Cause.GHL_DOWN, Cause.GHL_LIMIT),
    Cause.GHL_DOWN: (Cause.GHL_ACCESS, Cause.GHL_LIMIT),
    Cause.SENDS_FAILING: (Cause.GHL_ACCESS, Cause.GHL_DOWN, Cause.GHL_LIMIT),
    Cause.UNCERTAIN: (Cause.GHL_ACCESS, Cause.GHL_DOWN, Cause.GHL_LIMIT),
    Cause.ENRICHMENT_RATE: (Cause.ENRICHMENT_STALLED,),
    Cause.APPROVAL_LATENCY: (Cause.APPROVALS_AGEING,),
}  # fmt: skip


class Action(TextChoices):
    """What was done by the machine when the incident opened."""

    TOLD = "told", "People were told"
    MACHINE_PAUSED = "machine_paused", "Automatic approval pauses"
    DEFERRED_TODAY = "deferred_today", "Nothing more is sent today"
    HALTED = "halted", "Sending is halted"
    DROPPED = "dropped", "Sending is halted and the phase dropped"
    DEFERRED = "deferred", "Emails wait and are tried again"
    RESTED = "rested", "Sending rests until it is over"
    FELL_BACK = "fell_back", "Work goes on without it"
    SHED_LOW = "shed_low", "LOW emails were put off"
    TEST_PROPOSED = "test_proposed", "A test was proposed"
    HELD_PROMOTION = "held_promotion", "Promotion is on hold"


class MoveKind(TextChoices):
    OPENED = "opened", "Opened"
    REOPENED = "reopened", "Opened again"
    ACTED = "acted", "Acted"
    EVIDENCE = "evidence", "New evidence"
    FOLDED = "folded", "Became part of another incident"
    UNFOLDED = "unfolded", "Stands on its own again"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    NOTED = "noted", "Note"
    RECOVERED = "recovered", "Closed by itself"
    CLEARED = "cleared", "Cleared by a person"


class ClosedAs(TextChoices):
    RECOVERED = "recovered", "It is over"
    CLEARED = "cleared", "A person cleared it"
