"""The only place that sends: at most once, inside every limit, checked again at the last second.

`send` moves an email through; `final_checks` asks our rows and `ghl_contact` GoHighLevel;
`send_slots` claims the slot and commits the intent before the call; `uncertain` settles what may
have left.
"""
