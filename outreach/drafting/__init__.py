"""Who gets an email and what it says.

`open_drafts` opens a draft for an assessed lead, `no_draft` says why a lead gets none; `drafts`
writes and holds them, `recheck` checks a stored text again, `deadlines` says when a decision is
due. `compose` fills a template with `known_fields` (`template_choice` picks it, `signing` signs).
`message_text` alone writes text, hash and priority. `follow_ups` opens the second and third email;
`manual_queue` drafts without a visit; `ab_assignment` says which side of a test an email is on.
"""
