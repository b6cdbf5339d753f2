"""How times and states of checks are said."""
