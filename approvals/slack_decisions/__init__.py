"""Emails decided in Slack: cards, the clicks on them, and the digest of what waits."""
