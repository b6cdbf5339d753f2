"""The set-up for a Lead: what is connected, what proves it, secrets, and going live (ADR 54)."""
