"""Asking Clay about a lead.

`enrichment_requests` keeps what is asked and ends a request; `clay_push` sends requests to Clay
within its limits; `clay_answers` applies callbacks; `submission_budget` counts submissions.
"""
