"""What comes in: stored first, acknowledged, processed later, parked with a reason, replayed.

`receive` stores within three seconds, `spool` keeps bodies while the database is away, `events`
processes them. `parked` has the codes of reasons and their next steps; `old_reasons` reads the
sentences of rows from before the codes.
"""
