"""Slack: its Web API, its signature, and what its errors mean."""
