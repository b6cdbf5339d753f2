"""The pages of leads, which need every app: list, one lead, merges, owner."""
