"""Which visits and leads are one person, which names and domains are one company.

`lead_matching` and `company_matching` decide for a visit; `field_filling` fills what is unknown;
`merging` joins leads, `merge_undo` separates them; `merged_fields` decides about each field;
`merge_preview` shows both beforehand.
"""
