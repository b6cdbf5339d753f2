"""Visitors, suppressions and connections from files; contacts from GoHighLevel; the backfill."""
