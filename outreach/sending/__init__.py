"""The only place that sends: at most once, within every limit, after a last check.

`send` takes one email through all steps; `final_checks` reads our rows and `ghl_contact`
GoHighLevel; `send_slots` claims the slot and commits the intent before the call; `uncertain`
settles emails whose call has an unknown outcome. `stops` are the exceptions that end a try,
`stop_texts` their sentences.
"""
