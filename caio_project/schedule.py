"""Beat's schedule. Every stage is swept, so that a lost nudge costs only seconds."""

from django.conf import settings

QUICK_SECONDS = 1.0 if settings.EMBEDDED else 2.0  # embedded has no broker to wake it

SWEEPS = {
    "caio_project.tick": 5.0,
    "leads.process_events": QUICK_SECONDS,
    "leads.drain_spool": 5.0,
    "leads.push_enrichments": QUICK_SECONDS,
    "leads.settle_enrichments": 2.0,
    "leads.watch_vendors": 30.0,
    "leads.assess_due": QUICK_SECONDS,
    "leads.cool_down": 120.0,
    "leads.keep_owners": 30.0,
    "outreach.draft_due": QUICK_SECONDS,
    "outreach.free_blocked": 30.0,
    "outreach.look_due": 5.0,
    "outreach.ask_model": 2.0,
    "outreach.follow_up": 60.0,
    "outreach.send_due": 2.0,
    "outreach.recover": 15.0,
    "outreach.settle_uncertain": 5.0,
    "outreach.do_afterwards": 5.0,
    "outreach.tell_opt_outs": 5.0,
    "outreach.expire_due": 60.0,
    "outreach.watch_guardrails": 10.0,
    "outreach.work_off_inbox": QUICK_SECONDS,
    "outreach.clear_due": 2.0,
    "outreach.sync_ghl": 30.0,
    "approvals.tell": 10.0,
    "metrics.evaluate_gates": 60.0,
    "metrics.watch_domain": 60.0,
}

BEAT_SCHEDULE = {
    name: {"task": name, "schedule": every, "options": {"expires": max(10.0, every * 3)}}
    for name, every in SWEEPS.items()
}
