"""How times, lists and states of checks are said."""
