"""Where people are signed in: kept as rows, listed, ended."""
