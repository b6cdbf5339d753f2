"""The two forms of log lines. Settings read them, so nothing of Django is imported here."""

JSON, PLAIN = "json", "plain"
FORMATS = (JSON, PLAIN)
