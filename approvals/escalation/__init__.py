"""Who is notified of what, when, by which channel."""
