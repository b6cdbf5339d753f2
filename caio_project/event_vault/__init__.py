"""The admin's vault of inbound events: search, masking by role, replay."""
