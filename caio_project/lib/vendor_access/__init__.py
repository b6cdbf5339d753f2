"""Vendors' secrets and their sandbox: the one place that reads either (ADR 54)."""
