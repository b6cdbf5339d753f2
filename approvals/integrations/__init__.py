"""Slack: the client that posts notices."""
