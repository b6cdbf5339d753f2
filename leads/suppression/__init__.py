"""Whether a lead may be emailed: one function, asked at ingest, draft, approval and sending.

`bulk` asks the same question of the database for lists.
"""
