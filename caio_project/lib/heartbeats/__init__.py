"""When each sweep last ended, had work, and was sent (ADR 30)."""
