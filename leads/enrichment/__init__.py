"""Asking Clay about a lead: requests, callbacks, deadlines, the lifetime budget."""
