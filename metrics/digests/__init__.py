"""Digests: what a day or a week was, told once by Slack and by email."""
