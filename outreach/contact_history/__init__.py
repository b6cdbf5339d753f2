"""Earlier contact with a person or a company, from our rows and from GoHighLevel. Reads only.

`previous_emails` knows what we wrote and they answered, `contact_matching` finds the lead behind an
address or a vendor's id, `ghl_check` and `ghl_findings` say what GoHighLevel showed.
"""
