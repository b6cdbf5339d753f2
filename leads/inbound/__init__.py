"""What comes in: stored first, answered, worked off later, parked with a reason, replayed.

`receive` stores within three seconds, `spool` keeps bodies while the database is away, `events`
works them off, `parked` says what to do about those that cannot be.
"""
