"""API of emails, phase, forecast and experiments."""
