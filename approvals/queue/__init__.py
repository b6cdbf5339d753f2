"""The review queue: what waits, in which order, and who has claimed it."""
