"""GoHighLevel's conversations, webhooks and lists. `send_api` is the one call that sends.

Contacts, the client and its rate are in `leads.integrations`.
"""
