"""Blind re-reading of what the machine approved: the draw, the reading, the override rate."""
