"""How often each sweep is sent, so that a lost nudge costs only seconds.

Beat sends one task, the tick. It sends those sweeps whose time has come (operations/sweeps.py),
the idle ones of a queue together.
"""

TICK_SECONDS = 2.0
# seconds after its last work in which a sweep is sent with every tick, not by its interval
BUSY_SECONDS = 20.0
TICK, ROUND = "caio_project.tick", "caio_project.run_sweeps"

# Seconds between two runs of a sweep that finds nothing.
SWEEPS = {
    "leads.process_events": 15.0,
    "leads.process_imported": 15.0,
    "leads.drain_spool": 15.0,
    "leads.push_enrichments": 15.0,
    "leads.settle_enrichments": 15.0,
    "leads.watch_vendors": 30.0,
    "leads.assess_due": 15.0,
    "leads.cool_down": 120.0,
    "leads.keep_owners": 30.0,
    "outreach.draft_due": 15.0,
    "outreach.free_blocked": 30.0,
    "outreach.look_due": 15.0,
    "outreach.ask_model": 15.0,
    "outreach.follow_up": 60.0,
    "outreach.queue_segments": 30.0,
    "outreach.send_due": 10.0,
    "outreach.recover": 15.0,
    "outreach.settle_uncertain": 15.0,
    "outreach.do_afterwards": 15.0,
    "outreach.tell_opt_outs": 15.0,
    "outreach.expire_due": 60.0,
    "outreach.watch_guardrails": 10.0,
    "outreach.work_off_inbox": 15.0,
    "outreach.clear_due": 15.0,
    "outreach.sync_ghl": 30.0,
    "approvals.tell": 15.0,
    "approvals.update_cards": 4.0,  # a card is at most 5 s behind its email
    "approvals.work_off_clicks": 15.0,
    "approvals.draw_rereadings": 60.0,
    "metrics.evaluate_gates": 60.0,
    "metrics.watch_domain": 60.0,
    "metrics.send_digests": 60.0,
    "metrics.roll_up_figures": 60.0,
    "caio_project.run_diagnosis": 60.0,
    "caio_project.import_files": 30.0,
    "caio_project.repeat_erasures": 60.0,
    "caio_project.purge_old_data": 120.0,
    "caio_project.watch_incidents": 15.0,
    "caio_project.count_set_up": 120.0,
    "caio_project.send_webhooks": 15.0,
}

# A tick that waited long for a worker is still worth its while: only ticks send sweeps.
BEAT_SCHEDULE = {TICK: {"task": TICK, "schedule": TICK_SECONDS, "options": {"expires": 60.0}}}

# Workers take from all queues unless `-Q` names some (docs/scaling.md).
DEFAULT_QUEUE = "celery"
QUEUES = {
    "inbound": (
        "leads.process_events",
        "leads.process_imported",
        "leads.push_enrichments",
        "leads.assess_due",
        "outreach.draft_due",
        "outreach.write_drafts",
    ),
    "sending": (
        "outreach.send_due",
        "outreach.look_due",
        "outreach.recover",
        "outreach.settle_uncertain",
        "outreach.do_afterwards",
    ),
}
QUEUE_OF = {task: queue for queue, tasks in QUEUES.items() for task in tasks}
