"""Whose a lead is: by hand, by GoHighLevel, by rule, by default, in this order (ADR 18)."""
