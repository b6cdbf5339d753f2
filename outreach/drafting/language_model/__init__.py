"""A language model rewords a held template draft. Off until a Lead turns it on (ADR 19).

`fact_check` traces every fact of its text to a field; `token_budget` claims tokens before the call.
"""
