"""What mends each thing that the diagnosis finds wrong: a command, a page, or a setting."""

START = "make run, or start the processes of Procfile (docs/linux.md, docs/railway.md)"
REPLAY = "manage.py replay_events --parked --dry-run, then without --dry-run"
QUEUE = "/sales/queue"
# By the name of the finding; a name that begins so has no line of its own.
MENDS = {
    "database": "DATABASE_URL, and manage.py migrate",
    "beat": START,
    "worker": START,
    "release": "deploy the same commit to every part; manage.py verify_deployment URL",
    "settings": "the setting that is named; manage.py check",
    "sweeps": START,
    "broker": "REDIS_URL, and the Redis behind it; work goes on by the sweeps meanwhile",
    "intent monitor": "the switch intent_monitor in the admin, and INTENT_MONITOR_ENABLED=true",
    "visits": REPLAY,
    "leads": "manage.py diagnose_pipeline --test-visitor shows where one stops",
    "enriched": "manage.py backfill_enrichment --limit 50",
    "drafted": "manage.py diagnose_pipeline --test-visitor shows where one stops",
    "waiting": QUEUE,
    "in the queue": QUEUE,
    "cleared": QUEUE,
    "approved": QUEUE,
    "sent": "/sales/sent, where each says why it has not left",
    "replies": "manage.py sync_ghl",
    "meetings": "GHL_CALENDAR_ID, and manage.py sync_ghl",
    "reading": "manage.py sync_ghl; where the token is refused manage.py connect_ghl",
    "spool": "SPOOL_DIR must be writable; what is set aside there is named in the alarm",
    "parked events": REPLAY,
    "answers of Clay about nobody": REPLAY,
    "drafts blocked by us": "the setting or template that is named; drafts follow by themselves",
    "other blocked drafts": QUEUE,
    "uncertain emails": "/sales/sent",
    "sending domain": "GHL_FROM_EMAIL",
    "domain": "publish the record that /sales/phase/domain shows; manage.py warm_up",
    "List-Unsubscribe": "Settings, Email services at GoHighLevel",
    "templates": "/sales/templates, or manage.py migrate for the starting set",
    "language model": "LLM_BASE_URL, LLM_API_KEY and LLM_MODEL, or the switch language_model",
    "Clay": "look at Clay's table; the breaker closes with its next answer by itself",
    "Slack": "docs/slack.md",
    "webhooks out": "/sales/settings/webhooks, or manage.py webhook_endpoint list",
    "alarms": "docs/operations.md says of each what to do",
    "sending": "manage.py resume_sending --as USER --reason …",
    "Python": "take a newer Python 3.11",
    "proxies": "TRUSTED_PROXY_COUNT",
}


def mend_of(name: str) -> str:
    if name in MENDS:
        return MENDS[name]
    return next((how for start, how in MENDS.items() if name.startswith(f"{start} ")), "")
