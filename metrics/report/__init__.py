"""The report for the sign-off: one page of a period, its gates and who answers for them."""
