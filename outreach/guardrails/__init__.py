"""What halts sending or stops automatic approval, counted on our own rows.

`guardrail_rules` is the pure table; a new guardrail is a row there and a count in `guardrails`.
"""
