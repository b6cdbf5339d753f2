"""What halts sending or stops automatic approval, counted on our own rows.

`guardrail_rules` are the pure rules and `guardrail_display` their words; `guardrail_counts` reads
what they need, `guardrails` acts. A new guardrail is a row in the rules and a count.
"""
