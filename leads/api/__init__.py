"""The API of leads: visitors in, leads, visits, companies and suppressions."""
