"""Figures: what each is, its counts of each day, and what they say of a period."""
