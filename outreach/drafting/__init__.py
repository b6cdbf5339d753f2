"""Who gets an email and what it says.

`drafts` opens, writes and holds them; `compose` fills the template; `follow_ups` opens the second
and third email; `manual_queue` drafts without a visit; `ab_assignment` says which side of a test
an email is on.
"""
