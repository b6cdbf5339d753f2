"""When two visits or two leads are one person, and the way back.

`lead_matching` decides for a visit; `merging` joins and separates leads; `merged_fields` says
what each field becomes.
"""
