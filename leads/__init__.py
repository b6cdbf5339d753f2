"""Who visitors are, why they might care, and whether we may write to them."""
