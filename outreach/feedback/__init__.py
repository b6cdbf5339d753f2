"""What comes back: events, replies, meetings, deals, opt-outs; by webhook and by polling alike.

`apply_feedback` hands one fact to its module. `webhook_inbox` works off stored bodies, `polling`
reads.
"""
