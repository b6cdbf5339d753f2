"""RB2B, Clay and GoHighLevel's contacts: JSON in, dataclasses out; and what they share: breaker,
rates, tokens, alarms.
"""
