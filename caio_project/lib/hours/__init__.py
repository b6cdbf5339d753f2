"""When the team works."""
