"""For each cause: what a person can do, what was done, and what ends it. Pure."""

from metrics.incident_codes import Action, Cause

NEXT: dict[Cause, str] = {
    Cause.REDIS_DOWN: "Start Redis. Work that waits is in the database and goes on by itself.",
    Cause.SWEEPS_STOPPED: "Look whether a worker runs, and at its log.",
    Cause.WORK_STUCK: "Open the diagnosis, then the worker's log.",
    Cause.FIGURES_STOPPED: "Look at the worker's log for errors of these names.",
    Cause.GHL_DOWN: "Nothing to do: it is tried again. See GoHighLevel's status page.",
    Cause.GHL_ACCESS: "Connect again (manage.py connect_ghl), or add the scope at GoHighLevel.",
    Cause.GHL_LIMIT: "It ends with GoHighLevel's day. Look what else uses this location's calls.",
    Cause.GHL_READING: "Nothing to do unless it lasts: it is read again by itself.",
    Cause.SENDS_FAILING: "Read the answers under Sent & replies.",
    Cause.UNCERTAIN: "Look for them at GoHighLevel and say so under Sent & replies.",
    Cause.BOUNCES: "Check where these addresses come from before sending more.",
    Cause.BLOCKS: "Check SPF, DKIM, DMARC and block lists before sending more.",
    Cause.COMPLAINTS: "Read the emails that were called spam.",
    Cause.DOMAIN_HEALTH: "See its sum on the phase page.",
    Cause.AUTHENTICATION: "Set the record at your DNS provider.",
    Cause.SILENT_SOURCE: "Look whether the webhook is still connected there.",
    Cause.ENRICHMENT_STALLED: "Look whether Clay's table runs and its callback is set.",
    Cause.ENRICHMENT_RATE: "Look at Clay's table: which column finds nothing?",
    Cause.CLAY_BUDGET: "Make a new webhook source in Clay and set its address.",
    Cause.REPLY_RATE: "Start the proposed test, or look at who is written to.",
    Cause.APPROVAL_LATENCY: "Decide sooner, or let more people review.",
    Cause.APPROVALS_AGEING: "Review the overdue emails first, or add a reviewer.",
    Cause.TOKEN_EXPIRING: "Make a new key, or connect GoHighLevel again, before it ends.",
    Cause.CLOCKS_APART: "Set the clock by NTP.",
    Cause.SLACK: "Open the diagnosis: it says what to set at Slack.",
    Cause.LANGUAGE_MODEL: "Nothing to do unless it lasts.",
    Cause.OTHER: "Open the diagnosis.",
}

DONE: dict[Action, str] = {
    Action.TOLD: "Your team was told; nothing else was changed.",
    Action.MACHINE_PAUSED: "Automatic approval pauses until it is over.",
    Action.DEFERRED_TODAY: "Nothing more is sent today, and automatic approval pauses.",
    Action.HALTED: "Sending is halted until a Lead resumes it.",
    Action.DROPPED: "Sending is halted, and the phase dropped.",
    Action.DEFERRED: "What needs it waits and is tried again by itself.",
    Action.RESTED: "Sending rests until it is over.",
    Action.FELL_BACK: "Work goes on without it.",
    Action.SHED_LOW: "LOW emails were put off until the next working day.",
    Action.TEST_PROPOSED: "A subject test was proposed, and promotion is on hold.",
    Action.HELD_PROMOTION: "Promotion is on hold.",
}

FELL_BACK: dict[Cause, str] = {
    Cause.ENRICHMENT_STALLED: "Leads go on with partial data.",
    Cause.CLAY_BUDGET: "Leads go on with partial data.",
    Cause.LANGUAGE_MODEL: "Templates write the emails.",
    Cause.REDIS_DOWN: "Visits are still stored, and the web process watches in the worker's place.",
}

RECOVERED: dict[Cause, str] = {
    Cause.REDIS_DOWN: "Redis answers again.",
    Cause.SWEEPS_STOPPED: "Every sweep was seen again.",
    Cause.WORK_STUCK: "What waited was worked off.",
    Cause.FIGURES_STOPPED: "It was computed again.",
    Cause.GHL_DOWN: "GoHighLevel took an email again.",
    Cause.GHL_ACCESS: "GoHighLevel answered us again.",
    Cause.GHL_LIMIT: "GoHighLevel lets us call again.",
    Cause.GHL_READING: "It was read again.",
    Cause.UNCERTAIN: "Each was settled.",
    Cause.DOMAIN_HEALTH: "The score is over its limit again.",
    Cause.AUTHENTICATION: "DNS has the record again.",
    Cause.SILENT_SOURCE: "An event came in again.",
    Cause.ENRICHMENT_STALLED: "Clay answered again.",
    Cause.ENRICHMENT_RATE: "The rate is over its threshold again.",
    Cause.CLAY_BUDGET: "The webhook source has submissions left.",
    Cause.REPLY_RATE: "People answer as before.",
    Cause.APPROVAL_LATENCY: "Decisions are fast enough again.",
    Cause.APPROVALS_AGEING: "Fewer than half of what waits are overdue.",
    Cause.TOKEN_EXPIRING: "It was renewed, is not used, or has ended.",
    Cause.CLOCKS_APART: "The clocks agree again.",
    Cause.SLACK: "Slack took a message again.",
    Cause.LANGUAGE_MODEL: "The language model answers again.",
}
