"""Evidence that a rate is better than a bad one, at any look, from weekly counts."""
