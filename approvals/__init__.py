"""What a person decided about an email, and who is asked when nobody does."""
