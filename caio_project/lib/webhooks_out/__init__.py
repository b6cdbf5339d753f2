"""Webhooks out: what happened here, told to other systems by the Standard Webhooks spec.

`outbox.emit` writes a row in the transaction of the change; `delivery` posts it, at least once.
Payloads hold ids, codes and numbers; a person's details are read when it is sent.
"""
