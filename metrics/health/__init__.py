"""Health of the sending domain: the score and its parts."""
